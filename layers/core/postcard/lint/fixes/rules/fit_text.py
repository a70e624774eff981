"""Makes a text that is cut fit: shrinks it, or gives it lines, smaller letters or height."""

from collections.abc import Iterator
from typing import Any

from postcard.errors import Fault
from postcard.geometry import Box
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer
from postcard.lint.fixes.json_patch import set_value, value_at
from postcard.lint.fixes.new_overlaps import new_overlaps

_DEFAULT_SIZE = 16
_LEGIBLE, _LEAST = 10, 8  # pixels
_SIZES = (0.85, 0.7, 0.55, 0.4)
_HEIGHTS = (1.5, 2, 3)


def fit_text(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The best first; the last one allows that the text is cut, and says so."""
    document, pointer = examined.document, finding.pointer
    layer = value_at(document, pointer)
    style = value_at(document, f"/styles/{layer.get('style')}") or {}
    written = {**style, **{key: value for key, value in layer.items() if value is not None}}
    words = describe_layer(document, pointer)

    def fix(detail: str, **properties: Any) -> Fix:
        patch = (set_value(document, f"{pointer}/{name}", v) for name, v in properties.items())
        return Fix(tuple(patch), detail)

    size = written.get("size", _DEFAULT_SIZE)
    low = min(size, max(_LEGIBLE, round(size * 0.4)))
    yield from _shrinking(fix, written, words, size, low)
    if lines := written.get("max_lines"):
        detail = f"Let {words} take {lines + 1} lines, and shrink long values to {low} pixels."
        yield fix(detail, max_lines=lines + 1, fit="shrink", min_size=low)
    for smaller in dict.fromkeys(max(_LEAST, round(size * factor)) for factor in _SIZES):
        if smaller < size:
            yield fix(f"Set {words} in {smaller} pixels, so that all of it fits.", size=smaller)
    if isinstance(written.get("height"), int | float):
        heights = _free_heights(examined, pointer, written["height"])
        for height in heights:
            yield fix(f"Make the box of {words} {height} pixels high.", height=height)
        for height in heights:
            detail = f"Make the box of {words} {height} pixels high, and shrink long values in it."
            yield fix(detail, height=height, fit="shrink", min_size=min(size, _LEGIBLE))
    detail = f"Shrink long values of {words} to {_LEAST} pixels, and cut what is still too long."
    yield fix(detail, fit="shrink", min_size=min(size, _LEAST), overflow="ellipsis")


def _free_heights(examined: Examination, pointer: str, height: float) -> list[int]:
    """Heights that are on the canvas; first those with which the text covers nothing else."""
    drawn = next((box for where, box in examined.boxes if where == pointer), None)
    top, width = (drawn.y, drawn.width) if drawn else (0.0, 0.0)
    most = examined.template.height - top
    heights = [round(height * factor) for factor in _HEIGHTS if height * factor <= most]
    left = drawn.x if drawn else 0.0
    return sorted(
        heights, key=lambda one: new_overlaps(examined, pointer, Box(left, top, width, one))
    )


def _shrinking(fix: Any, written: dict[str, Any], words: str, size: float, low: float) -> Any:
    if written.get("fit") != "shrink":
        detail = f"Shrink {words} where a value is too long, down to {low} pixels."
        yield fix(detail, fit="shrink", min_size=low)
        return
    least = written.get("min_size", size)
    for lower in dict.fromkeys((max(_LEAST, round(least * 0.6)), _LEAST)):
        if lower < least:
            yield fix(f"Let {words} shrink to {lower} pixels.", min_size=lower)
