"""Selecting, moving, resizing and turning layers on the canvas, with the pointer and with keys."""

import io
import json
import math
from difflib import ndiff
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from local.seed import SEED_FOLDER
from tests.studio.editor_page import EditorPage
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
BANNER = "banner"
BANNER_TEXT = (SEED_FOLDER / "tmpl_a1b2c3d4e5.json").read_text()
TICKET = (80, 275)  # a point of the white ticket, with no layer and no handle above it

TURNED: dict[str, Any] = {
    "width": 400,
    "height": 300,
    "background": "#ffffff",
    "layers": [
        {
            "type": "group",
            "name": "tilted",
            "x": 100,
            "y": 60,
            "width": 200,
            "height": 160,
            "rotation": 30,
            "layers": [
                {
                    "type": "rectangle",
                    "name": "badge",
                    "x": 20,
                    "y": 60,
                    "width": 160,
                    "height": 30,
                    "rotation": 25,
                    "fill": "#c2255c",
                }
            ],
        }
    ],
}
LIST: dict[str, Any] = {
    "width": 400,
    "height": 200,
    "fields": {
        "products": {
            "type": "list",
            "items": {"name": {"max_length": 20}},
            "example": [{"name": "One"}, {"name": "Two"}, {"name": "Three"}],
        }
    },
    "layers": [
        {
            "type": "group",
            "name": "row",
            "x": 20,
            "y": 20,
            "flow": "row",
            "gap": 20,
            "layers": [
                {
                    "type": "group",
                    "name": "item",
                    "repeat": "products",
                    "layers": [
                        {
                            "type": "rectangle",
                            "name": "card",
                            "width": 80,
                            "height": 80,
                            "fill": "#1864ab",
                        }
                    ],
                }
            ],
        }
    ],
}


def changed_lines(before: str, after: str) -> list[str]:
    """The lines that differ, as `- old` and `+ new`."""
    lines = ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "-+"]


def open_banner(studio: Studio, **options: Any) -> EditorPage:
    """The editor of the welcome banner, whose text is that of the file in git."""
    studio.publish(BANNER, BANNER_TEXT)
    return EditorPage.open(studio, BANNER, **options)


def open_document(studio: Studio, template_id: str, document: Any, **options: Any) -> EditorPage:
    """The editor of a document of the test's own."""
    studio.publish(template_id, json.dumps(document))
    return EditorPage.open(studio, template_id, **options)


def describe(studio: Studio, document: Any) -> Any:
    """The layers of a document as the service describes them."""
    body = {"document": document, "describe": True}
    answer = studio.call("POST", "/v1/previews", body, Accept="application/json").json()
    return answer["layers"]


