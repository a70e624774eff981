"""Whatever somebody does, the page stays whole and no text is lost.

`POSTCARD_STUDIO=full` has a longer run for each seed template and design.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from local.seed import SEED_FOLDER
from tests.studio.editor_page import EditorPage
from tests.studio.random_person import RandomPerson, is_json
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
DESIGNS = Path(__file__).parents[2] / "functions/api/designs"
DOCUMENTS = {
    **{path.stem.replace("_", "-"): path for path in sorted(SEED_FOLDER.glob("*.json"))},
    **{path.parent.name: path for path in sorted(DESIGNS.glob("*/template.json"))},
}
FULL = os.environ.get("POSTCARD_STUDIO") == "full"
ACTIONS = int(os.environ.get("POSTCARD_STUDIO_ACTIONS", "250" if FULL else "25"))
RUNS = (
    [(name, seed) for seed, name in enumerate(DOCUMENTS)]
    if FULL
    else [("discount-coupon", 1), ("survey", 2)]
)
PROVOKED = r"ERR_CONNECTION_RESET|ERR_FAILED|status of (400|404|409|412|413|429|500|503)"


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_random_actions_lose_no_text_and_break_no_page(
    studio: Studio, name: str, seed: int
) -> None:
    first = DOCUMENTS[name].read_text()
    studio.publish(f"random-{name}", first)
    studio.recorder.allow(PROVOKED)
    editor = EditorPage.open(studio, f"random-{name}")
    person = RandomPerson(editor, seed)
    person.sent.append(first)
    try:
        for number in range(ACTIONS):
            person.act()
            expect(editor.page.locator(".editor .top-bar")).to_be_visible()
            assert studio.recorder.complaints() == []
            if number % 25 == 24:
                check_nothing_is_lost(studio, person)
        undo_everything(person)
        assert person.rest() == first
    except BaseException:
        print("\n".join(person.done))
        raise


def check_nothing_is_lost(studio: Studio, person: RandomPerson) -> None:
    """At rest, browser and editor have the same text; so has the service, if it takes the text."""
    editor = person.editor
    editor.page.unroute("**/v1/**")
    text = person.rest()
    mark = editor.page.locator(".save-mark").inner_text()
    if mark == "Saved · draft":
        assert editor.draft() == text
    layers = editor.page.locator(".surface [data-layer]")
    shown = layers.count()
    person.sent.clear()
    editor.page.reload()
    editor.page.locator(".editor").wait_for(timeout=20_000)
    assert person.rest() == text
    # Another board may have been shown, which has no layers on the canvas; no JSON has no picture.
    if shown and is_json(text):
        expect(layers).to_have_count(shown)


def undo_everything(person: RandomPerson) -> None:
    """Undo until nothing is left."""
    undo = person.page.get_by_role("button", name="Undo")
    for _ in range(600):
        if undo.is_disabled():
            return
        undo.click()
