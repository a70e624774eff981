"""Findings in the API's words, and fixes that change only what they say."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import document_with, publish
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
TEXT: dict[str, Any] = {"type": "text", "name": "title", "x": 20, "y": 20, "size": 24}
TITLE = {**TEXT, "text": "Hi", "color": "#333333", "width": 200}
BROKEN: dict[str, dict[str, Any]] = {
    "low_contrast": document_with({**TITLE, "color": "#dddddd"}),
    "text_overflow": document_with(
        {**TITLE, "width": 120, "height": 30, "text": "{{ name }}"},
        fields={"name": {"default": "Al", "max_length": 20}},
    ),
    "unused_field": document_with(TITLE, fields={"nobody": {"default": "x"}}),
    "outside_canvas": document_with({**TITLE, "x": 900}),
    "unknown_font": document_with({**TITLE, "font": "Intr"}),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_fix_removes_its_finding_and_changes_nothing_else(studio: Studio, code: str) -> None:
    publish(studio, "broken", document_with(TITLE))
    response = studio.call("PUT", "/v1/templates/broken", BROKEN[code])
    assert response.status_code == 200, response.text
    editor = EditorPage.open(studio, "broken")
    page = editor.page
    page.get_by_role("button", name="Findings").click()
    finding = page.locator(f".finding[data-code={code}]")
    told = next(f for f in response.json()["findings"] if f["code"] == code)
    expect(finding.first).to_contain_text(told["detail"])
    others = set(page.locator(".finding").evaluate_all("all => all.map(e => e.dataset.code)"))
    finding.get_by_role("button", name="Fix").first.click()
    editor.wait_for_exact_picture()
    expect(finding).to_have_count(0)
    after = set(page.locator(".finding").evaluate_all("all => all.map(e => e.dataset.code)"))
    assert after == others - {code}
    fixed, before = json.loads(editor.saved_draft()), BROKEN[code]
    for key in before.keys() - {"layers", "fields"}:
        assert fixed[key] == before[key]
    assert len(fixed["layers"]) == 1
    unchanged = before["layers"][0].items() & fixed["layers"][0].items()
    assert len(before["layers"][0]) - len(unchanged) <= 2
    page.get_by_role("button", name="Undo").click()
    expect(finding.first).to_be_visible()


def test_show_selects_the_layer(studio: Studio) -> None:
    publish(studio, "broken", BROKEN["low_contrast"])
    editor = EditorPage.open(studio, "broken")
    page = editor.page
    page.get_by_role("button", name="Findings").click()
    page.locator(".finding").get_by_role("button", name="Show").first.click()
    assert [label.split(",")[0] for label in editor.selected()] == ["title"]
