"""Measures the template editor: `python -m bench.studio [--rounds 9] [--no-browser]`.

It starts a local service of its own. All figures are ratios of calls that take turns in one run,
since times depend on the machine and on its other users: a preview over that of an empty document
of 10×10 pixels, the parts of a picture over its preview, twelve people in one call over twelve
calls, the time from the pointer's release to the painted picture over that template's preview. In
Chromium it also counts the frames of a drag among 200 layers. Build the page before: `make studio`.
"""

import argparse
import copy
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import requests

from local.seed import SEED_FOLDER
from local.server import LocalServer

Json = dict[str, Any]
EMPTY: Json = {"name": "Empty", "width": 10, "height": 10, "layers": []}
WARM_UP_CALLS = 6  # until both processes of the function have drawn the document
PEOPLE = 12
MANY_LAYERS, FRAME_MS = 200, 1000 / 60
DRAG_STEPS = 240
# Resolves with the milliseconds from the pointer's release until the new picture is on the screen.
WATCH_PAINT = """() => {
  const host = document.querySelector(".pictures");
  window.painted = new Promise((resolve) => {
    addEventListener("pointerup", () => {
      const up = performance.now();
      const before = new Set([...host.children].map((image) => image.src));
      new MutationObserver((_, observer) => {
        const images = [...host.children];
        if (images.length !== 1 || before.has(images[0].src)) return;
        observer.disconnect();
        const painted = () => resolve(performance.now() - up);
        requestAnimationFrame(() => requestAnimationFrame(painted));
      }).observe(host, { childList: true });
    }, { once: true, capture: true });
  });
}"""
WATCH_FRAMES = """() => {
  window.frames_seen = [];
  const next = (now) => {
    window.frames_seen.push(now);
    window.watching = requestAnimationFrame(next);
  };
  window.watching = requestAnimationFrame(next);
}"""
FRAME_GAPS = """() => {
  cancelAnimationFrame(window.watching);
  return window.frames_seen.slice(1).map((at, index) => at - window.frames_seen[index]);
}"""


class Caller:
    """Calls `POST /v1/previews` as the editor does, over one connection."""

    def __init__(self, server: LocalServer) -> None:
        self._url = f"{server.base_url}/v1/previews"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {server.keys.api_key}"
        self._session.headers["Accept"] = "application/json"

    def preview(self, document: Json, **more: Any) -> Json:
        """A call's JSON, with its `milliseconds` and the `steps` of `Server-Timing`."""
        shown = {"base": "examples", "format": "jpg", "quality": 90, "findings": False}
        body = json.dumps({"document": document, **shown, **more})
        start = time.perf_counter()
        response = self._session.post(
            self._url, data=body, headers={"Content-Type": "application/json"}, timeout=60
        )
        milliseconds = (time.perf_counter() - start) * 1000
        response.raise_for_status()
        steps = (one.split(";dur=") for one in response.headers["Server-Timing"].split(", "))
        return {
            **response.json(),
            "milliseconds": milliseconds,
            "steps": {name: float(text) for name, text in steps},
        }


def moving(document: Json) -> Iterator[Json]:
    """The document again and again, its last layer moved each time."""
    moved = copy.deepcopy(document)
    for step in range(10**6):
        if moved["layers"]:
            last = moved["layers"][-1]
            last["x"] = document["layers"][-1].get("x", 0) + step % 7
        yield moved


def medians_in_turn(calls: dict[str, Callable[[], Json]], rounds: int) -> dict[str, float]:
    """The median milliseconds of calls that take turns, each warm."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(WARM_UP_CALLS + rounds):
        for name, call in calls.items():
            milliseconds = call()["milliseconds"]
            if number >= WARM_UP_CALLS:
                found[name].append(milliseconds)
    return {name: median(times) for name, times in found.items()}


def measure_previews(caller: Caller, seeds: dict[str, Json], rounds: int) -> None:
    """Prints what the previews and parts of each seed take."""
    print("\n| template | preview / empty | parts / preview | steps of a preview, ms |")
    print("|---|---|---|---|")
    ratios = []
    for name, document in seeds.items():
        shown = moving(document)
        steps: list[Json] = []
        pointer = f"/layers/{len(document['layers']) - 1}"

        def draw(shown: Iterator[Json] = shown, steps: list[Json] = steps) -> Json:
            answer = caller.preview(next(shown), describe=True)
            steps.append(answer["steps"])
            return answer

        def draw_parts(shown: Iterator[Json] = shown, pointer: str = pointer) -> Json:
            return caller.preview(next(shown), quality=1, parts=[pointer])

        calls = {
            "empty": lambda: caller.preview(EMPTY, describe=True),
            "preview": draw,
            "parts": draw_parts,
        }
        times = medians_in_turn(calls, rounds)
        ratio, parts = times["preview"] / times["empty"], times["parts"] / times["preview"]
        ratios.append(ratio)
        of_steps = {step: median(one[step] for one in steps[-rounds:]) for step in steps[-1]}
        text = ", ".join(f"{step} {ms:.1f}" for step, ms in of_steps.items() if ms >= 1)
        print(f"| {name} | {ratio:.2f} | {parts:.2f} | {text} |")
    print(f"\nPreviews: median {median(ratios):.2f} (target 3.5), worst {max(ratios):.2f} (5.5)")


def measure_people(caller: Caller, document: Json, rounds: int) -> None:
    """Prints what twelve people in one call take, over twelve calls."""
    people = [[{"name": "user_name", "value": f"Person {n}"}] for n in range(PEOPLE)]

    def one_by_one() -> Json:
        answers = [
            caller.preview(document, base="defaults", modifications=person) for person in people
        ]
        return {"milliseconds": sum(answer["milliseconds"] for answer in answers)}

    times = medians_in_turn(
        {
            "together": lambda: caller.preview(document, base="defaults", people=people),
            "one by one": one_by_one,
        },
        rounds,
    )
    print(f"12 people: {times['together'] / times['one by one']:.2f} of twelve calls (target 0.7)")


def many_layers() -> Json:
    """A document of 200 rectangles in rows."""
    size = {"width": 36, "height": 24}
    layers = [
        {"type": "rectangle", "x": 10 + 40 * (n % 20), "y": 10 + 30 * (n // 20), **size}
        for n in range(MANY_LAYERS)
    ]
    fills = ("#1864ab", "#c2255c", "#2b8a3e")
    layers = [{**layer, "fill": fills[n % 3]} for n, layer in enumerate(layers)]
    return {"name": "Many", "width": 820, "height": 320, "background": "#ffffff", "layers": layers}


def point_of_last_layer(answer: Json) -> tuple[float, float]:
    """A point where a click selects the last layer: a group's gaps select nothing."""
    xs, ys = zip(*answer["layers"][-1]["corners"], strict=True)
    return sum(xs) / 4, sum(ys) / 4


