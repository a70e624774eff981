"""The fallback and ended boards: drawn, then edited as the picture is."""

import json
from typing import Any

import pytest
from playwright.sync_api import Response, expect

from tests.studio.editor_page import PREVIEWS, EditorPage, preview_body
from tests.studio.panel_pages import document_with, layer_row, property_of, publish, rows
from tests.studio.studio import Studio

STILL: dict[str, Any] = {"type": "text", "name": "greeting", "x": 40, "y": 40, "text": "Good day"}
PERSONAL: dict[str, Any] = {"type": "text", "name": "who", "y": 200, "text": "{{ first_name }}"}
BOX: dict[str, Any] = {"type": "rectangle", "width": 40, "height": 40, "fill": "#c2255c"}
NAME = {"required": True, "max_length": 12, "example": "Ann"}


def open_board(
    studio: Studio, template_id: str, board: str, document: dict[str, Any]
) -> EditorPage:
    publish(studio, template_id, document)
    editor = EditorPage.open(studio, template_id)
    show_board(editor, board)
    return editor


def show_board(editor: EditorPage, board: str) -> None:
    """Go to a board, and wait for its exact picture: the first ones are in a quick format."""

    def is_exact(response: Response) -> bool:
        if not response.url.endswith(PREVIEWS):
            return False
        body = preview_body(response.request)
        return body.get("show") == board.lower() and "format" not in body

    with editor.page.expect_response(is_exact):
        editor.page.get_by_role("button", name=board, exact=True).click()
    editor.wait_for_exact_picture()


def test_a_first_fallback_has_what_is_the_same_for_everybody(studio: Studio) -> None:
    group = {"type": "group", "name": "both", "layers": [{**BOX, "name": "kept"}, {**PERSONAL}]}
    document = document_with(STILL, group, fields={"first_name": NAME})
    editor = open_board(studio, "first-fallback", "Fallback", document)
    assert rows(editor.page) == []
    editor.page.get_by_role("button", name="Draw a fallback", exact=True).click()
    expect(layer_row(editor.page, "greeting")).to_be_visible()
    assert rows(editor.page) == ["both", "kept", "greeting"]
    drawn = json.loads(editor.saved_draft())
    assert drawn["fallback"]["layers"] == [STILL, {**group, "layers": [{**BOX, "name": "kept"}]}]
    assert drawn["layers"] == document["layers"]
    expect(editor.page.get_by_role("button", name="Draw a fallback", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    "written",
    [
        {"text": "Closed", "color": "#ffffff", "background": "#123456"},
        {"source": "asset:nordlys-hero"},
    ],
    ids=["text", "asset"],
)
def test_a_board_without_layers_looks_the_same_when_it_gets_some(
    studio: Studio, written: dict[str, str]
) -> None:
    document = document_with({**BOX, "name": "a"}, ended=written)
    editor = open_board(studio, f"ended-{len(written)}", "Ended", document)
    body = {"document": document, "show": "ended", "format": "png", "describe": True}
    before = studio.call("POST", "/v1/previews", body, Accept="application/json").json()
    editor.page.get_by_role("button", name="Draw an ended picture", exact=True).click()
    drawn = json.loads(editor.saved_draft())
    assert list(drawn["ended"]) == ["layers"]
    after = studio.call(
        "POST", "/v1/previews", {**body, "document": drawn}, Accept="application/json"
    ).json()
    assert after["sha256"] == before["sha256"]


def test_the_layers_of_a_fallback_are_edited_like_those_of_the_picture(studio: Studio) -> None:
    fallback = {"layers": [{**BOX, "name": "b", "x": 100, "y": 100}]}
    document = document_with({**BOX, "name": "a"}, fallback=fallback)
    editor = open_board(studio, "edited-fallback", "Fallback", document)
    page = editor.page
    assert rows(page) == ["b"]

    editor.select(120, 120)
    expect(layer_row(page, "b")).to_have_attribute("aria-selected", "true")
    editor.drag((120, 120), (150, 110))
    expect(property_of(page, "x").locator("input")).to_have_value("130")
    editor.wait_for_exact_picture()
    corner = editor.center_of(editor.handle(1, 1))
    page.mouse.move(*corner)
    page.mouse.down()
    page.keyboard.down("Control")
    page.mouse.move(corner[0] + 20 * editor.zoom, corner[1], steps=5)
    page.mouse.up()
    page.keyboard.up("Control")
    layer_row(page, "b").focus()
    editor.press("Control+d", "t")
    drawn = json.loads(editor.saved_draft())
    assert drawn["layers"] == document["layers"]
    first, copy, text = drawn["fallback"]["layers"]
    assert first == {**BOX, "name": "b", "x": 130, "y": 90, "width": 60}
    assert (copy["name"], text["type"]) == ("b_2", "text")

    page.get_by_role("button", name="Picture", exact=True).click()
    assert rows(page) == ["a"]
    assert editor.selected() == []  # what was selected is on the other board
    page.get_by_role("button", name="Undo").click()
    assert rows(page) == ["b_2", "b"]  # undo shows what it changed


def test_showing_a_fault_of_a_fallback_goes_to_its_board(studio: Studio) -> None:
    document = document_with({**BOX, "name": "a"}, fallback={"layers": [{**BOX, "name": "b"}]})
    editor = open_board(studio, "faulty-fallback", "Fallback", document)
    page = editor.page
    studio.recorder.allow_status(400)
    layer_row(page, "b").click()
    page.get_by_role("textbox", name="Name of the layer").fill("Not a name")
    page.get_by_role("button", name="Picture", exact=True).click()
    layer_row(page, "a").click()
    page.get_by_role("button", name="Findings").click()
    fault = page.locator('.finding.fault[data-pointer^="/fallback/layers/0"]')
    fault.get_by_role("button", name="Show").click()
    fallback = page.get_by_role("button", name="Fallback", exact=True)
    expect(fallback).to_have_attribute("aria-pressed", "true")
    expect(layer_row(page, "Not a name")).to_have_attribute("aria-selected", "true")