@pytest.mark.quick
def test_a_drag_changes_one_number_and_undo_restores_every_byte(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    log = editor.previews()
    with editor.dragging(TICKET, (TICKET[0] + 40, TICKET[1])):
        assert log.kinds() == [], "no request while it is dragged"
    assert editor.page.locator(".save-mark").inner_text() == "Edited"
    editor.wait_for_exact_picture()
    moved = editor.saved_draft()
    assert changed_lines(BANNER_TEXT, moved) == [
        line.replace('"x": 40', f'"x": {x}')
        for line, x in zip(_ticket_lines(), (40, 80), strict=True)
    ]
    assert log.kinds() == ["shown", "exact"]
    editor.press("Control+z")
    editor.wait_for_exact_picture()
    assert editor.saved_draft() == BANNER_TEXT
    editor.press("Control+Shift+z")
    editor.wait_for_exact_picture()
    assert editor.saved_draft() == moved
    assert log.most_at_once == 1


def _ticket_lines() -> list[str]:
    (line,) = (line for line in BANNER_TEXT.splitlines(keepends=True) if '"ticket"' in line)
    return [f"- {line}", f"+ {line}"]


def test_the_old_picture_stays_until_the_new_one_is_there(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    log = editor.previews()
    held: list[Route] = []
    editor.page.route("**/v1/previews", lambda route: held.append(route))
    before = _canvas_picture(editor)
    with editor.dragging(TICKET, (TICKET[0] + 60, TICKET[1] - 4), steps=60):
        editor.page.wait_for_timeout(1000)
        assert held == [] and log.kinds() == []
        dragged = _canvas_picture(editor)
    while not held:
        editor.page.wait_for_timeout(20)
    waiting = [_canvas_picture(editor) for _ in range(5)]
    held.pop().continue_()
    editor.page.unroute("**/v1/previews")
    editor.wait_for_exact_picture()
    after = _canvas_picture(editor)
    scenery, ticket, ticket_before = (500, 60), (325, 260), (45, 260)
    for number, frame in enumerate((dragged, *waiting, after)):
        assert _is_near(_pixel(editor, frame, scenery), _pixel(editor, before, scenery))
        assert _is_near(_pixel(editor, frame, ticket), (255, 255, 255)), f"frame {number} follows"
        assert not _is_near(_pixel(editor, frame, ticket_before), (255, 255, 255)), "and left"
    assert log.kinds()[:2] == ["shown", "exact"]


def _canvas_picture(editor: EditorPage) -> Image.Image:
    return Image.open(io.BytesIO(editor.page.screenshot())).convert("RGB")


def _pixel(
    editor: EditorPage, screenshot: Image.Image, point: tuple[float, float]
) -> tuple[int, ...]:
    x, y = editor.at(*point)
    pixel = screenshot.getpixel((round(x), round(y)))
    assert isinstance(pixel, tuple)
    return tuple(int(channel) for channel in pixel)


def _is_near(pixel: tuple[int, ...], other: tuple[int, ...], within: int = 14) -> bool:
    return all(abs(a - b) <= within for a, b in zip(pixel, other, strict=True))


def test_a_turned_layer_in_a_turned_group_is_hit_where_it_is_drawn(studio: Studio) -> None:
    editor = open_document(studio, "turned", TURNED)
    layers = describe(studio, TURNED)
    (badge,) = (one for one in layers if one["pointer"] == "/layers/0/layers/0")
    corners = badge["corners"]
    middle = tuple(sum(corner[axis] for corner in corners) / 4 for axis in (0, 1))
    editor.click(*middle, click_count=2)
    assert editor.selected()[0].startswith("badge, rectangle")
    for index, (x, y) in enumerate(corners):
        # Along the line from the middle to a corner: inside of it, and outside.
        length = math.hypot(x - middle[0], y - middle[1])
        for by, hits in ((-3, True), (3, False)):
            share = 1 + by / length
            point = (middle[0] + (x - middle[0]) * share, middle[1] + (y - middle[1]) * share)
            editor.press("Escape", "Escape", "Escape")
            editor.page.locator(".surface").focus()
            editor.click(*point, click_count=2)
            assert (editor.selected() != []) is hits, f"corner {index}, {by} px"


def test_every_copy_of_a_repeated_layer_selects_the_one_layer(studio: Studio) -> None:
    editor = open_document(studio, "list", LIST)
    editor.click(60, 60)
    assert editor.selected()[0].startswith("row, group")
    editor.press("Enter", "Enter")
    for x in (60, 160, 260):
        editor.click(x, 60)
        (name,) = editor.selected()
        assert name.startswith("card, rectangle")
        expect(editor.page.locator(".outline.selected")).to_have_count(3)
    editor.click(110, 60)
    assert editor.selected() == [], "the gap between two copies"


@pytest.mark.parametrize(("ratio", "keys"), [(1, "1"), (1, "-----"), (2, "1+++++"), (2, "1")])
def test_handles_are_at_the_corners_that_the_service_describes(
    studio: Studio, ratio: int, keys: str
) -> None:
    document = json.loads(json.dumps(TURNED))
    document["layers"] = document["layers"][0]["layers"]
    document["layers"][0].update(x=120, y=130)
    editor = open_document(studio, "handles", document, device_scale_factor=ratio)
    corners = describe(studio, document)[0]["corners"]
    editor.click(200, 145)
    editor.press(*keys)
    editor.wait_for_exact_picture()
    for handle, corner in zip(((-1, -1), (1, -1), (1, 1), (-1, 1)), corners, strict=True):
        x, y = editor.center_of(editor.handle(*handle))
        expected = editor.at(*corner)
        offset = math.dist((x, y), expected)
        # Beside a side that is short on the screen the handle is a little further out.
        assert offset <= (1 if 30 * editor.zoom >= 40 else 9.5), (handle, offset)


def test_a_shape_is_resized_by_its_handle_and_the_other_side_stays(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    log = editor.previews()
    corner = (288, 280)
    with editor.dragging(corner, (308, 290)):
        assert log.kinds() == [], "its picture is stretched meanwhile"
    editor.wait_for_exact_picture()
    ticket = json.loads(editor.saved_draft())["layers"][7]
    assert (ticket["x"], ticket["y"]) == (40, 226)
    assert (ticket["width"], ticket["height"]) == (268, 64)


COUNT_URLS = """() => {
  const open = new Set(), {createObjectURL, revokeObjectURL} = URL;
  window.mostOpen = 0;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    open.add(url);
    window.mostOpen = Math.max(window.mostOpen, open.size);
    return url;
  };
  URL.revokeObjectURL = (url) => { open.delete(url); revokeObjectURL.call(URL, url); };
}"""


def test_a_text_is_drawn_by_the_service_while_it_is_resized(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.page.evaluate(COUNT_URLS)
    editor.click(200, 160)
    assert editor.selected()[0].startswith("title, text")
    log = editor.previews()
    with editor.dragging((362, 164), (262, 164), steps=40):
        editor.page.wait_for_timeout(500)
        widths = [body["document"]["layers"][6]["width"] for body in log.bodies]
        assert widths and widths == sorted(widths, reverse=True) and widths[-1] == 222
        assert log.most_at_once == 1
    editor.wait_for_exact_picture()
    assert json.loads(editor.saved_draft())["layers"][6]["width"] == 222
    editor.press("Control+z")
    assert editor.saved_draft() == BANNER_TEXT, "one entry in the history"
    assert 1 <= editor.page.evaluate("window.mostOpen") <= 8, "pictures that are held in memory"


def test_a_drag_that_is_given_up_changes_nothing(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    with editor.dragging(TICKET, (300, 100)):
        editor.press("Escape")
    expect(editor.page.locator(".save-mark")).to_have_text("Saved · as published")
    expect(editor.page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_layer_snaps_to_the_middle_and_says_how_far_it_is(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    middle = (TICKET[0] + 136 + 4, TICKET[1])  # four pixels beside the middle
    with editor.dragging(TICKET, middle, snap=True):
        expect(editor.page.locator("line.guide").first).to_be_attached()
    editor.wait_for_exact_picture()
    assert json.loads(editor.saved_draft())["layers"][7]["x"] == 176


def test_thirty_steps_of_a_held_key_are_one_entry_and_one_draft(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    log = editor.previews()
    stored = studio.recorder.count("PUT", "/v1/templates/.*/draft.*")
    editor.press(*["ArrowRight"] * 30)
    editor.wait_until_saved()
    editor.wait_for_exact_picture()
    assert json.loads(editor.draft())["layers"][7]["x"] == 70
    assert len(log.bodies) <= 30 and log.most_at_once == 1
    assert "parts" not in log.kinds(), "a moved layer's parts stay good"
    assert studio.recorder.count("PUT", "/v1/templates/.*/draft.*") == stored + 1
    editor.press("Control+z")
    assert editor.saved_draft() == BANNER_TEXT


def test_the_keyboard_selects_moves_turns_aligns_and_orders_layers(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.page.locator(".surface button[tabindex='0']").focus()
    editor.press("PageDown", "PageDown")
    assert editor.selected()[0].startswith("Rectangle, rectangle")
    editor.press("Shift+ArrowDown", "ArrowLeft", "Alt+ArrowRight", "Control+Alt+Shift+ArrowRight")
    editor.press("Control+]")
    editor.wait_for_exact_picture()
    layers = json.loads(editor.saved_draft())["layers"]
    turned = layers[3]
    assert turned["rotation"] == 15 and turned["width"] == 71
    assert layers[2]["name"] == "avatar", "it is above the avatar now"
    editor.press("Control+Alt+r")
    editor.wait_for_exact_picture()
    aligned = json.loads(editor.saved_draft())["layers"][3]
    assert aligned["x"] > 500
    expect(editor.page.locator("[aria-live=polite].visually-hidden")).to_contain_text("Moved to")


def test_layers_are_grouped_duplicated_and_deleted_by_keys(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.click(60, 60)
    editor.page.keyboard.down("Shift")
    editor.click(*TICKET)
    editor.page.keyboard.up("Shift")
    assert len(editor.selected()) == 2
    editor.press("Control+g")
    editor.wait_for_exact_picture()
    grouped = json.loads(editor.saved_draft())["layers"]
    (group,) = (layer for layer in grouped if layer["type"] == "group")
    assert [layer["name"] for layer in group["layers"]] == ["avatar", "ticket"]
    assert (group["x"], group["y"]) == (40, 36)
    editor.press("Control+Shift+g")
    editor.wait_for_exact_picture()
    assert len(json.loads(editor.saved_draft())["layers"]) == 11
    editor.press("Control+d", "Delete", "Delete")
    editor.wait_for_exact_picture()
    for _ in range(4):
        editor.press("Control+z")
    assert editor.saved_draft() == BANNER_TEXT


def test_a_layer_is_copied_with_the_clipboard_as_json(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    editor.press("Control+c", "Control+v")
    editor.wait_for_exact_picture()
    layers = json.loads(editor.saved_draft())["layers"]
    assert layers[8] == {**layers[7], "name": "ticket_2"}


def test_a_drag_with_alt_drops_a_copy(studio: Studio) -> None:
    editor = open_banner(studio)
    editor.select(*TICKET)
    editor.page.keyboard.down("Alt")
    editor.drag(TICKET, (TICKET[0] + 100, TICKET[1]))
    editor.page.keyboard.up("Alt")
    editor.wait_for_exact_picture()
    layers = json.loads(editor.saved_draft())["layers"]
    assert [layer["x"] for layer in layers[7:9]] == [40, 140]
