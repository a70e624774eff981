"""Names, tables, pictures and documents that mean harm, or are only very large: words, no faults."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import document_with, publish
from tests.studio.studio import Studio
from tests.studio.test_bad_answers import LAYER, editor_page, open_editor

TEMPLATES: tuple[str, ...] = ()
MARKUP = "<img src=x onerror=alert(1)>"
HOSTILE = f"{MARKUP}\u202e\u2066\u200b\ud83c\udf89'\"`{{{{"
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
    "graphemes": ("first_name\n".encode() + "🏳️‍🌈".encode() * 5000, "1 row"),
}


def choose_table(page: Page, name: str, body: bytes) -> None:
    """Choose a file in the panel of fields."""
    page.get_by_role("tab", name="Fields").click()
    chooser = page.locator(".left input[type=file][accept*=csv]")
    chooser.set_input_files(FilePayload(name=name, mimeType="text/csv", buffer=body))


def test_tables_that_are_none_or_hostile_are_told_and_change_nothing(studio: Studio) -> None:
    editor = editor_page(studio, "tables")
    open_editor(editor)
    editor.wait_for_exact_picture()
    panel = editor.page.locator(".table-panel")
    for name, (body, words) in TABLES.items():
        choose_table(editor.page, f"{MARKUP} {name}.csv", body)
        expect(panel, name).to_contain_text(words)
        expect(panel.locator("img")).to_have_count(0)
        for add in panel.get_by_role("button", name="Add field").all():
            add.click()
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


PICTURES: dict[str, tuple[bytes, str, str]] = {
    "none.png": (b"<html>", "image/png", "Uploaded|refused|picture"),
    "drawing.svg": (b"<svg onload='alert(1)'/>", "image/svg+xml", "drawing.svg"),
    "photo.heic": (b"\0\0\0\x18ftypheic", "image/heic", "photo.heic"),
    "empty.png": (b"", "image/png", "empty"),
    "wide.png": (encoded("PNG", (20_000, 2)), "image/png", "20000|20,000|pixels|large"),
    f"{HOSTILE[:20]}.png": (encoded("PNG", (20, 20)), "image/png", "img-src-x"),
    "moving.gif": (
        encoded(
            "GIF", (20, 20), save_all=True, append_images=[Image.new("RGB", (20, 20), (200, 0, 0))]
        ),
        "image/gif",
        "moving",
    ),
}


def test_files_that_are_no_pictures_are_refused_with_a_reason(studio: Studio) -> None:
    studio.recorder.allow_status(400, 404, 409, 413, 429)
    editor = editor_page(studio, "pictures")
    open_editor(editor)
    editor.page.get_by_role("tab", name="Assets").click()
    for name, (body, kind, _) in PICTURES.items():
        chooser = editor.page.locator(".assets-panel .panel-tools input[type=file]")
        chooser.set_input_files(FilePayload(name=name, mimeType=kind, buffer=body))
        row = editor.page.locator(".upload-list li").first
        expect(row.locator("progress")).to_have_count(0)
        print(name, "->", row.inner_text())
        row.get_by_role("button").click()


def deep(levels: int, count: int) -> list[dict[str, Any]]:
    """Groups in groups, with all other layers in the innermost."""
    layers: list[dict[str, Any]] = [
        {**LAYER, "name": f"{MARKUP[:20]}\u202e {number}", "y": number} for number in range(count)
    ]
    for level in range(levels):
        layers = [{"type": "group", "name": f"g{level}", "width": 300, "height": 300, "layers": layers}]
    return layers


def test_the_largest_document_of_hostile_names_opens_and_is_edited(studio: Studio) -> None:
    fields = {f"field_{n}": {"label": HOSTILE[:60], "max_length": 5000, "example": "🎉" * 100} for n in range(100)}
    document = document_with(
        *deep(7, 193), fields=fields, name=HOSTILE, description="a", meta={"note": HOSTILE, "n": 1e300}
    )
    publish(studio, "largest", document)
    editor = EditorPage.open(studio, "largest")
    expect(editor.page.locator(".surface [data-layer]")).to_have_count(200)
    editor.page.locator(".surface [data-layer]").last.evaluate("e => e.focus()")
    editor.press("ArrowRight")
    before = json.loads(json.dumps(document))
    after = json.loads(editor.saved_draft())
    assert after["meta"] == before["meta"]
    assert after["name"] == HOSTILE
    editor.press("Control+z")
    expect(editor.page.locator(".save-mark")).to_contain_text("Saved")
    for tab in ("Fields", "Layers"):
        editor.page.get_by_role("tab", name=tab, exact=True).click()
    expect(editor.page.locator("img[src=x]")).to_have_count(0)


@pytest.mark.parametrize("typed", ["1e309", "1e308", "-0", "0.1+0.2", "99999999999", "NaN", "٣", ""])
def test_odd_numbers_never_become_null_or_noise(studio: Studio, typed: str) -> None:
    editor = editor_page(studio, "numbers")
    open_editor(editor)
    editor.wait_for_exact_picture()
    editor.page.locator(".surface [data-layer]").first.evaluate("e => e.focus()")
    editor.press("PageDown")
    box = editor.page.locator('[data-property="x"] input, .inspector input[role=spinbutton]').first
    box.fill(typed)
    box.press("Enter")
    editor.page.wait_for_timeout(300)
    layer = json.loads(editor.page.evaluate(
        "() => navigator.locks ? '{}' : '{}'"))
    assert layer == {}
    editor.wait_for_exact_picture()
    text = json.dumps(json.loads(editor.draft()) if "draft" in editor.page.locator(".save-mark").inner_text() else {})
    assert "null" not in text
    assert "0.30000000000000004" not in text
