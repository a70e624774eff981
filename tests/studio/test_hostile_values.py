"""Malformed, hostile and very large CSV files, uploads, documents and numbers in the editor."""

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import document_with, publish
from tests.studio.random_person import READ_KEPT
from tests.studio.studio import Studio
from tests.studio.test_bad_answers import editor_page, open_editor

TEMPLATES: tuple[str, ...] = ()
MARKUP = "<img src=x onerror=alert(1)>"
HOSTILE = f"{MARKUP}\u202e\u2066\u200b\U0001f389'\"`{{{{"
ROW = ",".join(["cell"] * 2000)
TABLES: dict[str, tuple[bytes, str]] = {
    "columns": (f"{ROW}\n{ROW}\n".encode(), "more than 200 columns"),
    "empty": (b"", "no rows"),
    "header": (b"first_name\n", "no rows"),
    "nul": (b"first_name\nA\0B\n", "no CSV"),
    "utf-16-without-mark": ("first_name\nAnna\n".encode("utf-16-le"), "no CSV"),
    "zip": (b"PK\x03\x04\x00\x00", "no CSV"),
    "endless": (b'first_name\n"' + b"x" * 3_000_000, "1 row"),
    "utf-16": ("first_name\nAnna\n".encode("utf-16"), "1 row"),
    "markup": (f"first_name,{MARKUP}\n{MARKUP},\u202eb\n".encode(), "1 row, 2 columns"),
    "prototype": (b"__proto__,constructor,toString\na,b,c\n", "1 row, 3 columns"),
    "graphemes": (b"first_name\n" + "🏳️‍🌈".encode() * 5000, "1 row"),
}


def choose_table(page: Page, name: str, body: bytes) -> None:
    """Choose a file in the panel of fields."""
    page.get_by_role("tab", name="Fields").click()
    chooser = page.locator(".left input[type=file][accept*=csv]")
    chooser.set_input_files(FilePayload(name=name, mimeType="text/csv", buffer=body))


def test_malformed_and_hostile_tables_are_explained_and_change_nothing(studio: Studio) -> None:
    editor = editor_page(studio, "tables")
    open_editor(editor)
    editor.wait_for_exact_picture()
    panel = editor.page.locator(".table-panel")
    for name, (body, words) in TABLES.items():
        choose_table(editor.page, f"{MARKUP} {name}.csv", body)
        expect(panel, name).to_contain_text(words)
        expect(panel.locator("img")).to_have_count(0)
        adding = panel.locator(".column button.small", has_text="Add")
        while adding.count():
            adding.first.click()
        close = panel.get_by_role("button", name="Forget this file")
        if close.count():
            close.click()
    editor.wait_for_exact_picture()
    names = set(json.loads(editor.saved_draft())["fields"])
    assert all(name.replace("_", "").isalnum() for name in names)


def test_a_table_one_byte_too_large_is_not_read(studio: Studio, tmp_path: Path) -> None:
    editor = editor_page(studio, "large-table")
    open_editor(editor)
    editor.wait_for_exact_picture()
    path = tmp_path / "large.csv"
    with path.open("wb") as large:
        large.truncate(20_000_001)
    editor.page.get_by_role("tab", name="Fields").click()
    editor.page.locator(".left input[type=file][accept*=csv]").set_input_files(path)
    expect(editor.page.locator(".table-panel")).to_contain_text("over 20 MB")


def encoded(kind: str, size: tuple[int, int], **options: Any) -> bytes:
    """A picture of one colour."""
    body = io.BytesIO()
    Image.new("RGB", size, (10, 20, 30)).save(body, kind, **options)
    return body.getvalue()


