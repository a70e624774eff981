"""No edit is lost: half-typed tags, a stopped service, busy answers, two browsers."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Error, Request, Response, Route, expect

from local.seed import SEED_FOLDER
from tests.studio.editor_page import EditorPage, signed_in_page
from tests.studio.studio import Studio

ROOT = Path(__file__).parents[2]
JSON = {"Content-Type": "application/json"}

TEMPLATES: tuple[str, ...] = ()
BANNER_TEXT = (SEED_FOLDER / "tmpl_a1b2c3d4e5.json").read_text()
TITLE = (200, 160)
TICKET = (80, 275)
FAULT = ".text-fault"


def open_banner(studio: Studio, template_id: str = "banner") -> EditorPage:
    """The editor of the welcome banner."""
    studio.publish(template_id, BANNER_TEXT)
    return EditorPage.open(studio, template_id)


def second_editor_behind_the_first(studio: Studio) -> EditorPage:
    """An editor of the banner; in another browser the ticket was moved by a pixel meanwhile."""
    anna = open_banner(studio)
    ben_page = signed_in_page(studio)
    ben_page.goto(anna.page.url)
    ben = EditorPage(ben_page, studio, "banner")
    ben.wait_for_exact_picture()
    studio.recorder.allow_status(412)
    anna.select(*TICKET)
    anna.press("ArrowRight")
    anna.wait_until_saved()
    return ben


def title(document: str) -> str:
    """The text of the banner's title."""
    text: str = json.loads(document)["layers"][6]["text"]
    return text


@pytest.mark.quick
def test_a_half_typed_tag_keeps_the_picture_and_says_what_is_wrong(studio: Studio) -> None:
    editor = open_banner(studio)
    studio.recorder.allow_status(400)
    editor.click(*TITLE, click_count=2)
    box = editor.page.get_by_role("textbox", name="Text of title")
    expect(box).to_be_focused()
    before = editor.page.locator(".pictures img").first.get_attribute("src")
    box.fill("Hello {{ us")
    expect(editor.page.locator(FAULT)).to_contain_text("Not drawn")
    expect(editor.page.locator(".outline.faulty")).to_have_count(1)
    expect(editor.page.locator(".pictures img")).to_have_count(1)
    publish = editor.page.get_by_role("button", name="Publish")
    expect(publish).to_have_attribute("aria-disabled", "true")
    box.fill("Hello {{ user_name }}")
    expect(editor.page.locator(FAULT)).to_have_count(0)
    editor.wait_for_exact_picture()
    assert editor.page.locator(".pictures img").first.get_attribute("src") != before
    assert title(editor.saved_draft()) == "Hello {{ user_name }}"
    editor.press("Escape")
    expect(box).to_have_count(0)


