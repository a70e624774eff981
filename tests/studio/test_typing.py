"""Typing with an input method: Arabic and Thai words that are composed step by step."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import layer_row, property_of
from tests.studio.screen_pages import new_document, publish
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
PAUSE_MS = 700  # longer than the pause that ends an entry of the history
ARABIC = (["م", "مر", "مرح", "مرحب"], "مرحبا")
THAI = (["ส", "สว", "สวั", "สวัส"], "สวัสดี")


def compose(page: Page, steps: list[str], word: str) -> None:
    """What an input method sends: the word as it grows, and then as it is chosen."""
    keyboard = page.context.new_cdp_session(page)
    for number, step in enumerate(steps):
        end = {"selectionStart": len(step), "selectionEnd": len(step)}
        keyboard.send("Input.imeSetComposition", {"text": step, **end})
        page.wait_for_timeout(PAUSE_MS if number == 1 else 40)
    keyboard.send("Input.insertText", {"text": word})
    keyboard.detach()


def open_editor(studio: Studio) -> EditorPage:
    publish(studio, "typed", new_document(name="Typed"))
    editor = EditorPage.open(studio, "typed")
    layer_row(editor.page, "title").focus()
    editor.press("Space")
    return editor


def text_of(document: str) -> str:
    return str(json.loads(document)["layers"][0]["text"])


def text_on_canvas(editor: EditorPage) -> Locator:
    editor.page.locator(".surface button[tabindex='0']").focus()
    editor.press("Enter")
    return editor.page.get_by_role("textbox", name="Text of title")


def text_in_inspector(editor: EditorPage) -> Locator:
    box = property_of(editor.page, "text").locator("textarea")
    box.focus()
    editor.press("Control+a")
    return box


@pytest.mark.parametrize("place", [text_on_canvas, text_in_inspector])
@pytest.mark.parametrize(("steps", "word"), [ARABIC, THAI], ids=["Arabic", "Thai"])
def test_a_composed_word_is_as_it_was_typed_and_one_step_of_undo(
    studio: Studio, place: object, steps: list[str], word: str
) -> None:
    editor = open_editor(studio)
    assert callable(place)
    box = place(editor)
    expect(box).to_be_focused()
    compose(editor.page, steps, word)
    expect(box).to_have_value(word)
    expect(box).to_be_focused()
    editor.wait_for_exact_picture()
    assert text_of(editor.saved_draft()) == word
    undo = editor.page.get_by_role("button", name="Undo")
    undo.click()
    expect(undo).to_be_disabled()
    assert text_of(editor.saved_draft()) == "Hi {{ first_name }}"


def test_keys_of_an_input_method_are_no_shortcuts(studio: Studio) -> None:
    editor = open_editor(studio)
    box = text_on_canvas(editor)
    keyboard = editor.page.context.new_cdp_session(editor.page)
    keyboard.send(
        "Input.imeSetComposition", {"text": "สวัส", "selectionStart": 4, "selectionEnd": 4}
    )
    for key in ("Escape", "Enter"):  # as an input method cancels and chooses
        box.dispatch_event("keydown", {"key": key, "isComposing": True, "ctrlKey": key == "Enter"})
    expect(box).to_be_focused()
    keyboard.send("Input.insertText", {"text": "สวัสดี"})
    expect(box).to_have_value("สวัสดี")
