"""Script injection by documents, file names and CSV cells: shown as text, and no script runs."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import publish
from tests.studio.screen_pages import open_screen, store_draft
from tests.studio.studio import Studio
from tests.studio.test_screens_assets import file, open_assets, solid, upload

TEMPLATES: tuple[str, ...] = ()
SCRIPT = "</script><script>window.ran = 1; alert(1)</script>"
IMAGE = '"><img src=x onerror="window.ran = 1; alert(2)">'
LINK = "javascript:window.ran=1;alert(3)"
REVERSED = "\u202egnp.exe"
EVIL_HOST = "https://attacker.example/pixel.png"
HOSTILE = (SCRIPT, IMAGE, LINK, REVERSED)
LAYERS, DEPTH = 200, 8


def nested_layers() -> list[dict[str, Any]]:
    """200 layers, eight groups deep; each text is hostile."""
    texts = [
        {"type": "text", "text": HOSTILE[index % len(HOSTILE)], "size": 8, "y": index}
        for index in range(LAYERS - DEPTH - 1)
    ]
    long = {"type": "text", "text": "👩‍👩‍👧‍👦é" * 2500, "size": 4, "width": 200, "height": 20}
    layers: list[dict[str, Any]] = [*texts, long]
    for _ in range(DEPTH):
        layers = [{"type": "group", "width": 300, "height": 200, "layers": layers}]
    return layers


def valid_document() -> dict[str, Any]:
    field = {"default": SCRIPT, "label": IMAGE, "example": LINK, "max_length": 80, "open": True}
    return {
        "name": f"{IMAGE}{SCRIPT}{REVERSED}"[:100],
        "width": 300,
        "height": 200,
        "fields": {"first_name": field},
        "alt": f"{IMAGE} {{{{ first_name }}}}",
        "layers": nested_layers(),
    }


def invalid_document() -> dict[str, Any]:
    """What a draft may hold, and no version: it is any JSON."""
    return {
        "name": {"toString": IMAGE},
        IMAGE: SCRIPT,
        "width": "9" * 400,
        "height": 200,
        "fields": {IMAGE: {"default": SCRIPT}, "__proto__": {"default": 1}, "ok": None},
        "layers": [
            {"type": "image", "source": LINK, "width": 40, "height": 40},
            {"type": "image", "source": EVIL_HOST, "width": 40, "height": 40},
            {"type": "image", "source": "data:text/html,<script>alert(4)</script>"},
            {"type": IMAGE, "name": SCRIPT},
            {"type": "text", "name": IMAGE, "text": {"a": [SCRIPT]}, "font": LINK, "color": IMAGE},
            {"type": "constructor"},
            {"type": "group", "layers": {"0": {}}},
            7,
            None,
        ],
        "fallback": LINK,
        "ended": [IMAGE],
    }


def open_everything(page: Page) -> None:
    """Open each panel and drawer of the editor."""
    for tab in ("Fields", "Assets", "Fonts", "Layers"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(100)
    for strip in ("Findings", "People", "JSON"):
        page.get_by_role("button", name=strip).first.click()
        page.wait_for_timeout(100)


def assert_nothing_ran(page: Page) -> None:
    assert page.evaluate("window.ran") is None
    assert (
        page.locator("script:not([src^='/studio/']), [onerror], [href^='javascript']").count() == 0
    )


@pytest.fixture(autouse=True)
def expected_statuses(studio: Studio) -> None:
    """A faulty draft's previews are 400s, and ids that are free 404s."""
    studio.recorder.allow_status(400, 404)


def test_a_published_document_is_shown_literally_on_each_screen(studio: Studio) -> None:
    document = valid_document()
    publish(studio, "hostile", document)
    page = open_screen(studio)
    expect(page.get_by_role("heading", name=document["name"], exact=True)).to_be_visible()
    page.get_by_role("button", name="More for").click()
    page.locator(".menu:popover-open").get_by_text("Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text(IMAGE)
    assert_nothing_ran(page)

    editor = EditorPage.open(studio, "hostile")
    page = editor.page
    expect(page.get_by_role("treeitem")).to_have_count(LAYERS)
    for text in HOSTILE:
        expect(page.locator(".tree-title", has_text=text).first).to_be_attached()
    open_everything(page)
    page.get_by_role("button", name="People", exact=True).click()
    page.get_by_role("button", name="Try 7 difficult people").click()
    expect(page.locator("[data-person]")).to_have_count(7)
    assert_nothing_ran(page)
    for screen in ("preview", "versions"):
        page = open_screen(studio, f"/t/hostile/{screen}")
        expect(page.locator("main img").first).to_be_visible()
        assert_nothing_ran(page)


def test_a_draft_of_any_json_breaks_no_screen(studio: Studio) -> None:
    store_draft(studio, "broken", invalid_document())
    page = open_screen(studio, "/t/broken")
    expect(page.locator(".canvas-note")).to_contain_text("Not drawn")
    open_everything(page)
    expect(page.locator(".cm-content")).to_contain_text("attacker.example")
    page.get_by_role("button", name="Findings").click()
    expect(page.locator(".finding.fault").first).to_be_visible()
    assert_nothing_ran(page)
    for screen in ("/t/broken/preview", "/t/broken/versions", ""):
        page = open_screen(studio, screen)
        expect(page.locator("main h1, .card-name").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert_nothing_ran(page)


def test_names_of_files_and_cells_of_tables_are_text(studio: Studio) -> None:
    publish(studio, "files", {"name": "Files", "width": 60, "height": 40, "layers": []})
    page = open_assets(studio, "files")
    upload(page, f"{IMAGE}.png", solid((1, 2, 3)))
    expect(page.get_by_text("is ready").first).to_be_attached()
    upload(page, f"{IMAGE}.txt", b"no picture", "text/plain")
    expect(page.locator(".upload-list .danger").first).to_contain_text(IMAGE)
    page.get_by_role("tab", name="Fields").click()
    table = "\n".join(
        [f'"{IMAGE.replace(chr(34), chr(34) * 2)}","{SCRIPT}"', *[f"{LINK},=1+1"] * 3]
    )
    page.get_by_label("Choose a CSV").set_input_files(
        file(f"{SCRIPT.replace('/', '')}.csv", table.encode(), "text/csv")
    )
    expect(page.locator(".table-panel")).to_contain_text("3 rows")
    expect(page.locator(".table-panel")).to_contain_text(IMAGE)
    assert_nothing_ran(page)
