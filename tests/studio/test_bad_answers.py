"""Answers that are late, broken or not the service's: the editor says so and goes on by itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.studio.editor_page import EditorPage, signed_in_page
from tests.studio.panel_pages import document_with, publish
from tests.studio.random_person import answer_badly
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
CALLS = "**/v1/**"
LATE_MS = 41_000
PROVOKED = r"ERR_CONNECTION_RESET|ERR_FAILED|status of (429|500|503)"
BAD = ("abort", "500", "html", "null", "empty")
LAYER: dict[str, Any] = {
    "type": "text",
    "name": "title",
    "x": 20,
    "y": 20,
    "width": 200,
    "text": "Hello",
    "size": 24,
}


def first_calls(page: Page, answer: Callable[[Route], None]) -> None:
    """The first call of each path gets this answer."""
    seen: set[str] = set()

    def handle(route: Route) -> None:
        request = route.request
        name = f"{request.method} {request.url.partition('?')[0]}"
        if name in seen:
            route.fallback()
            return
        seen.add(name)
        answer(route)

    page.route(CALLS, handle)


def editor_page(studio: Studio, template_id: str) -> EditorPage:
    """A page for the editor of a small template that is not opened yet."""
    publish(studio, template_id, document_with(LAYER))
    studio.call("DELETE", f"/v1/templates/{template_id}/draft")
    return EditorPage(signed_in_page(studio), studio, template_id)


def open_editor(editor: EditorPage) -> None:
    """Go to its address."""
    editor.page.goto(f"{editor.studio.url}/studio/t/{editor.template_id}")


def rename(editor: EditorPage, text: str) -> None:
    """Change the text of the only layer."""
    editor.page.locator(".surface [data-layer]").first.evaluate("e => e.focus()")
    editor.page.keyboard.press("Enter")
    editor.page.locator(".text-box textarea").fill(text)
    editor.press("Escape")


@pytest.mark.parametrize("how", BAD)
def test_the_editor_opens_and_saves_though_each_first_call_fails(studio: Studio, how: str) -> None:
    studio.recorder.allow(PROVOKED)
    editor = editor_page(studio, f"first-{how}")
    first_calls(editor.page, lambda route: answer_badly(route, how))
    open_editor(editor)
    editor.wait_for_exact_picture()
    rename(editor, "Saved all the same")
    assert "Saved all the same" in editor.saved_draft()
    for tab in ("Fields", "Assets", "Fonts"):
        editor.page.get_by_role("tab", name=tab, exact=True).click()
    for strip in ("People", "JSON"):
        editor.page.locator(".strip-bar button", has_text=strip).click()
    editor.wait_for_exact_picture()


@pytest.mark.parametrize("how", BAD)
def test_a_template_that_cannot_be_read_says_why_and_offers_another_try(
    studio: Studio, how: str
) -> None:
    studio.recorder.allow(PROVOKED)
    editor = editor_page(studio, f"never-{how}")
    editor.page.clock.install()
    editor.page.route("**/v1/templates/**", lambda route: answer_badly(route, how))
    open_editor(editor)
    for _ in range(12):
        editor.page.clock.run_for(5_000)
        editor.page.wait_for_timeout(50)
    again = editor.page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    expect(editor.page.locator("h1")).not_to_have_text("")
    editor.page.unroute("**/v1/templates/**")
    again.click()
    expect(editor.page.locator(".top-bar")).to_be_visible()


def test_calls_that_are_never_answered_end_and_are_made_again(studio: Studio) -> None:
    editor = editor_page(studio, "late")
    editor.page.clock.install()
    open_editor(editor)
    editor.wait_for_exact_picture()
    held: list[Route] = []
    studio.recorder.allow("ERR_ABORTED")
    editor.page.route(CALLS, lambda route: held.append(route))
    rename(editor, "Late")
    editor.page.clock.run_for(2_000)
    editor.page.wait_for_timeout(300)
    kinds = {(route.request.method, route.request.url.rpartition("/")[2]) for route in held}
    assert {("POST", "previews"), ("PUT", "draft?base=1")} <= kinds
    editor.page.clock.run_for(LATE_MS)
    expect(editor.page.locator(".save-mark.offline")).to_be_visible()
    editor.page.unroute(CALLS)
    for _ in range(10):
        editor.page.clock.run_for(2_000)
        editor.page.wait_for_timeout(100)
    assert "Late" in editor.saved_draft()


def test_a_page_of_a_wifi_is_never_taken_for_a_document(studio: Studio) -> None:
    editor = editor_page(studio, "wifi")
    open_editor(editor)
    editor.wait_for_exact_picture()
    rename(editor, "Mine")
    mine = editor.saved_draft()
    editor.page.clock.install()
    editor.page.route(CALLS, lambda route: answer_badly(route, "html"))
    editor.page.reload()
    for _ in range(8):
        editor.page.clock.run_for(5_000)
        editor.page.wait_for_timeout(50)
    # What this browser keeps can be worked on.
    expect(editor.page.locator(".surface [data-layer]")).to_have_count(1)
    rename(editor, "Mine without the service")
    editor.page.clock.run_for(2_000)
    expect(editor.page.locator(".save-mark.offline")).to_be_visible()
    assert editor.draft() == mine
    editor.page.unroute(CALLS)
    for _ in range(10):
        editor.page.clock.run_for(5_000)
        editor.page.wait_for_timeout(50)
    assert json.loads(editor.saved_draft())["layers"][0]["text"] == "Mine without the service"
