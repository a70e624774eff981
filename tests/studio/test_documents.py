"""What the editor does to the text of the seed templates, and where their layers are hit."""

import io
import json
import math
import random
import subprocess
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from local.seed import SEED_FOLDER
from tests.cli.runner import run_postcard
from tests.studio.editor_page import EditorPage, Point
from tests.studio.screen_pages import data_uri_bytes
from tests.studio.studio import Studio

TEMPLATES = tuple(path.stem for path in sorted(SEED_FOLDER.glob("*.json")))
POINTS = 20
DOUBLE_CLICK = 8  # screen pixels within which two clicks are a double click
OPAQUE = 250
EDGE = 1  # pixels: what is drawn there is blended, and no promise is made
GRACE = 12  # pixels beside a layer in which a press still means it, at the zoom that shows it all
Corners = list[list[float]]


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com")
    command = ["git", *name, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_drag_that_is_published_and_pulled_is_one_line_in_git(
    studio: Studio, tmp_path: Path
) -> None:
    name = "dragged"
    file = tmp_path / f"{name}.json"
    file.write_bytes((SEED_FOLDER / "tmpl_a1b2c3d4e5.json").read_bytes())
    studio.publish(name, file.read_text())
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", file.name)
    git(tmp_path, "commit", "--quiet", "--message", "As it was")
    editor = EditorPage.open(studio, name)
    ticket = (80, 275)
    editor.select(*ticket)
    editor.drag(ticket, (ticket[0] + 40, ticket[1]))
    editor.wait_for_exact_picture()
    page = editor.page
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Version 2 is published")).to_be_visible()
    pull = ("templates", "pull", name, "--folder", tmp_path, "--state", studio.state)
    assert run_postcard(*pull, "--overwrite").exit_code == 0
    assert "1 insertion(+), 1 deletion(-)" in git(tmp_path, "diff", "--stat")
    assert git(tmp_path, "diff", "--word-diff=plain", "--unified=0").count("[-") == 1


def lines_of_first_layer(text: str) -> tuple[int, int]:
    """The numbers of the first and the last line of a document's layer at the back."""
    start = text.index("{", text.index('"layers"'))
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text.count("\n", 0, start), text.count("\n", 0, end)


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_grouping_changes_the_lines_of_its_layer_alone_and_undo_restores_them(
    studio: Studio, template_id: str
) -> None:
    text = (SEED_FOLDER / f"{template_id}.json").read_text()
    editor = EditorPage.open(studio, template_id)
    page = editor.page
    page.get_by_role("treeitem").and_(page.locator("[aria-level='1']")).last.focus()
    editor.press("Space", "Control+g")
    grouped = editor.saved_draft()
    layers = json.loads(grouped)["layers"]
    assert layers[0]["type"] == "group" and len(layers[0]["layers"]) == 1
    assert layers[1:] == json.loads(text)["layers"][1:]
    first, last = lines_of_first_layer(text)
    before, after = text.splitlines(), grouped.splitlines()
    assert after[:first] == before[:first]
    assert after[len(after) - (len(before) - last - 1) :] == before[last + 1 :]
    page.get_by_role("button", name="Undo").click()
    assert editor.saved_draft() == text


# --- where a layer is hit


def described(studio: Studio, document: Any) -> list[dict[str, Any]]:
    body = {"document": document, "describe": True, "base": "examples"}
    answer = studio.call("POST", "/v1/previews", body, Accept="application/json")
    assert answer.status_code == 200, answer.text
    layers: list[dict[str, Any]] = answer.json()["layers"]
    return layers


def own_picture(studio: Studio, document: Any, pointer: str) -> Image.Image | None:
    """The layer alone on a transparent canvas; None if it is not drawn by itself."""
    body = {"document": document, "parts": [pointer], "base": "examples", "format": "png"}
    parts = studio.call("POST", "/v1/previews", body, Accept="application/json").json()["parts"]
    if parts is None:
        return None
    layer = parts["layer"]
    canvas = Image.new("RGBA", (document["width"], document["height"]))
    picture = Image.open(io.BytesIO(data_uri_bytes(layer["image"]))).convert("RGBA")
    canvas.paste(picture, (round(layer["x"]), round(layer["y"])))
    return canvas


def is_in(corners: Corners, point: Point, margin: float = 0) -> bool:
    """Whether a point is in a convex shape that is made wider by `margin`."""
    sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
    distances = []
    for (x1, y1), (x2, y2) in sides:
        length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
        distances.append(((x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)) / length)
    return all(d >= -margin for d in distances) or all(d <= margin for d in distances)


def is_opaque(picture: Image.Image, point: Point) -> bool:
    """Whether a pixel and those round it are drawn."""
    x, y = (int(value) for value in point)
    box = (x - EDGE, y - EDGE, x + EDGE + 1, y + EDGE + 1)
    histogram = picture.getchannel("A").crop(box).histogram()
    return sum(histogram[:OPAQUE]) == 0


SELECTED = """() => {
  const pressed = document.querySelectorAll(".surface [data-layer][aria-pressed=true]");
  const all = [...document.querySelectorAll(".surface [data-layer]")];
  return [...pressed].map((button) => all.indexOf(button));
}"""


class HitPoints:
    """Points of the canvas that are in a top-level layer's ink, and others that are beside it."""

    def __init__(self, document: Any, layers: list[dict[str, Any]]) -> None:
        self._size = (document["width"], document["height"])
        self._layers = layers
        self._chance = random.Random(7)

    def inside(self, index: int, picture: Image.Image) -> list[Point]:
        """In its ink, where no layer above it is."""
        above = [each["corners"] for each in self._layers if top_index(each) > index]
        return self._some(
            picture.getchannel("A").getbbox() or (0, 0, 1, 1),
            lambda point: (
                is_opaque(picture, point) and not any(is_in(one, point, GRACE) for one in above)
            ),
        )

    def outside(self, index: int) -> list[Point]:
        own = [each["corners"] for each in self._layers if top_index(each) == index]
        return self._some(
            (0, 0, *self._size), lambda point: not any(is_in(one, point, GRACE) for one in own)
        )

    def _some(
        self, box: tuple[float, float, float, float], fits: Callable[[Point], bool]
    ) -> list[Point]:
        left, top, right, bottom = box
        tries = (
            (self._chance.uniform(left, right), self._chance.uniform(top, bottom))
            for _ in range(2000)
        )
        inner = ((x, y) for x, y in tries if self._is_on_canvas(x) and self._is_on_canvas(y, 1))
        return list(islice(filter(fits, inner), POINTS // 2))

    def _is_on_canvas(self, value: float, axis: int = 0) -> bool:
        return bool(EDGE <= value <= self._size[axis] - EDGE)


def top_index(layer: dict[str, Any]) -> int:
    return int(layer["pointer"].split("/")[2])


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_a_click_in_a_layer_s_ink_selects_it_and_one_beside_it_does_not(
    studio: Studio, template_id: str
) -> None:
    document = json.loads((SEED_FOLDER / f"{template_id}.json").read_text())
    editor = EditorPage.open(studio, template_id)
    layers = described(studio, document)
    points = HitPoints(document, layers)
    buttons = pointers(document["layers"], "/layers")
    tried, last = 0, (-99.0, -99.0)
    for index in sorted({top_index(layer) for layer in layers}):
        picture = own_picture(studio, document, f"/layers/{index}")
        inside = points.inside(index, picture) if picture else []
        outside = points.outside(index)
        for point, hits in [(p, True) for p in inside] + [(p, False) for p in outside]:
            if math.dist(point, last) * editor.zoom < DOUBLE_CLICK:
                continue
            last = point
            if editor.page.evaluate(SELECTED):
                editor.press("Escape")
            editor.click(*point)
            selected = [buttons[number] for number in editor.page.evaluate(SELECTED)]
            assert (f"/layers/{index}" in selected) is hits, (index, point, selected)
            tried += hits
    assert tried >= POINTS // 2  # of a few layers: most of some templates are in a flow


def pointers(layers: list[dict[str, Any]], path: str) -> list[str]:
    """The layers' pointers in the order of the canvas's buttons."""
    found: list[str] = []
    for index, layer in enumerate(layers):
        found.append(f"{path}/{index}")
        found += pointers(layer.get("layers", []), f"{path}/{index}/layers")
    return found