ANIMATION = {"save_all": True, "append_images": [Image.new("RGB", (20, 20), (200, 0, 0))]}
NO_KIND = "is neither a picture nor a font that can be used"
PICTURES: dict[str, tuple[bytes, str, str]] = {
    "none.png": (b"<html>", "image/png", "is not a usable picture"),
    "drawing.svg": (b"<svg onload='alert(1)'/>", "image/svg+xml", NO_KIND),
    "photo.heic": (b"\0\0\0\x18ftypheic", "image/heic", NO_KIND),
    "empty.png": (b"", "image/png", "is empty"),
    "large.png": (bytes(10_000_001), "image/png", "has over 10 MB"),
    "wide.png": (encoded("PNG", (20_000, 2)), "image/png", "wide is ready"),
    f"{HOSTILE[:20]}.png": (encoded("PNG", (20, 20)), "image/png", "img-src-x-onerror-a is ready"),
    "moving.gif": (encoded("GIF", (20, 20), **ANIMATION), "image/gif", "moving is ready"),
}


def test_files_that_are_no_pictures_are_refused_with_a_reason(studio: Studio) -> None:
    studio.recorder.allow_status(429)
    editor = editor_page(studio, "pictures")
    open_editor(editor)
    editor.page.get_by_role("tab", name="Assets").click()
    for name, (body, kind, words) in PICTURES.items():
        chooser = editor.page.locator(".assets-panel .panel-tools input[type=file]")
        chooser.set_input_files(FilePayload(name=name, mimeType=kind, buffer=body))
        row = editor.page.locator(".upload-list li").first
        expect(row, name).to_contain_text(words)
        row.get_by_role("button").click()


def deep(levels: int, count: int) -> list[dict[str, Any]]:
    """Groups in groups, with all other layers in the innermost."""
    layers: list[dict[str, Any]] = [
        {"type": "rectangle", "name": f"n{n}", "width": 9, "height": 9, "y": n}
        for n in range(count)
    ]
    for level in range(levels):
        group = {"type": "group", "name": f"g{level}", "width": 300, "height": 300}
        layers = [{**group, "layers": layers}]
    return layers


def test_the_largest_document_of_hostile_names_opens_and_is_edited(studio: Studio) -> None:
    field = {"label": MARKUP, "max_length": 5000, "example": "🎉" * 100}
    fields = {f"field_{number}": field for number in range(100)}
    meta = {"note": HOSTILE, "large": 1e300}
    document = document_with(*deep(7, 193), fields=fields, name=MARKUP, meta=meta)
    publish(studio, "largest", document)
    editor = EditorPage.open(studio, "largest")
    expect(editor.page.locator(".surface [data-layer]")).to_have_count(200)
    editor.page.locator(".surface [data-layer]").last.evaluate("e => e.focus()")
    editor.press("ArrowRight")
    after = json.loads(editor.saved_draft())
    assert after["meta"] == meta
    assert after["name"] == MARKUP
    editor.press("Control+z")
    expect(editor.page.locator(".save-mark")).to_contain_text("Saved")
    for tab in ("Fields", "Layers"):
        editor.page.get_by_role("tab", name=tab, exact=True).click()
    expect(editor.page.locator("img[src=x]")).to_have_count(0)


NUMBERS = {
    "1e309": 20,
    "1e308": 20,
    "NaN": 20,
    "٣": 20,
    "-0": 0,
    "0.1+0.2": 0.3,
    "1/3": 0.33,
    "1/0": 20,
}


def test_odd_numbers_never_become_null_or_noise(studio: Studio) -> None:
    studio.recorder.allow_status(400)
    editor = editor_page(studio, "numbers")
    open_editor(editor)
    editor.wait_for_exact_picture()
    editor.page.locator(".surface [data-layer]").first.evaluate("e => e.focus()")
    editor.press("PageDown")
    box = editor.page.locator('[data-property="x"] input').first
    for typed, stored in NUMBERS.items():
        for number in ("21", "20"):
            box.fill(number)
        box.fill(typed)
        box.press("Enter")
        editor.page.wait_for_timeout(100)
        kept = json.loads(str(editor.page.evaluate(READ_KEPT, "numbers")))
        assert kept["layers"][0]["x"] == stored, typed
