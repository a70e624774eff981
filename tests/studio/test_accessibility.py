"""Every screen by the rules of WCAG 2.2 AA: in light and dark, from 320 to 2560 pixels."""

import io
from collections.abc import Callable
from typing import Any, Literal

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from tests.studio.axe import AXE, Axe
from tests.studio.panel_pages import document_with, layer_row
from tests.studio.panel_pages import publish as publish_document
from tests.studio.screen_pages import new_document, open_screen, store_draft
from tests.studio.studio import Studio
from tests.studio.usage_pages import UsageInMemory, three_weeks

TEMPLATES = ("tmpl_a1b2c3d4e5", "discount-coupon")
BANNER = "/t/tmpl_a1b2c3d4e5"
COUPON = "/t/discount-coupon"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (320, 1280, 2560)
TRANSITIONS_MS = 300
FAULTY = document_with(
    {"type": "text", "name": "title", "width": 90, "text": "{{ name }}", "color": "#eeeeee"},
    {"type": "image", "name": "photo", "width": 40, "height": 40, "source": "asset:nowhere"},
    fields={"name": {"default": "Featherstonehaugh", "max_length": 40, "open": True}},
    fallback={"text": "Hello"},
)


def sign_in(studio: Studio) -> Page:
    page = studio.new_page()
    page.goto(f"{studio.url}/studio")
    page.get_by_label("Invitation link").fill("no link")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Invitation link")).to_have_attribute("aria-invalid", "true")
    return page


def old_browser(studio: Studio) -> Page:
    page = studio.new_page()
    page.add_init_script("delete HTMLElement.prototype.popover")
    page.goto(f"{studio.url}/studio")
    expect(page.get_by_role("heading", name="This browser is too old")).to_be_visible()
    return page


def templates(studio: Studio) -> Page:
    page = open_screen(studio)
    expect(page.locator(".tile img").first).to_be_visible()
    return page


def card_menu(studio: Studio) -> Page:
    page = templates(studio)
    page.locator(".card-more").first.click()
    return page


def delete_dialog(studio: Studio) -> Page:
    page = card_menu(studio)
    page.locator(".menu:popover-open").get_by_text("Delete…").click()
    return page


def new_template(studio: Studio) -> Page:
    page = open_screen(studio, "/new")
    expect(page.get_by_role("button", name="Banner")).to_be_visible()
    return page


def picture_start(studio: Studio) -> Page:
    page = open_screen(studio, "/new/picture")
    expect(page.get_by_role("button", name="Choose a picture")).to_be_visible()
    return page


def editor(studio: Studio, path: str = BANNER) -> Page:
    page = open_screen(studio, path)
    expect(page.locator(".status-bar.exact")).to_be_visible()
    expect(page.get_by_role("treeitem").first).to_be_visible()
    return page


def text_layer(studio: Studio) -> Page:
    page = editor(studio)
    layer_row(page, "title").click()
    expect(page.locator('.inspector [data-property="text"]')).to_be_visible()
    return page


def text_in_place(studio: Studio) -> Page:
    page = editor(studio)
    layer_row(page, "title").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Text of title")).to_be_focused()
    return page


def insert_menu(studio: Studio) -> Page:
    page = editor(studio)
    page.get_by_role("button", name="Insert", exact=True).click()
    return page


def fields(studio: Studio) -> Page:
    page = editor(studio, COUPON)
    page.get_by_role("tab", name="Fields").click()
    page.locator("[data-field=first_name] .field-head").click()
    return page


def assets(studio: Studio) -> Page:
    page = editor(studio)
    page.get_by_role("tab", name="Assets").click()
    expect(page.locator(".asset img").first).to_be_visible()
    return page


def fonts(studio: Studio) -> Page:
    page = editor(studio)
    page.get_by_role("tab", name="Fonts").click()
    expect(page.locator(".font-row").first).to_be_visible()
    return page


def findings(studio: Studio) -> Page:
    store_draft(studio, "faulty", FAULTY)
    page = editor(studio, "/t/faulty")
    page.get_by_role("button", name="Findings").click()
    expect(page.locator(".finding").first).to_be_visible()
    return page


def people(studio: Studio) -> Page:
    page = editor(studio)
    page.get_by_role("button", name="People", exact=True).click()
    page.get_by_role("button", name="Try 7 difficult people").click()
    expect(page.locator("[data-person] img")).to_have_count(7)
    return page


def json_drawer(studio: Studio) -> Page:
    page = editor(studio)
    page.get_by_role("button", name="JSON", exact=True).click()
    expect(page.locator(".cm-content")).to_be_visible()
    return page


def commands(studio: Studio) -> Page:
    page = editor(studio)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    return page


def shortcuts(studio: Studio) -> Page:
    page = editor(studio)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    return page


def publish_dialog(studio: Studio) -> Page:
    publish_document(studio, "drafted", document_with())
    store_draft(studio, "drafted", FAULTY, base=1)
    page = open_screen(studio, "/t/drafted")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("dialog").locator("img").first).to_be_visible()
    expect(page.locator(".change-list li").first).to_be_visible()
    return page


def snippet(studio: Studio) -> Page:
    publish_document(studio, "mailed", new_document(name="Mailed"))
    page = open_screen(studio)
    page.get_by_role("button", name="More for Mailed").click()
    page.locator(".menu:popover-open").get_by_text("Get the snippet").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mail platform").select_option("Mailchimp")
    expect(dialog.get_by_role("button", name="Copy image tag")).to_be_enabled()
    return page


def preview(studio: Studio) -> Page:
    page = open_screen(studio, f"{BANNER}/preview")
    expect(page.locator(".mail-frame img.mail-picture").first).to_be_visible()
    return page


