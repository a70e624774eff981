"""Publishing from the studio: what changes, a newer version, findings, the snippet."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.studio.screen_pages import (
    data_uri_bytes,
    new_document,
    open_screen,
    picture_at,
    preview_with,
    publish,
    store_draft,
)
from tests.studio.studio import Studio

TEMPLATES = ("discount-coupon",)


def open_dialog(studio: Studio, template_id: str, **options: Any) -> Page:
    studio.recorder.allow_status(404)  # of a template without a version or without a draft
    page = open_screen(studio, f"/t/{template_id}", **options)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@pytest.mark.quick
def test_a_draft_is_published_and_its_copied_image_shows_it(studio: Studio) -> None:
    store_draft(studio, "fresh", new_document(name="Fresh", background="#205030"))
    page = open_dialog(studio, "fresh")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This is the first version.")).to_be_visible()
    dialog.get_by_label("Note").fill("Grün, 50% ab")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_role("heading", name="Version 1 is published")).to_be_visible()
    dialog.get_by_label("Mail platform").select_option("None: one link for everybody")
    button = dialog.get_by_role("button", name="Copy image tag")
    expect(button).to_be_enabled()
    with page.expect_response("**/v1/links") as minted:
        dialog.get_by_text("Values for everybody").click()
        dialog.get_by_label("first_name").fill("Zoë")
    expect(button).to_be_enabled()
    button.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == minted.value.json()["img"]
    mail = studio.new_page()
    with mail.expect_response(lambda r: "/r/fresh.png" in r.url) as shown:
        mail.set_content(copied)
    expect(mail.get_by_role("img", name="Hi Zoë")).to_be_visible()
    # The bytes that the mail shows are those of the studio's exact picture.
    preview = {
        "document": new_document(name="Fresh", background="#205030"),
        "modifications": [{"name": "first_name", "text": "Zoë"}],
        "dpr": 2,
    }
    drawn = studio.call("POST", "/v1/previews", preview, Accept="application/json").json()
    assert shown.value.body() == data_uri_bytes(drawn["image"])
    versions = studio.call("GET", "/v1/templates/fresh/versions").json()["items"]
    assert [(v["version"], v["note"], v["by"]) for v in versions] == [(1, "Grün, 50% ab", "Anna")]
    assert studio.call("GET", "/v1/templates/fresh/draft").status_code == 404


def test_the_snippet_has_each_platform_s_tag_and_seven_people_in_one_request(
    studio: Studio,
) -> None:
    studio.recorder.allow_status(429)  # a session draws 12 pictures a second; the page asks again
    publish(studio, "mailed", new_document(name="Mailed"))
    page = open_screen(studio)
    page.get_by_role("button", name="More for Mailed").click()
    page.locator(".menu:popover-open").get_by_text("Get the snippet").click()
    dialog = page.get_by_role("dialog")
    for title, tag in (("Klaviyo", "{{ first_name|urlencode }}"), ("Mailchimp", "*|URL:FNAME|*")):
        with page.expect_response("**/v1/links"):
            dialog.get_by_label("Mail platform").select_option(title)
        expect(dialog.get_by_label("Image tag")).to_have_value(
            containing(f"&amp;first_name={tag}&amp;_end=(")
        )
    field = dialog.get_by_label("Mailchimp's attribute for first_name")
    field.fill("")
    expect(dialog.get_by_role("button", name="Copy image tag")).to_be_disabled()
    field.fill("NAME")
    expect(dialog.get_by_label("Image tag")).to_have_value(containing("*|URL:NAME|*"))
    before = studio.recorder.count("POST", "/v1/previews")
    with page.expect_response(preview_with(people="worst")):
        dialog.get_by_role("button", name="Test with 7 difficult people").click()
    expect(dialog.locator(".people-grid img")).to_have_count(7)
    assert studio.recorder.count("POST", "/v1/previews") == before + 1


def containing(part: str) -> re.Pattern[str]:
    """A pattern that is found in a value."""
    return re.compile(re.escape(part))


def test_a_newer_version_is_compared_and_the_draft_is_put_on_top(studio: Studio) -> None:
    first = new_document(name="Raced")
    publish(studio, "raced", first)
    mine = json.loads(json.dumps(first))
    mine["layers"][0]["text"] = "Hello {{ first_name }}"
    store_draft(studio, "raced", mine)
    page = open_dialog(studio, "raced")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This becomes version 2.")).to_be_visible()
    publish(studio, "raced", {**first, "background": "#401010"})
    studio.recorder.allow_status(412)
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "Version 2 was published since you began (yours began from 1)."
    )
    expect(dialog.get_by_role("button", name="Publish")).to_have_count(0)  # not by force
    dialog.get_by_role("button", name="Compare").click()
    lists = dialog.locator(".change-list")
    expect(lists.first).to_contain_text("Background from #102030 to #401010")
    expect(lists.last).to_contain_text("title text from Hi {{ first_name }} to Hello")
    dialog.get_by_role("button", name="Rebase draft").click()
    expect(dialog.get_by_text("This becomes version 3.")).to_be_visible()
    expect(dialog.locator(".change-list li")).to_have_count(1)
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_role("heading", name="Version 3 is published")).to_be_visible()
    published = studio.call("GET", "/v1/templates/raced/document").json()
    assert published == {**mine, "background": "#401010"}


def test_faults_keep_a_draft_from_being_published(studio: Studio) -> None:
    store_draft(studio, "faulty", new_document(name="Faulty", widht=3))
    studio.recorder.allow_status(400, 404)
    page = open_screen(studio, "/t/faulty")
    button = page.get_by_role("button", name="Publish")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description(re.compile("did you mean width"))


def test_a_drawing_that_takes_too_long_blocks_publishing(studio: Studio) -> None:
    shade = {"type": "rectangle", "x": 5, "y": 5, "width": 100, "height": 45, "fill": "#ff8800"}
    slow = [{**shade, "shadow": {"blur": 2, "color": "#00000088"}}] * 60
    layers = [*new_document()["layers"], *slow]
    store_draft(studio, "too-slow", new_document(name="Too slow", layers=layers))
    dialog = open_dialog(studio, "too-slow").get_by_role("dialog")
    button = dialog.get_by_role("button", name="Publish")
    expect(dialog.locator(".blocking")).to_contain_text("2 s are allowed")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("The document has faults: fix them first.")
    refused = studio.call("PUT", "/v1/templates/too-slow", new_document(layers=layers))
    assert (refused.status_code, refused.json()["code"]) == (400, "drawing_too_slow")


def test_a_missing_picture_must_be_confirmed(studio: Studio) -> None:
    lost = {"type": "image", "width": 40, "height": 40, "source": "asset:nowhere"}
    layers = [*new_document()["layers"], lost]
    store_draft(studio, "lost", new_document(name="Lost", layers=layers))
    page = open_dialog(studio, "lost")
    dialog = page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Publish")
    expect(dialog.locator(".confirm")).to_contain_text("nowhere")
    expect(button).to_be_disabled()
    dialog.get_by_label("Publish without these pictures").check()
    expect(button).to_be_enabled()


def test_a_session_for_design_alone_asks_somebody_else(studio: Studio) -> None:
    publish(studio, "designed", new_document(name="Designed"))
    store_draft(studio, "designed", new_document(name="Designed", background="#000000"))
    studio.recorder.allow_status(404)
    page = open_screen(studio, "/t/designed", invitation={"design_only": True})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Ask for publishing").click()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)
    copied = "navigator.clipboard.readText()"
    assert page.evaluate(copied) == f"{studio.url}/studio/t/designed"
    key = json.loads(page.evaluate("sessionStorage['postcard-studio-session']"))["key"]
    bearer = f"Bearer {key}"
    refused = studio.call("PUT", "/v1/templates/designed", new_document(), Authorization=bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


def test_an_equal_draft_has_nothing_to_publish_and_a_snippet(studio: Studio) -> None:
    publish(studio, "same", new_document(name="Same"))
    page = open_dialog(studio, "same")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("there is nothing to publish")).to_be_visible()
    dialog.get_by_role("button", name="Get the snippet").click()
    expect(dialog.get_by_label("Image tag")).to_have_value(containing("/r/same.png?"))
    address = str(dialog.get_by_label("Address alone").input_value())
    tag = address.partition("&first_name=")[2]
    assert picture_at(studio, address.replace(tag, "")).startswith(b"\x89PNG")
