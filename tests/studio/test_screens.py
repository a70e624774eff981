"""The studio's screens beside the editor: signing in, templates, new ones, preview, versions."""

import json
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.studio.editor_page import PreviewLog
from tests.studio.screen_pages import (
    KEPT,
    data_uri_bytes,
    new_document,
    open_screen,
    picture_at,
    preview_with,
    publish,
    store_draft,
)
from tests.studio.studio import Studio

TEMPLATES = ("tmpl_a1b2c3d4e5", "discount-coupon")


def draft_text(studio: Studio, template_id: str) -> str:
    response = studio.call("GET", f"/v1/templates/{template_id}/draft/document")
    assert response.status_code == 200, response.text
    return response.text


def card(page: Page, name: str) -> Any:
    return page.locator(".tile", has=page.get_by_role("heading", name=name, exact=True))


def choose(page: Page, name: str, action: str) -> None:
    card(page, name).get_by_role("button", name=f"More for {name}").click()
    page.locator(".menu:popover-open").get_by_text(action, exact=True).click()


# --- signing in


def test_a_pasted_invitation_link_signs_in(studio: Studio) -> None:
    page = studio.new_page()
    page.goto(f"{studio.url}/studio/t/discount-coupon/preview")
    page.get_by_label("Invitation link").fill("https://example.com/")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Invitation link")).to_have_attribute("aria-invalid", "true")
    link = studio.invitation("Paula")
    page.get_by_label("Invitation link").fill(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.get_by_text("Paula", exact=True)).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_a_used_link_says_so_in_the_service_s_words(studio: Studio) -> None:
    link = studio.invitation()
    first = studio.new_page()
    first.goto(link)
    expect(first.get_by_role("heading", name="Templates")).to_be_visible()
    studio.recorder.allow_status(401)
    page = studio.new_page()
    page.goto(f"{studio.url}/studio")
    page.get_by_label("Invitation link").fill(link)
    with page.expect_response("**/v1/sessions") as refused:
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text(refused.value.json()["detail"])
    expect(page.get_by_text("postcard studio invite")).to_be_visible()


def test_a_session_that_ended_is_told_and_another_link_goes_on(studio: Studio) -> None:
    page = studio.sign_in("Short")
    key = json.loads(page.evaluate(f"sessionStorage.getItem('{KEPT}')"))["key"]
    ended = studio.call("DELETE", "/v1/sessions/current", Authorization=f"Bearer {key}")
    assert ended.status_code == 204
    studio.recorder.allow_status(401)
    page.reload()
    expect(page.get_by_text("Your session ended.")).to_be_visible()
    page.goto(studio.invitation("Short"))
    expect(card(page, "Discount coupon")).to_be_visible()


def test_a_browser_without_what_the_page_needs_is_told_so(studio: Studio) -> None:
    page = studio.new_page()
    page.add_init_script("delete HTMLElement.prototype.popover; delete window.trustedTypes")
    page.goto(studio.invitation())
    expect(page.get_by_role("heading", name="This browser is too old")).to_be_visible()
    expect(page.get_by_text("Your templates and drafts are safe.")).to_be_visible()


# --- templates


def test_drafts_in_view_are_drawn_with_their_examples_a_few_at_a_time(studio: Studio) -> None:
    fields = {"first_name": {"max_length": 12, "example": "Zoë", "open": True}}
    for number in range(12):
        store_draft(studio, f"drawn-{number}", new_document(name=f"Drawn {number}", fields=fields))
    page = open_screen(studio, "/new", viewport={"width": 390, "height": 500})
    asked = PreviewLog(page)
    page.goto(f"{studio.url}/studio")
    page.get_by_role("searchbox").fill("Drawn")
    expect(card(page, "Drawn 0").locator("img")).to_be_visible()
    page.wait_for_timeout(500)
    in_view = len(asked.bodies)
    assert 0 < in_view < 8 and asked.most_at_once <= 2
    body = asked.bodies[0]
    assert (body["base"], body["width"], body["findings"]) == ("examples", 120, False)
    expect(card(page, "Drawn 9").locator("img")).to_have_count(0)
    card(page, "Drawn 9").scroll_into_view_if_needed()
    expect(card(page, "Drawn 9").locator("img")).to_have_js_property("naturalWidth", 120)
    page.get_by_role("heading", name="Templates").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    seen = len(asked.bodies)
    page.get_by_role("link", name="New template").click()
    expect(page.get_by_role("heading", name="New template")).to_be_visible()
    page.go_back()
    expect(card(page, "Drawn 0").locator("img")).to_be_visible()
    assert len(asked.bodies) == seen, "a draft that did not change is drawn once"
    for number in range(12):
        studio.call("DELETE", f"/v1/templates/drawn-{number}/draft")