@contextmanager
def studio_pages(server: LocalServer, state: Path) -> Iterator[Any]:
    """The studio in Chromium."""
    from playwright.sync_api import sync_playwright  # the rest works without it

    from tests.local.chromium import CHROMIUM, FLAGS
    from tests.studio.conftest import PLAYWRIGHT_S_OWN
    from tests.studio.recorder import Recorder
    from tests.studio.studio import Studio

    flags = [flag for flag in FLAGS if flag not in PLAYWRIGHT_S_OWN]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield Studio(server, state, browser, Recorder(frozenset()))
        browser.close()


def measure_drags(studio: Any, caller: Caller, seeds: dict[str, Json], rounds: int) -> None:
    """Prints how long after the pointer's release the new picture is painted."""
    from tests.studio.editor_page import EditorPage

    print("\n| template | released → painted / preview |\n|---|---|")
    ratios = []
    for name, document in seeds.items():
        x, y = point_of_last_layer(caller.preview(document, describe=True))
        editor = EditorPage.open(studio, name)
        editor.select(x, y)
        shown, times, previews = moving(document), [], []
        for number in range(rounds):
            by = 12 if number % 2 == 0 else -12
            editor.page.evaluate(WATCH_PAINT)
            editor.drag((x, y), (x + by, y))
            x += by
            times.append(editor.page.evaluate("() => window.painted"))
            editor.wait_for_exact_picture()
            previews.append(caller.preview(next(shown), describe=True)["milliseconds"])
        ratios.append(median(times) / median(previews))
        print(f"| {name} | {ratios[-1]:.2f} |", flush=True)
        editor.page.context.close()
    print(f"\nReleased → painted: median {median(ratios):.2f}, worst {max(ratios):.2f} (target 2)")


def measure_frames(studio: Any) -> None:
    """Prints the share of a drag's frames that came in time, among 200 layers."""
    from tests.studio.editor_page import EditorPage

    studio.publish("many", json.dumps(many_layers()))
    editor = EditorPage.open(studio, "many")
    x, y = 28.0, 22.0
    editor.select(x, y)
    editor.page.evaluate(WATCH_FRAMES)
    editor.drag((x, y), (x + 500, y + 200), steps=DRAG_STEPS, snap=True)
    gaps = editor.page.evaluate(FRAME_GAPS)
    in_time = sum(gap <= 2 * FRAME_MS + 1 for gap in gaps) / len(gaps)
    nodes = editor.page.evaluate("() => document.querySelectorAll('.surface *').length")
    print(
        f"Drag among {MANY_LAYERS} layers: {in_time:.0%} of {len(gaps)} frames within two "
        f"(target 95 %), {nodes / MANY_LAYERS:.1f} nodes a layer (4)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    seeds = {path.stem: json.loads(path.read_text()) for path in sorted(SEED_FOLDER.glob("*.json"))}
    with tempfile.TemporaryDirectory() as folder, LocalServer(0, Path(folder)) as server:
        caller = Caller(server)
        measure_previews(caller, seeds, options.rounds)
        measure_people(caller, seeds["tmpl_a1b2c3d4e5"], max(3, options.rounds // 3))
        if not options.no_browser:
            with studio_pages(server, Path(folder)) as studio:
                measure_drags(studio, caller, seeds, max(3, options.rounds // 2))
                measure_frames(studio)


if __name__ == "__main__":
    main()
