"""Start from a picture: drop a banner, mark the name, publish, copy the snippet."""

import io
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.studio.screen_pages import (
    banner,
    data_uri_bytes,
    open_screen,
    picture_at,
    preview_with,
)
from tests.studio.studio import Studio

TEMPLATES = ("discount-coupon",)
NAME_BOX = (72, 132, 260, 188)  # around the banner's old name: left, top, right, bottom


def png(name: str, body: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": body}


def drop(page: Page, name: str, body: bytes) -> None:
    """Drop a file on the page's drop place, as from a folder."""
    transfer = page.evaluate_handle(
        """([name, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
          return transfer;
        }""",
        [name, list(body)],
    )
    page.locator(".drop-place").dispatch_event("drop", {"dataTransfer": transfer})


def number(page: Page, name: str) -> Locator:
    return page.get_by_role("spinbutton", name=name, exact=True)


def mark(page: Page, left: int, top: int, right: int, bottom: int, *, width: int = 800) -> None:
    """Drag a box on the picture, in its own pixels."""
    stage = page.locator(".mark-overlay")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    scale = box["width"] / width
    page.mouse.move(box["x"] + left * scale, box["y"] + top * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + right * scale, box["y"] + bottom * scale, steps=5)
    page.mouse.up()


@pytest.mark.quick
def test_a_dropped_banner_becomes_a_published_template_with_a_snippet(studio: Studio) -> None:
    studio.recorder.allow_status(404)  # of an id that is free
    page = open_screen(studio, "/new/picture")
    drop(page, "spring_sale@2x.png", banner())
    expect(page.get_by_label("Name", exact=True)).to_have_value("Spring sale")
    with page.expect_response(preview_with(base="examples")):
        mark(page, *NAME_BOX)
    expect(page.get_by_text("There is a text in the mark already.")).to_be_visible()
    expect(page.get_by_label("Cover the old name")).to_be_checked()
    expect(page.get_by_label("Colour #fac80a")).to_be_checked()
    page.get_by_label("Text", exact=True).fill("Hi {{ name }}")
    page.get_by_role("button", name="Create template").click()
    page.wait_for_url("**/studio/t/spring-sale")
    made = studio.call("GET", "/v1/templates/spring-sale/draft/document").json()
    assert (made["width"], made["height"]) == (800, 300)
    assert [layer["name"] for layer in made["layers"]] == ["picture", "cover", "title"]
    assert made["layers"][1]["fill"] == "#14285a"
    title = made["layers"][2]
    assert (title["x"], title["fit"], title["align"]) == (80, "shrink", "start")
    assert made["fields"] == {
        "name": {"default": "friend", "example": "Alexandra", "max_length": 40, "open": True}
    }
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("No findings.")).to_be_visible()
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_label("Image tag")).to_have_value(re.compile(r"first_name\|urlencode"))
    address = dialog.get_by_label("Address alone").input_value()
    tag = "{{ first_name|urlencode }}"
    anna, nobody = (picture_at(studio, address.replace(tag, name)) for name in ("Anna", ""))
    assert anna != nobody
    old = colors_in(Image.open(io.BytesIO(anna)), scale=2)
    assert (20, 40, 90) in old and (250, 200, 10) in old


def colors_in(picture: Image.Image, *, scale: int) -> set[Any]:
    """The colours in the mark."""
    left, top, right, bottom = (side * scale for side in NAME_BOX)
    found = picture.convert("RGB").crop((left, top, right, bottom)).getcolors(1 << 20)
    return {color for _, color in found or []}