def test_a_draft_that_cannot_be_drawn_has_an_outline(studio: Studio) -> None:
    studio.recorder.allow_status(400, path="/v1/previews")
    store_draft(studio, "undrawn", new_document(name="Undrawn", widht=3))
    page = open_screen(studio)
    with page.expect_response("**/v1/previews") as refused:
        card(page, "Undrawn").scroll_into_view_if_needed()
    assert refused.value.status == 400
    expect(card(page, "Undrawn").locator(".no-picture")).to_be_visible()
    assert studio.call("DELETE", "/v1/templates/undrawn/draft").status_code == 204


@pytest.mark.quick
def test_templates_are_shown_by_their_links_pictures_and_found_by_name(studio: Studio) -> None:
    page = open_screen(studio)
    picture = card(page, "Discount coupon").locator("img")
    expect(picture).to_be_visible()
    address = urlsplit(str(picture.get_attribute("src")))
    assert address.path == "/r/discount-coupon.webp" and "_w=320" in address.query
    page.get_by_label("Search templates").fill("DISCOUNT C")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_label("Search templates").fill("nothing like it")
    expect(page.get_by_text("No template is called “nothing like it”.")).to_be_visible()


def test_a_duplicate_is_a_draft_with_the_same_bytes_but_its_name(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    coupon = studio.call("GET", "/v1/templates/discount-coupon/document").text
    page = open_screen(studio)
    choose(page, "Discount coupon", "Duplicate")
    page.get_by_label("Name").fill("Coupon for spring")
    page.get_by_role("dialog").get_by_role("button", name="Duplicate").click()
    page.wait_for_url("**/studio/t/coupon-for-spring")
    expected = coupon.replace('"Discount coupon"', '"Coupon for spring"', 1)
    assert draft_text(studio, "coupon-for-spring") == expected
    page.goto(f"{studio.url}/studio")
    expect(card(page, "Coupon for spring").get_by_text("Not published")).to_be_visible()
    expect(card(page, "Coupon for spring").get_by_text("Draft", exact=True)).to_be_visible()


def test_a_template_is_deleted_only_by_its_typed_name(studio: Studio) -> None:
    publish(studio, "to-delete", new_document(name="Old <b>one</b>"))
    page = open_screen(studio)
    choose(page, "Old <b>one</b>", "Delete…")
    button = page.get_by_role("dialog").get_by_role("button", name="Delete")
    expect(button).to_be_disabled()
    page.get_by_label("Type Old <b>one</b> to delete it").fill("Old one")
    expect(button).to_be_disabled()
    page.get_by_label("Type Old <b>one</b> to delete it").fill("Old <b>one</b>")
    button.click()
    expect(card(page, "Old <b>one</b>")).to_have_count(0)
    assert studio.call("GET", "/v1/templates/to-delete").status_code == 410


def test_an_invitation_for_one_template_reaches_no_other(studio: Studio) -> None:
    confined = {"templates": ["discount-coupon"]}
    page = open_screen(studio, invitation=confined)
    expect(page.locator(".tile")).to_have_count(1)
    expect(card(page, "Discount coupon")).to_be_visible()
    studio.recorder.allow_status(403)
    for screen in ("", "/preview", "/versions"):
        page = open_screen(studio, f"/t/tmpl_a1b2c3d4e5{screen}", invitation=confined)
        expect(page.get_by_text("not valid for the template")).to_be_visible()
        expect(page.locator("img")).to_have_count(0)


# --- new templates


@pytest.mark.quick
def test_an_empty_template_of_a_preset_size_opens_in_the_editor(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    page = open_screen(studio, "/new")
    page.get_by_role("button", name="Banner").click()
    page.get_by_label("Name").fill("Spring banner")
    expect(page.get_by_label("Id")).to_have_value("spring-banner")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/studio/t/spring-banner")
    made = json.loads(draft_text(studio, "spring-banner"))
    assert (made["name"], made["width"], made["height"]) == ("Spring banner", 600, 200)


def test_a_taken_id_is_refused_and_one_that_nobody_typed_gets_a_number(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    page = open_screen(studio, "/new")
    page.get_by_role("button", name="Square").click()
    page.get_by_label("Id").fill("discount-coupon")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("There is a template “discount-coupon” already")).to_be_visible()
    page.get_by_label("Id").fill("Not an id")
    expect(page.get_by_role("button", name="Create")).to_be_disabled()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Square").click()
    page.get_by_label("Name").fill("Discount coupon")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/studio/t/discount-coupon-2")


def test_a_document_that_is_pasted_keeps_its_bytes(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    page = open_screen(studio, "/new")
    page.get_by_role("button", name="Paste or open JSON").click()
    page.get_by_label("Template document").fill('{"name": ')
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("That is not JSON")).to_be_visible()
    text = '{ "name":"Pasted",\n\t"width": 90, "height":40,"layers":[ ] }'
    page.get_by_label("Template document").fill(text)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Name")).to_have_value("Pasted")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/studio/t/pasted")
    assert draft_text(studio, "pasted") == text


def test_a_design_becomes_a_draft_with_its_pictures(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    page = open_screen(studio, "/new")
    design = studio.call("GET", "/v1/designs").json()["items"][0]
    page.get_by_role("button", name=f"Use {design['name']}").click()
    page.get_by_label("Name").fill("From a design")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/studio/t/from-a-design")
    made = json.loads(draft_text(studio, "from-a-design"))
    assert (made["name"], made["width"]) == ("From a design", design["width"])
    expect(page.locator(".status-bar.exact")).to_be_visible()


def test_a_link_to_a_design_asks_for_the_name_at_once(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    design = studio.call("GET", "/v1/designs").json()["items"][1]
    page = open_screen(studio, f"/new?design={design['id']}")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_have_value(design["name"])
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("button", name=f"Use {design['name']}")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


# --- preview


def test_the_preview_is_drawn_for_programs_people_and_without_pictures(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of a template without a draft
    page = open_screen(studio, "/t/tmpl_a1b2c3d4e5/preview")
    frames = page.locator(".mail-frame")
    expect(frames).to_have_count(2)
    expect(frames.locator("img.mail-picture").first).to_be_visible()
    expect(page.get_by_text("PNG ·")).to_contain_text("1200 × 630 pixels")
    clients = studio.call("GET", "/v1/dark-clients").json()["items"]
    programs = page.get_by_label("Mail program").locator("option")
    expect(programs).to_have_text([client["name"] for client in clients])
    page.get_by_label("Mail program").select_option("Outlook for Windows")
    page.get_by_role("radio", name="Dark").check()
    expect(page.locator(".mail").first).to_have_css("background-color", "rgb(38, 38, 38)")
    with page.expect_response(preview_with(describe=True, base="defaults")) as drawn:
        page.get_by_label("Values of").select_option("Nothing known")
    assert drawn.value.json()["alt"] in page.locator(".alt-text p").inner_text()
    page.get_by_role("radio", name="Off").check()
    expect(frames.locator("img")).to_have_count(0)
    expect(frames.first).to_contain_text(drawn.value.json()["alt"])


def test_the_preview_s_picture_is_that_of_the_link(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of a template without a draft
    version = publish(studio, "exact", new_document())
    page = open_screen(studio, "/t/exact/preview")
    for extension in ("jpg", "webp", "avif", "png"):
        with page.expect_response(preview_with(format=extension, quality=None)) as drawn:
            page.get_by_label("Format").select_option(extension.upper())
        request = {"template_id": "exact", "template_version": version, "dpr": 2}
        link = studio.call("POST", "/v1/links", {**request, "format": extension}).json()["url"]
        assert data_uri_bytes(drawn.value.json()["image"]) == picture_at(studio, link)


COUNTDOWN = {
    "width": 200,
    "height": 60,
    "format": "png",
    "layers": [{"type": "text", "width": 200, "text": "{{ countdown.days }} days", "size": 24}],
}


def test_a_countdown_at_a_chosen_clock_is_the_link_s_picture_at_that_time(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of a template without a draft
    # Three days on, a countdown shows what one that ends three days earlier shows now.
    now = parsedate_to_datetime(studio.call("GET", "/v1/health").headers["Date"])
    for template_id, days in (("late", 9), ("early", 6)):
        end = now + timedelta(days=days, hours=12)
        countdown = {"to": f"{end:%Y-%m-%dT%H:%M}Z"}
        publish(studio, template_id, {**COUNTDOWN, "name": template_id, "countdown": countdown})
    link = studio.call("POST", "/v1/links", {"template_id": "early", "dpr": 2}).json()["url"]
    served = picture_at(studio, link)
    page = open_screen(studio, "/t/late/preview")
    slider = page.get_by_label("When the mail is opened")
    expect(slider).to_be_visible()
    with page.expect_response(preview_with(at=...)) as drawn:
        slider.fill(str(3 * 24 * 60))
    shown = data_uri_bytes(drawn.value.json()["image"])
    assert shown == served
    with page.expect_response(preview_with(at=None)) as again:
        page.get_by_role("button", name="Now").click()
    assert data_uri_bytes(again.value.json()["image"]) != shown


def test_a_small_picture_is_shown_in_the_colours_that_a_program_gives_it(studio: Studio) -> None:
    publish(studio, "small", {**new_document(), "width": 300, "height": 50})
    page = open_screen(studio, "/t/small/preview")
    page.get_by_label("Mail program").select_option("Gmail on Android")
    picture = page.locator("img.mail-picture").first
    expect(picture).to_have_css("filter", "none")
    page.get_by_role("radio", name="Dark").check()
    expect(picture).to_have_css("filter", "invert(1) hue-rotate(180deg)")
    expect(page.get_by_text("Gmail on Android recolours")).to_have_count(2)  # each device
    page.get_by_label("Mail program").select_option("Outlook on iOS")
    expect(picture).to_have_css("filter", "none")


# --- fallback and ended boards


def test_the_boards_are_the_bytes_that_the_service_serves(studio: Studio) -> None:
    name = {"required": True, "max_length": 12, "open": True, "example": "Ann"}
    fallback = {"text": "Hello", "background": "#334455", "color": "#ffffff"}
    ended = {"text": "Over", "background": "#550000", "color": "#ffffff"}
    document = new_document(fields={"first_name": name}, fallback=fallback, ended=ended)
    publish(studio, "boards", document)
    merge = {"template_id": "boards", "esp": "mailchimp", "open": {"first_name": "FNAME"}}
    link = studio.call("POST", "/v1/links", merge).json()["url"]
    empty = link.replace("*|URL:FNAME|*", "")
    assert empty != link
    studio.recorder.allow_status(404)
    page = open_screen(studio, "/t/boards")
    expect(page.locator(".status-bar.exact")).to_be_visible()

    def shown(board: str) -> bytes:
        """The exact picture of a board: the first ones are in a quick format."""
        with page.expect_response(preview_with(show=board.lower(), format=None)) as drawn:
            page.get_by_role("button", name=board, exact=True).click()
        return data_uri_bytes(drawn.value.json()["image"])

    assert shown("Fallback") == picture_at(studio, empty)
    # A link that nobody opened: its picture is not stored yet.
    values = [{"name": "first_name", "text": "Zed"}]
    unseen = studio.call("POST", "/v1/links", {"template_id": "boards", "modifications": values})
    assert studio.call("PATCH", "/v1/templates/boards", {"paused": True}).status_code == 200
    assert shown("Ended") == picture_at(studio, unseen.json()["url"])


# --- versions


def test_preview_and_versions_ask_for_no_picture_of_the_canvas(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of a template without a draft
    publish(studio, "watched", new_document())
    publish(studio, "watched", new_document(background="#402010"))
    page = open_screen(studio)
    asked = PreviewLog(page)
    page.goto(f"{studio.url}/studio/t/watched/versions")
    expect(page.locator(".compare-sides img")).to_have_count(2)
    page.goto(f"{studio.url}/studio/t/watched/preview")
    expect(page.locator(".mail-frame img").first).to_be_visible()
    page.wait_for_timeout(700)  # the canvas would ask for its exact picture after 400 ms of rest
    assert asked.bodies and not of_canvas(asked)
    page.get_by_role("link", name="Edit").first.click()
    expect(page.locator(".status-bar.exact")).to_be_visible()
    assert [body.get("format") for body in of_canvas(asked)] == ["jpg", None]


def test_the_canvas_of_a_fine_screen_asks_for_its_sharpness_at_once(studio: Studio) -> None:
    studio.recorder.allow_status(404)
    publish(studio, "wide", new_document(width=2000, height=600))
    page = open_screen(studio, device_scale_factor=2)
    asked = PreviewLog(page)
    page.goto(f"{studio.url}/studio/t/wide")
    expect(page.locator(".status-bar.exact")).to_be_visible()
    assert [body.get("format") for body in of_canvas(asked)] == ["jpg", None]


def of_canvas(asked: PreviewLog) -> list[dict[str, Any]]:
    """The previews that only a canvas asks for: a quick one, and one of the document's own size."""
    described = [body for body in asked.bodies if body.get("describe") is True]
    return [body for body in described if body.get("format") == "jpg" or "dpr" not in body]


def test_a_sole_version_cannot_be_recalled(studio: Studio) -> None:
    studio.recorder.allow_status(404)
    publish(studio, "sole", new_document())
    page = open_screen(studio, "/t/sole/versions")
    page.get_by_role("button", name="Recall…").click()
    expect(page.get_by_role("dialog")).to_contain_text("publish the corrected one first")
    expect(page.locator(".command-block")).to_have_count(0)


def test_versions_are_compared_and_an_old_one_becomes_the_draft(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of a template without a draft
    first = new_document()
    publish(studio, "compared", first)
    publish(studio, "compared", {**first, "background": "#402010"})
    page = open_screen(studio, "/t/compared/versions")
    expect(page.get_by_text("Version 2").first).to_be_visible()
    expect(page.locator(".change-list li")).to_have_text(
        ["changedBackground from #102030 to #402010"]
    )
    expect(page.locator(".compare-sides img")).to_have_count(2)
    page.get_by_role("radio", name="Difference").check()
    expect(page.locator(".difference .over")).to_have_css("mix-blend-mode", "difference")
    page.get_by_role("button", name="Recall…").last.click()
    command = "postcard templates recall compared 1 --replaced-by 2"
    expect(page.locator(".command-block")).to_have_text(command)
    page.get_by_role("dialog").get_by_text("Close", exact=True).click()
    page.get_by_role("button", name="Use as draft").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Use as draft").click()
    page.wait_for_url("**/studio/t/compared")
    expect(page.locator(".save-mark")).to_have_text("Saved · draft")
    stored = studio.call("GET", "/v1/templates/compared/versions/1/document").content
    assert studio.call("GET", "/v1/templates/compared/draft/document").content == stored
