"""Browsers that keep nothing, several tabs, wrong clocks, and what other people end meanwhile."""

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.studio.editor_page import EditorPage, signed_in_page
from tests.studio.panel_pages import document_with, publish
from tests.studio.random_person import READ_KEPT
from tests.studio.studio import Studio
from tests.studio.test_bad_answers import LAYER, editor_page, open_editor, rename

TEMPLATES: tuple[str, ...] = ()
DAY = 24 * 3600
REFUSED = """Object.defineProperty(window, "indexedDB", {
  get() { throw new DOMException("refused", "SecurityError"); },
});"""
FULL = """IDBObjectStore.prototype.put = () => {
  throw new DOMException("full", "QuotaExceededError");
};"""
SILENT = "IDBFactory.prototype.open = () => new EventTarget();"
NO_SESSION_STORAGE = """for (const name of ["sessionStorage", "localStorage"])
  Object.defineProperty(window, name, {
    get() { throw new DOMException("refused", "SecurityError"); },
  });"""
NOT_KEPT = "This browser keeps no copy of your changes"


def title_of(document: str) -> str:
    """The text of the only layer."""
    text: str = json.loads(document)["layers"][0]["text"]
    return text


@pytest.mark.parametrize("storage", [REFUSED, FULL, SILENT], ids=["refused", "full", "silent"])
def test_without_storage_the_editor_works_and_says_what_is_not_kept(
    studio: Studio, storage: str
) -> None:
    studio.recorder.allow("ERR_INTERNET_DISCONNECTED")
    editor = editor_page(studio, "no-storage")
    editor.page.add_init_script(storage)
    open_editor(editor)
    editor.wait_for_exact_picture()
    rename(editor, "Stored by the service")
    assert title_of(editor.saved_draft()) == "Stored by the service"
    editor.page.locator(".strip-bar button", has_text="People").click()
    editor.page.context.set_offline(True)
    rename(editor, "Only here")
    expect(editor.page.locator(".save-mark.offline")).to_have_text("Not connected", timeout=40_000)
    expect(editor.page.get_by_text(NOT_KEPT)).to_be_visible()
    editor.page.context.set_offline(False)
    assert title_of(editor.saved_draft()) == "Only here"
    expect(editor.page.get_by_text(NOT_KEPT)).to_have_count(0)


def test_storage_that_is_emptied_meanwhile_is_made_anew(studio: Studio) -> None:
    editor = editor_page(studio, "emptied")
    open_editor(editor)
    editor.wait_for_exact_picture()
    rename(editor, "One")
    editor.wait_until_saved()
    deleted = """() => new Promise((resolve) => {
      indexedDB.deleteDatabase("postcard-studio-drafts").onsuccess = () => resolve();
    })"""
    editor.page.evaluate(deleted)
    rename(editor, "Two")
    assert title_of(editor.saved_draft()) == "Two"
    editor.page.wait_for_timeout(200)
    assert title_of(str(editor.page.evaluate(READ_KEPT, "emptied"))) == "Two"


def test_a_browser_that_refuses_session_storage_signs_in_for_the_page(studio: Studio) -> None:
    page = studio.new_page()
    page.add_init_script(NO_SESSION_STORAGE)
    page.goto(studio.invitation())
    expect(page.get_by_role("heading", name="Templates")).to_be_visible()