def test_the_mark_is_moved_and_resized_by_keys_and_numbers(studio: Studio) -> None:
    page = open_screen(studio, "/new/picture")
    page.set_input_files("input[type=file]", png("plain.png", banner("")))
    box = page.get_by_role("application", name=re.compile("^Mark: "))
    for name, typed, kept in (
        ("Width", "200", "200"),
        ("Left", "100", "100"),
        ("Top", "50", "50"),
        ("Height", "5000", "250"),
        ("Height", "40", "40"),
    ):
        number(page, name).fill(typed)
        number(page, name).press("Tab")
        expect(number(page, name)).to_have_value(kept)
    box.focus()
    for key in ("ArrowRight", "Shift+ArrowDown", "Alt+ArrowRight", "Alt+Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(box).to_have_attribute("aria-label", "Mark: left 101, top 60, 201 by 50 pixels")
    expect(page.get_by_label("Cover the old name")).not_to_be_checked()


def test_the_picture_is_drawn_at_once_and_for_others(studio: Studio) -> None:
    page = open_screen(studio, "/new/picture")
    page.set_input_files("input[type=file]", png("drawn.png", banner()))
    with page.expect_response(preview_with(base="examples")) as first:
        page.locator(".mark-overlay").wait_for()
    with page.expect_response(preview_with(base="defaults", modifications=None)) as nobody:
        page.get_by_role("radio", name="No name").check()
    assert nobody.value.json()["alt"] == "Drawn, for friend"
    assert data_uri_bytes(first.value.json()["image"]) != data_uri_bytes(
        nobody.value.json()["image"]
    )
    page.get_by_label("Text", exact=True).fill("No field")
    expect(page.get_by_text("Write {{ name }} where the name stands.")).to_be_visible()
    expect(page.get_by_role("button", name="Create template")).to_be_disabled()


def test_what_is_no_picture_is_refused_before_it_is_sent(studio: Studio) -> None:
    page = open_screen(studio, "/new/picture")
    for name, body, words in (
        ("letter.pdf", b"%PDF-1.7", "This is no picture"),
        ("broken.png", b"\x89PNG\r\n\x1a\nbroken", "This is no picture"),
        ("huge.png", b"\0" * 10_000_001, "over 10 MB"),
    ):
        page.set_input_files("input[type=file]", png(name, body) | {"mimeType": ""})
        expect(page.get_by_role("alert")).to_contain_text(words)
    wide = io.BytesIO()
    Image.new("L", (5_001, 10)).save(wide, "PNG")
    page.set_input_files("input[type=file]", png("wide.png", wide.getvalue()))
    expect(page.get_by_role("alert")).to_contain_text("5,000 pixels a side")
    assert studio.recorder.count("POST", "/v1/assets") == 0


def test_a_picture_of_which_no_template_was_made_does_not_stay(studio: Studio) -> None:
    page = open_screen(studio, "/new/picture")
    leaving: dict[str, Callable[[], None]] = {
        "other": lambda: page.get_by_role("button", name="Another picture").click(),
        "screen": lambda: page.get_by_role("link", name="Templates").first.click(),
        "closed": page.close,
    }
    for name, leave in leaving.items():
        page.goto(f"{studio.url}/studio/new/picture")
        with page.expect_response(preview_with(base="examples")):
            page.set_input_files("input[type=file]", png(f"left-{name}.png", banner()))
        assert not is_missing(studio, f"left-{name}")
        leave()
        wait_until_missing(studio, f"left-{name}")


def test_a_session_for_design_alone_leaves_its_picture_among_the_assets(studio: Studio) -> None:
    page = open_screen(studio, "/new/picture", invitation={"design_only": True})
    with page.expect_response(preview_with(base="examples")):
        page.set_input_files("input[type=file]", png("stays.png", banner()))
    page.get_by_role("link", name="Templates").first.click()
    expect(page.get_by_role("heading", name="Templates")).to_be_visible()
    assert studio.recorder.count("DELETE", "/v1/assets/.*") == 0
    assert not is_missing(studio, "stays")


def is_missing(studio: Studio, asset_id: str) -> bool:
    return studio.call("GET", f"/v1/assets/{asset_id}").status_code == 404


def wait_until_missing(studio: Studio, asset_id: str) -> None:
    for _ in range(200):
        if is_missing(studio, asset_id):
            return
        time.sleep(0.05)
    pytest.fail(f"The asset {asset_id} is still there.")


def test_a_second_picture_of_the_same_name_replaces_nothing(studio: Studio) -> None:
    for color in ((200, 10, 10), (10, 200, 10)):
        body = io.BytesIO()
        Image.new("RGB", (300, 100), color).save(body, "PNG")
        page = open_screen(studio, "/new/picture")
        page.set_input_files("input[type=file]", png("same.png", body.getvalue()))
        with page.expect_response(preview_with(base="examples")) as drawn:
            page.locator(".mark-overlay").wait_for()
        shown = Image.open(io.BytesIO(data_uri_bytes(drawn.value.json()["image"])))
        assert shown.convert("RGB").getpixel((2, 2)) == color
    ids = {asset["id"] for asset in studio.call("GET", "/v1/assets?limit=200").json()["items"]}
    assert {"same", "same-2"} <= ids
