"""Moves a layer onto the canvas, states a picture's size, and puts copies below one another."""

from collections.abc import Iterator
from typing import Any

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer
from postcard.lint.fixes.json_patch import set_value, value_at

_DEFAULT_SIDE = 200
_GAP = 8


def move_onto_canvas(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The least move after which all of the layer is on the canvas, as far as it fits."""
    document, pointer = examined.document, finding.pointer
    layer, template = value_at(document, pointer), examined.template
    drawn = examined.box_of(pointer)
    sides = {"x": (template.width, "width"), "y": (template.height, "height")}
    moved: dict[str, float] = {}
    for axis, (canvas, side) in sides.items():
        start, length = layer.get(axis) or 0, _number(layer.get(side))
        length = length if length is not None else (getattr(drawn, side) if drawn else 0)
        if start >= canvas or start + (length or canvas) <= 0:
            moved[axis] = round(max(0, min(start, canvas - (length or canvas / 3))))
    where = " and ".join(f"{axis} {value}" for axis, value in moved.items())
    patch = (set_value(document, f"{pointer}/{axis}", value) for axis, value in moved.items())
    if moved:
        detail = f"Move {describe_layer(document, pointer)} to {where}, which is on the canvas."
        yield Fix(tuple(patch), detail)


def state_size(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The size in which the picture was drawn; else one that is on the canvas."""
    document, pointer = examined.document, finding.pointer
    words = describe_layer(document, pointer)
    drawn = examined.box_of(pointer)
    sizes = [(drawn.width, drawn.height)] if drawn else []
    template = examined.template
    sizes.append((min(template.width, _DEFAULT_SIDE), min(template.height, _DEFAULT_SIDE)))
    for width, height in sizes:
        size = {"width": max(1, round(width)), "height": max(1, round(height))}
        patch = (set_value(document, f"{pointer}/{side}", value) for side, value in size.items())
        detail = (
            f"Show {words} in {size['width']} × {size['height']} pixels, whatever its file has."
        )
        yield Fix(tuple(patch), detail)


def stack_items(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """A column around the repeated group, at the group's place."""
    document, pointer = examined.document, finding.pointer.removesuffix("/repeat")
    group: dict[str, Any] = value_at(document, pointer)
    place = {axis: group[axis] for axis in ("x", "y") if group.get(axis) is not None}
    inner = {name: value for name, value in group.items() if name not in ("x", "y")}
    column = {"type": "group", **place, "flow": "column", "gap": _GAP, "layers": [inner]}
    detail = (
        f"Put {describe_layer(document, pointer)} into a column, so that its copies stand below "
        f"one another with {_GAP} pixels between them."
    )
    yield Fix((set_value(document, pointer, column),), detail)


def _number(side: Any) -> float | None:
    return side if isinstance(side, int | float) else None