def test_typed_text_never_has_two_previews_in_flight(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.click(*TITLE, click_count=2)
    box = editor.page.get_by_role("textbox", name="Text of title")
    expect(box).to_be_focused()
    log = editor.previews()
    start = time.monotonic()
    editor.page.keyboard.type("A sentence that somebody types", delay=20)
    editor.wait_for_exact_picture()
    assert log.most_at_once == 1
    # Each preview begins 90 ms after the one before at the earliest.
    assert len(log.bodies) <= 3 + (time.monotonic() - start) / 0.09
    assert title(editor.saved_draft()) == "A sentence that somebody types"
    editor.press("Escape", "Control+z")
    assert title(editor.saved_draft()) == title(BANNER_TEXT), "typing is one entry"


def test_a_field_goes_into_the_text_at_the_caret(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.click(*TITLE, click_count=2)
    box = editor.page.get_by_role("textbox", name="Text of title")
    box.fill("Code: ")
    editor.page.locator(".chip", has_text="discount_code").click()
    expect(box).to_have_value("Code: {{ discount_code }}")
    expect(box).to_be_focused()
    assert title(editor.saved_draft()) == "Code: {{ discount_code }}"


def test_a_press_on_the_picture_sets_the_caret_in_the_text(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.click(*TITLE, click_count=2)
    box = editor.page.get_by_role("textbox", name="Text of title")
    expect(editor.page.locator(".text-selection").first).to_be_attached()
    body = {
        "document": json.loads(BANNER_TEXT),
        "base": "examples",
        "carets": "/layers/6",
    }
    carets = studio.call("POST", "/v1/previews", body, Accept="application/json").json()["carets"]
    (before_tag,) = (caret for caret in carets if caret["offset"] == 3)
    middle = (before_tag["top"] + before_tag["bottom"]) / 2
    editor.page.wait_for_timeout(500)  # not a double click
    editor.click(before_tag["x"] + 1, middle)
    expect(editor.page.locator(".caret")).to_be_attached()
    line = editor.page.locator(".caret-line")
    x = float(line.get_attribute("x1") or "nan")
    assert abs(x - (editor.at(before_tag["x"], 0)[0] - editor.at(0, 0)[0] + _left(editor))) < 1
    editor.page.keyboard.type("dear ")
    expect(box).to_have_value(re.compile("^Hi dear {{ user_name }}"))
    assert title(editor.saved_draft()).startswith("Hi dear {{ user_name }}")


def _left(editor: EditorPage) -> float:
    """Where the template begins in the canvas's element, in screen pixels."""
    canvas = editor.page.locator(".canvas").bounding_box()
    assert canvas is not None
    return editor.at(0, 0)[0] - canvas["x"]


def test_busy_answers_are_waited_for_and_no_edit_is_lost(studio: Studio) -> None:
    editor = open_banner(studio)
    studio.recorder.allow_status(429, 503)
    editor.select(*TICKET)
    answers = {"previews": [429, 503], "draft": [503, 429]}
    at: dict[str, list[float]] = {"previews": [], "draft": []}

    def answer(route: Route) -> None:
        if route.request.method not in ("POST", "PUT"):
            route.continue_()
            return
        name = "previews" if "previews" in route.request.url else "draft"
        at[name].append(time.monotonic())
        if not answers[name]:
            route.continue_()
            return
        status = answers[name].pop(0)
        code = {429: "rate_limited", 503: "service_unavailable"}[status]
        body = json.dumps({"code": code, "detail": "Wait.", "status": status})
        headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
        route.fulfill(status=status, headers=headers, body=body)

    editor.page.route("**/v1/previews", answer)
    editor.page.route("**/draft?*", answer)
    log = editor.previews()
    editor.press(*["ArrowDown"] * 5)
    expect(editor.page.locator(".save-mark.offline")).to_be_visible()
    editor.press(*["ArrowRight"] * 5)
    editor.wait_until_saved()
    editor.wait_for_exact_picture()
    ticket = json.loads(editor.draft())["layers"][7]
    assert (ticket["x"], ticket["y"]) == (45, 231)
    assert log.most_at_once == 1
    for name in at:
        waits = [b - a for a, b in zip(at[name], at[name][1:], strict=False)]
        assert all(wait >= 0.99 for wait in waits[:2]), (name, waits)


def test_two_browsers_change_other_layers_and_both_changes_stay(studio: Studio) -> None:
    ben = second_editor_behind_the_first(studio)
    ben.click(*TITLE)
    ben.press("ArrowDown")
    ben.wait_until_saved()
    layers = json.loads(ben.draft())["layers"]
    assert layers[7]["x"] == 41 and layers[6]["y"] == 119
    status = ben.page.locator("[aria-live=polite].visually-hidden")
    expect(status).to_contain_text("Both changes are in it now")


def test_two_browsers_change_the_same_and_one_is_asked(studio: Studio) -> None:
    ben = second_editor_behind_the_first(studio)
    ben.select(*TICKET)
    ben.press("Shift+ArrowRight")
    dialog = ben.page.get_by_role("dialog")
    expect(dialog).to_contain_text("changed this draft")
    expect(dialog.locator("img")).to_have_count(2)
    dialog.get_by_role("button", name="Keep mine", exact=True).click()
    expect(dialog).to_have_count(0)
    assert json.loads(ben.saved_draft())["layers"][7]["x"] == 50
    ben.page.locator(".surface").focus()
    ben.press("Control+z")
    assert json.loads(ben.saved_draft())["layers"][7]["x"] == 41, "the other is in the history"


SERVE = """
import json, sys
from pathlib import Path
from local.server import LocalServer
port, state, seed = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
with LocalServer(port, state, seed=seed) as server:
    facts = {"url": server.base_url, "key": server.keys.api_key, "link": server.studio_link()}
    print(json.dumps(facts), flush=True)
    sys.stdin.read()
"""


@contextmanager
def serving(port: int, state: Path, seed: Path) -> Iterator[dict[str, str]]:
    """A service in a process of its own, which is killed at the end."""
    arguments = [sys.executable, "-c", SERVE, str(port), str(state), str(seed)]
    paths = os.pathsep.join(str(ROOT / part) for part in ("layers/core", "functions", "."))
    with subprocess.Popen(
        arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_edits_without_the_service_survive_a_reload(browser: Browser, tmp_path: Path) -> None:
    state, seed = tmp_path / "state", tmp_path / "seed"
    seed.mkdir()
    (seed / "assets").symlink_to(SEED_FOLDER / "assets")
    with browser.new_context() as context:
        page = context.new_page()
        stored: list[int] = []

        def note(response: Response) -> None:
            if _is_draft_put(response.request):
                stored.append(response.status)

        page.on("response", note)
        with serving(0, state, seed) as service:
            port = urlsplit(service["url"]).port
            assert port is not None
            headers = {"Authorization": f"Bearer {service['key']}"}
            path = f"{service['url']}/v1/templates/banner"
            requests.put(path, data=BANNER_TEXT, headers=headers | JSON, timeout=60)
            page.goto(service["link"].replace("/studio", "/studio/t/banner"))
            expect(page.locator(".status-bar.exact")).to_be_visible(timeout=30_000)
            page.locator(".surface [tabindex='0']").focus()
            page.keyboard.press("ArrowRight")
            expect(page.locator(".save-mark")).to_have_text("Edited")
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        expect(page.locator(".save-mark.offline")).to_be_visible(timeout=15_000)
        assert stored == []
        with pytest.raises(Error, match="ERR_CONNECTION"):
            page.reload()
        with serving(port, state, seed) as service:
            page.goto(f"{service['url']}/studio/t/banner")
            expect(page.locator(".save-mark")).to_have_text("Saved · draft", timeout=30_000)
            answer = requests.get(f"{path}/draft/document", headers=headers, timeout=60)
            assert answer.json()["layers"][0]["x"] == 21, answer.text
            assert stored == [200], "one call stored all of them"
            page.locator(".surface [tabindex='0']").focus()
            for _ in range(2):  # one entry, or two if stopping the service took a while
                page.keyboard.press("Control+z")
            expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def _is_draft_put(request: Request) -> bool:
    return request.method == "PUT" and "/draft" in request.url