def versions(studio: Studio) -> Page:
    publish_document(studio, "versioned", document_with())
    publish_document(studio, "versioned", document_with(background="#402010"))
    page = open_screen(studio, "/t/versioned/versions")
    expect(page.locator(".compare-sides img")).to_have_count(2)
    return page


def usage(studio: Studio) -> Page:
    page = three_weeks().open(studio)
    page.locator(".plot summary").first.click()
    return page


def usage_empty(studio: Studio) -> Page:
    return UsageInMemory().open(studio)


def share_usage(studio: Studio) -> Page:
    page = three_weeks().open(studio, "?days=7")
    page.get_by_role("button", name="Share…").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_label("Link", exact=True)).to_be_visible()
    return page


def shared_usage(studio: Studio) -> Page:
    usage = three_weeks()
    page = studio.new_page()
    page.goto(f"{studio.url}/studio")
    page.route("**/usage/s/*", usage.answer)
    made = usage.service.call("POST", "/v1/usage/shares", {"days": 30, "prices": True})
    page.goto(studio.url + made.json["path"])
    expect(page.locator(".plot").first).to_be_visible()
    return page


SCREENS: dict[str, Callable[[Studio], Page]] = {
    screen.__name__: screen
    for screen in (
        sign_in,
        old_browser,
        templates,
        card_menu,
        delete_dialog,
        new_template,
        picture_start,
        editor,
        text_layer,
        text_in_place,
        insert_menu,
        fields,
        assets,
        fonts,
        findings,
        people,
        json_drawer,
        commands,
        shortcuts,
        publish_dialog,
        snippet,
        preview,
        versions,
        usage,
        usage_empty,
        share_usage,
        shared_usage,
    )
}
QUICK = ("templates", "text_layer")
MARKED: list[Any] = [
    pytest.param(name, marks=pytest.mark.quick) if name in QUICK else name for name in SCREENS
]


@pytest.mark.parametrize("name", MARKED)
def test_no_rule_is_broken_in_light_and_dark_from_320_to_2560_pixels(
    studio: Studio, name: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed")
    studio.recorder.allow_status(400, 404)
    page = SCREENS[name](studio)
    axe = Axe(page)
    found: dict[str, str] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        if wide > width:
            found[f"scrolls sideways: {wide}"] = f"{width} px"
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(TRANSITIONS_MS)
            for text in axe.violations():
                found.setdefault(text, f"{width} px, {scheme}")
    assert not found, "\n".join(f"{where}: {text}" for text, where in found.items())


# --- focus

MOST_STOPS = 150
STOPS = ("sign_in", "templates", "new_template", "text_layer", "preview", "usage", "shared_usage")
RING = 6  # screen pixels round an element in which its focus may show
FOCUSED = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  focused.id ||= `focused-${document.querySelectorAll("[id^=focused-]").length}`;
  const {left, top, right, bottom} = focused.getBoundingClientRect();
  const [x, y] = [Math.max(left, 0), Math.max(top, 0)];
  const [width, height] = [Math.min(right, innerWidth) - x, Math.min(bottom, innerHeight) - y];
  const above = document.elementFromPoint(x + width / 2, y + height / 2);
  const surface = focused.closest(".surface");
  const isAbove = focused.contains(above) || above?.contains(focused) || surface?.contains(above);
  const name = focused.ariaLabel || focused.textContent.trim().slice(0, 40) || focused.outerHTML;
  return {id: focused.id, name, x, y, width, height, covered: !isAbove};
}"""


def tab_stops(page: Page) -> list[dict[str, Any]]:
    """Where Tab leads, with what is wrong with each stop."""
    stops: dict[str, dict[str, Any]] = {}
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or stop["id"] in stops:
            break
        stops[stop["id"]] = stop
        if stop["width"] < 1 or stop["height"] < 1:
            stop["fault"] = "outside of the window"
        elif stop["covered"]:
            stop["fault"] = "under something else"
        elif not shows_focus(page, stop):
            stop["fault"] = "its focus does not show"
    return list(stops.values())


def shows_focus(page: Page, stop: dict[str, Any]) -> bool:
    """Whether the element and what is round it look otherwise without the focus."""
    size = page.viewport_size
    assert size is not None
    left, top = max(0, stop["x"] - RING), max(0, stop["y"] - RING)
    right = min(size["width"], stop["x"] + stop["width"] + RING)
    bottom = min(size["height"], stop["y"] + stop["height"] + RING)
    clip: Any = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    focused = page.screenshot(clip=clip, caret="hide")
    page.evaluate("document.activeElement.blur()")
    blurred = page.screenshot(clip=clip, caret="hide")
    page.evaluate("(id) => document.getElementById(id)?.focus()", stop["id"])
    pictures = [Image.open(io.BytesIO(body)).convert("L") for body in (focused, blurred)]
    difference = ImageChops.difference(*pictures).point(lambda value: 255 * (value > 24))
    changed: int = difference.histogram()[255]
    return bool(changed >= min(right - left, bottom - top))


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("name", STOPS)
def test_each_stop_of_the_tab_key_is_in_sight_and_shows_its_focus(
    studio: Studio, name: str, width: int
) -> None:
    studio.recorder.allow_status(400, 404)
    page = SCREENS[name](studio)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
    stops = tab_stops(page)
    assert len(stops) >= (1 if name == "sign_in" else 4)  # it has one button, to copy a command
    faults = [f"{stop['name']}: {stop['fault']}" for stop in stops if "fault" in stop]
    assert not faults, "\n".join(faults)