def test_a_second_tab_never_overwrites_what_the_first_keeps(studio: Studio) -> None:
    studio.recorder.allow("ERR_INTERNET_DISCONNECTED")
    editor = editor_page(studio, "tabs")
    open_editor(editor)
    editor.wait_for_exact_picture()
    other = EditorPage(editor.page.context.new_page(), studio, "tabs")
    session = editor.page.evaluate("sessionStorage.getItem('postcard-studio-session')")
    other.page.add_init_script(f"sessionStorage['postcard-studio-session'] ??= {session!r}")
    open_editor(other)
    other.wait_for_exact_picture()
    editor.page.context.set_offline(True)
    rename(editor, "First tab")
    rename(other, "Second tab")
    expect(other.page.get_by_text(NOT_KEPT)).to_be_visible(timeout=40_000)
    expect(editor.page.get_by_text(NOT_KEPT)).to_have_count(0)
    assert title_of(str(editor.page.evaluate(READ_KEPT, "tabs"))) == "First tab"
    # A page that is closed sends its change, and here even without a connection: not this one.
    editor.page.evaluate("() => { window.fetch = () => new Promise(() => undefined); }")
    editor.page.close()
    # The second takes over where the first is gone.
    expect(other.page.get_by_text(NOT_KEPT)).to_have_count(0)
    other.page.wait_for_timeout(200)
    assert title_of(str(other.page.evaluate(READ_KEPT, "tabs"))) == "Second tab"
    other.page.context.set_offline(False)
    assert title_of(other.saved_draft()) == "Second tab"


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_wrong_by_a_day_neither_signs_out_nor_renews_again_and_again(
    studio: Studio, days: int
) -> None:
    publish(studio, "clock", document_with(LAYER))
    page = studio.new_page()
    page.clock.install(time=time.time() + days * DAY)
    page.goto(studio.invitation())
    expect(page.get_by_role("heading", name="Templates")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Templates")).to_be_visible()
    page.clock.run_for(60_000)
    page.wait_for_timeout(200)
    assert studio.recorder.count("POST", "/v1/sessions/renew") == 0
    page.clock.fast_forward(23 * 1800 * 1000)
    page.wait_for_timeout(500)
    assert studio.recorder.count("POST", "/v1/sessions/renew") == 1


def test_a_session_that_is_revoked_says_so_and_the_next_sign_in_has_the_changes(
    studio: Studio,
) -> None:
    studio.recorder.allow_status(401)
    publish(studio, "revoked", document_with(LAYER))
    editor = EditorPage(studio.sign_in(), studio, "revoked")
    open_editor(editor)
    editor.wait_for_exact_picture()
    name = json.loads(
        str(editor.page.evaluate("sessionStorage.getItem('postcard-studio-session')"))
    )
    revoke(studio, name)
    rename(editor, "After the end")
    expect(editor.page.locator(".notices")).to_contain_text("Your session ended")
    assert title_of(str(editor.page.evaluate(READ_KEPT, "revoked"))) == "After the end"
    editor.page.reload()
    expect(editor.page.get_by_role("button", name="Sign in")).to_be_visible()
    fragment = studio.invitation().partition("#")[2]
    editor.page.goto(f"{studio.url}/studio/t/revoked#{fragment}")
    expect(editor.page.locator(".top-bar")).to_be_visible()
    assert title_of(editor.saved_draft()) == "After the end"


def revoke(studio: Studio, session: dict[str, Any]) -> None:
    """What `postcard keys revoke` does."""
    headers = {"Authorization": f"Bearer {session['key']}"}
    response = studio.call("DELETE", "/v1/sessions/current", **headers)
    assert response.status_code == 204, response.text


def test_a_draft_that_somebody_deletes_is_stored_anew_with_the_next_change(studio: Studio) -> None:
    studio.recorder.allow_status(404, 412)
    editor = editor_page(studio, "draft-gone")
    open_editor(editor)
    editor.wait_for_exact_picture()
    rename(editor, "One")
    editor.wait_until_saved()
    assert studio.call("DELETE", "/v1/templates/draft-gone/draft").status_code == 204
    rename(editor, "Two")
    expect(editor.page.locator(".save-mark")).not_to_have_text("Saved · draft")
    assert title_of(editor.saved_draft()) == "Two"


def test_a_template_that_somebody_deletes_can_be_saved_as_another(studio: Studio) -> None:
    studio.recorder.allow_status(404, 410, 412)
    editor = editor_page(studio, "gone")
    open_editor(editor)
    editor.wait_for_exact_picture()
    rename(editor, "One")
    editor.wait_until_saved()
    assert studio.call("DELETE", "/v1/templates/gone").status_code == 204
    rename(editor, "Two")
    expect(editor.page.locator(".notices")).to_contain_text("was deleted")
    editor.page.reload()  # the browser still has it
    rename(editor, "Three")
    editor.page.locator(".notices button", has_text="Save as another template").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Rescued")
    dialog.get_by_role("button", name="Save as another template").click()
    expect(editor.page.locator("h1")).to_have_text("Rescued")
    copy = EditorPage(editor.page, studio, "rescued")
    assert title_of(copy.saved_draft()) == "Three"


@pytest.mark.parametrize("path", ["a%20b", "%2e%2e", "%3Cb%3E", "a%2Fb", "x" * 65, "%00", "é"])
def test_an_address_with_an_odd_id_is_a_page_that_does_not_exist(studio: Studio, path: str) -> None:
    studio.recorder.allow_status(404, 400, 403)
    page: Page = signed_in_page(studio)
    page.goto(f"{studio.url}/studio/t/{path}")
    expect(page.locator("body")).not_to_have_text("")
