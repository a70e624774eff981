"""Templates of the gallery, broken by a seeded mutator in one to four of fourteen ways."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from postcard.lint.fixes.examination import Examiner
from tests.rendering.drawing import renderer

SEEDS = Path("local/seed")
NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z
Json = dict[str, Any]
Damage = Callable[[random.Random, Json], None]


@cache
def seed_documents() -> dict[str, Json]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(SEEDS.glob("*.json"))}


@cache
def pictures() -> dict[str, bytes]:
    return {
        f"asset:{path.stem}": path.read_bytes() for path in sorted((SEEDS / "assets").iterdir())
    }


@cache
def examiner() -> Examiner:
    """Draws all documents at one moment, with one process's fonts and pictures."""
    return Examiner(renderer(), renderer().fonts, pictures(), now=NOW)


def broken_template(chooser: random.Random) -> tuple[str, Json]:
    """A document with damage, and what was done to it."""
    name = chooser.choice(sorted(seed_documents()))
    document = copy.deepcopy(seed_documents()[name])
    kinds = chooser.sample(sorted(DAMAGES), chooser.randint(1, 4))
    for kind in kinds:
        DAMAGES[kind](chooser, document)
    return f"{name}: {', '.join(kinds)}", document


def layers_of(document: Json, *types: str) -> list[Json]:
    return [layer for layer in _walk(document["layers"]) if layer["type"] in types]


def _walk(layers: list[Json]) -> Iterator[Json]:
    for layer in layers:
        yield layer
        yield from _walk(layer.get("layers", []))


def _faint_text(chooser: random.Random, document: Json) -> None:
    colors = ["#9aa0a6", "#777788", "#d0d0d0", "#3b4252", "#cc8888", "#22aa55"]
    chooser.choice(layers_of(document, "text"))["color"] = chooser.choice(colors)


def _narrow_text(chooser: random.Random, document: Json) -> None:
    text = chooser.choice(layers_of(document, "text"))
    for name in ("overflow", "fit", "min_size", "max_lines"):
        text.pop(name, None)
    text.update(width=chooser.choice([60, 120, 200]), height=chooser.choice([20, 30]))
    text["size"] = chooser.choice([40, 60])


def _unknown_font(chooser: random.Random, document: Json) -> None:
    fonts = [
        "Helvetica Neue",
        "Intre",
        "Robotto",
        "Georgia",
        "Comic Sans MS",
        ["Segoe UI", "Inter"],
    ]
    chooser.choice(layers_of(document, "text"))["font"] = chooser.choice(fonts)


def _unused_field(chooser: random.Random, document: Json) -> None:
    document.setdefault("fields", {})["left_over"] = {"default": "x"}


def _missing_example(chooser: random.Random, document: Json) -> None:
    required = [one for one in document.get("fields", {}).values() if one.get("required")]
    if required:
        chooser.choice(required).pop("example", None)


def _outside(chooser: random.Random, document: Json) -> None:
    chooser.choice(document["layers"])["x"] = chooser.choice([document["width"] + 50, -3000])


def _tiny_code(chooser: random.Random, document: Json) -> None:
    for code in layers_of(document, "qr", "barcode")[:1]:
        code["width"] = 12


def _faint_code(chooser: random.Random, document: Json) -> None:
    for code in layers_of(document, "qr", "barcode")[:1]:
        code["color"] = chooser.choice(["#999999", "#eeeeee", "#bb8866"])


def _no_size(chooser: random.Random, document: Json) -> None:
    if images := layers_of(document, "image"):
        image = chooser.choice(images)
        image.pop("width", None)
        image.pop("height", None)


def _unused_countdown(chooser: random.Random, document: Json) -> None:
    document.setdefault("countdown", {"to": "2027-03-14T20:00:00Z", "frames": 1})


def _static_time(chooser: random.Random, document: Json) -> None:
    document["alt"] = document.get("alt", "") + ' Now {{ now | date: "d MMMM" }}.'


def _other_language(chooser: random.Random, document: Json) -> None:
    document["locale"] = chooser.choice(["ar", "he", "th"])
    document["font"] = chooser.choice(["Roboto", "Inter"])


def _stacked_items(chooser: random.Random, document: Json) -> None:
    lists = [name for name, one in document.get("fields", {}).items() if one.get("type") == "list"]
    if lists:
        mark = {"type": "rectangle", "width": 5, "height": 5, "fill": "#123456"}
        group = {"type": "group", "repeat": lists[0], "x": 10, "y": 10, "layers": [mark]}
        document["layers"].append(group)


def _transparent(chooser: random.Random, document: Json) -> None:
    document["background"] = "transparent"


DAMAGES: dict[str, Damage] = {
    "faint text": _faint_text,
    "narrow text": _narrow_text,
    "unknown font": _unknown_font,
    "unused field": _unused_field,
    "missing example": _missing_example,
    "outside": _outside,
    "tiny code": _tiny_code,
    "faint code": _faint_code,
    "no size": _no_size,
    "unused countdown": _unused_countdown,
    "static time": _static_time,
    "other language": _other_language,
    "stacked items": _stacked_items,
    "transparent": _transparent,
}
