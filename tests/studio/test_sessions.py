"""Sessions in the browser: where their key is, what ends with them, and what they may not do."""

import json
import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.studio.editor_page import EditorPage
from tests.studio.screen_pages import KEPT, new_document, open_screen, publish
from tests.studio.studio import Studio

TEMPLATES = ("tmpl_a1b2c3d4e5", "discount-coupon")
ALL_THAT_IS_KEPT = """async () => {
  const ask = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const names = [...Object.keys(localStorage), ...Object.keys(sessionStorage)];
  const found = {names, databases: []};
  for (const {name} of await indexedDB.databases()) {
    const database = await ask(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const records = await ask(database.transaction(store).objectStore(store).getAll());
      found.databases.push(JSON.stringify(records));
    }
    database.close();
  }
  return {...found, local: JSON.stringify(localStorage), cookie: document.cookie};
}"""


def key_of(page: Page) -> str:
    return str(json.loads(page.evaluate(f"sessionStorage.getItem('{KEPT}')"))["key"])


def edit(editor: EditorPage, presses: int = 1) -> None:
    """Move the first layer to the right."""
    editor.page.locator(".surface [tabindex='0']").focus()
    editor.press(*["ArrowRight"] * presses)


def test_the_key_is_in_no_address_log_draft_or_database(studio: Studio) -> None:
    publish(studio, "kept", new_document(name="Kept"))
    studio.recorder.allow_status(404)
    page = studio.sign_in("Kim")
    page.goto(f"{studio.url}/studio/t/kept")
    editor = EditorPage(page, studio, "kept")
    editor.wait_for_exact_picture()
    edit(editor)
    draft = editor.saved_draft()
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Image tag")).to_have_value(re.compile(r"/r/kept\.png\?"))
    key = key_of(page)
    kept = page.evaluate(ALL_THAT_IS_KEPT)
    assert any("Kept" in records for records in kept["databases"]), "the draft is kept here"
    assert not any(key in name for name in kept["names"])
    for place in (*kept["databases"], kept["local"], kept["cookie"], draft):
        assert key not in place
    assert not any(key in url for url in studio.recorder.urls)
    assert key not in page.get_by_label("Image tag").input_value()
    assert key not in page.content()
    log = (studio.state / "log.jsonl").read_text()
    assert "/v1/templates/<template_id>/draft" in log and key not in log


def test_a_session_that_ends_in_the_middle_of_work_loses_nothing(studio: Studio) -> None:
    publish(studio, "ended", new_document(name="Ended"))
    studio.recorder.allow_status(401, 404)
    page = studio.sign_in("Eve")
    page.goto(f"{studio.url}/studio/t/ended")
    editor = EditorPage(page, studio, "ended")
    editor.wait_for_exact_picture()
    ended = studio.call("DELETE", "/v1/sessions/current", Authorization=f"Bearer {key_of(page)}")
    assert ended.status_code == 204
    edit(editor, 3)
    expect(page.get_by_text("Your session ended.")).to_be_visible()
    edit(editor, 4)  # and work goes on
    assert studio.call("GET", "/v1/templates/ended/draft").status_code == 404
    assert KEPT not in page.evaluate("Object.keys(sessionStorage)")
    link = studio.invitation("Eve")
    page.goto(f"{studio.url}/studio/t/ended#{urlsplit(link).fragment}")
    expect(page.locator(".save-mark")).to_have_text("Saved · draft")
    assert json.loads(editor.draft())["layers"][0]["x"] == 4 + 7
    expect(page.get_by_text("Your session ended.")).to_have_count(0)


def test_a_page_that_offers_too_much_shows_the_refusal_of_the_service(studio: Studio) -> None:
    """A session that may only design, in a page that was made to believe otherwise."""
    publish(studio, "refused", new_document(name="Refused"))
    studio.recorder.allow_status(403, 404)
    page = open_screen(studio, "/t/refused", invitation={"design_only": True})
    expect(page.get_by_role("button", name="Ask for publishing")).to_be_visible()
    kept = json.loads(page.evaluate(f"sessionStorage.getItem('{KEPT}')"))
    more = json.dumps({**kept, "scopes": [*kept["scopes"], "templates", "images"]})
    page.evaluate(f"sessionStorage.setItem('{KEPT}', {json.dumps(more)})")
    page.reload()
    editor = EditorPage(page, studio, "refused")
    editor.wait_for_exact_picture()
    edit(editor)
    editor.wait_until_saved()
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    with page.expect_response(
        lambda response: response.request.method == "PUT" and response.url.endswith("/refused")
    ) as refused:
        dialog.get_by_role("button", name="Publish").click()
    assert refused.value.status == 403
    problem = dialog.get_by_role("alert")
    expect(problem).to_contain_text(refused.value.json()["detail"])
    expect(problem).to_contain_text(refused.value.json()["request_id"])
    assert studio.call("GET", "/v1/templates/refused").json()["version"] == 1
    assert json.loads(editor.draft())["layers"][0]["x"] == 5, "the draft is still there"


def test_a_confined_session_sees_and_makes_no_other_template(studio: Studio) -> None:
    confined = {"templates": ["discount-coupon"]}
    studio.recorder.allow_status(403, 404)
    page = open_screen(studio, "/new", invitation=confined)
    page.get_by_role("button", name="Banner").click()
    page.get_by_label("Name").fill("Smuggled")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid for the template")
    assert studio.call("GET", "/v1/templates/smuggled/draft").status_code == 404
    key = {"Authorization": f"Bearer {key_of(page)}"}
    for path in ("", "/document", "/draft", "/draft/document", "/versions", "/fields"):
        answer = studio.call("GET", f"/v1/templates/tmpl_a1b2c3d4e5{path}", **key)
        assert (answer.status_code, answer.json()["code"]) == (403, "template_not_allowed"), path
    listed = studio.call("GET", "/v1/templates", **key).json()["items"]
    assert [line["id"] for line in listed] == ["discount-coupon"]
