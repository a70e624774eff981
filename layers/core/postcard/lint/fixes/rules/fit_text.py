"""Makes a text that is cut fit: shrinks it, or gives it lines, smaller letters or height."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer
from postcard.lint.fixes.json_patch import set_value, value_at
from postcard.lint.fixes.new_overlaps import new_overlaps
from postcard.runtime.lazy_dataclass import dataclass

_DEFAULT_SIZE = 16
_LEGIBLE, _LEAST = 10, 8  # pixels
_SIZES = (0.85, 0.7, 0.55, 0.4)
_SIDES = (1.25, 1.5, 2, 3)


def fit_text(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The best first; the last one allows that the text is cut, and says so."""
    text = _CutText(examined, finding.pointer)
    for option in (_shrunk, _with_another_line, _wider, _smaller, _higher, _shrunk_and_cut):
        yield from option(text)


@dataclass(frozen=True, slots=True)
class _CutText:
    """A text layer that is cut."""

    examined: Examination
    pointer: str

    @property
    def written(self) -> dict[str, Any]:
        """The properties that its style and the layer itself state."""
        layer = value_at(self.examined.document, self.pointer)
        style = value_at(self.examined.document, f"/styles/{layer.get('style')}") or {}
        return {**style, **{name: value for name, value in layer.items() if value is not None}}

    @property
    def words(self) -> str:
        """The layer in words."""
        return describe_layer(self.examined.document, self.pointer)

    @property
    def size(self) -> float:
        """The size of its letters in pixels."""
        return float(self.written.get("size", _DEFAULT_SIZE))

    @property
    def low_size(self) -> float:
        """How far it may shrink and still look like the same design."""
        return min(self.size, max(_LEGIBLE, round(self.size * 0.4)))

    def fix(self, detail: str, **properties: Any) -> Fix:
        """The fix that sets these properties."""
        document = self.examined.document
        return Fix(
            tuple(
                set_value(document, f"{self.pointer}/{name}", _plain(value))
                for name, value in properties.items()
            ),
            detail,
        )

    def free_sides(self, side: str) -> list[int]:
        """Larger widths or heights with which it is on the canvas and covers nothing else."""
        length = self.written.get(side)
        drawn = self.examined.box_of(self.pointer)
        if drawn is None or not isinstance(length, int | float):
            return []
        is_width, template = side == "width", self.examined.template
        start, canvas = (drawn.x, template.width) if is_width else (drawn.y, template.height)
        lengths = [round(length * factor) for factor in _SIDES if start + length * factor <= canvas]
        return [
            one
            for one in lengths
            if not new_overlaps(self.examined, self.pointer, replace(drawn, **{side: float(one)}))
        ]


def _shrunk(text: _CutText) -> Iterator[Fix]:
    written = text.written
    if written.get("fit") != "shrink":
        detail = f"Shrink {text.words} where a value is too long, down to {text.low_size:g} pixels."
        yield text.fix(detail, fit="shrink", min_size=text.low_size)
        return
    least = written.get("min_size", text.size)
    for lower in dict.fromkeys((max(_LEAST, round(least * 0.6)), _LEAST)):
        if lower < least:
            yield text.fix(f"Let {text.words} shrink to {lower} pixels.", min_size=lower)


def _with_another_line(text: _CutText) -> Iterator[Fix]:
    if lines := text.written.get("max_lines"):
        low = text.low_size
        detail = f"Let {text.words} take {lines + 1} lines, and shrink long values to {low:g} px."
        yield text.fix(detail, max_lines=lines + 1, fit="shrink", min_size=low)


def _wider(text: _CutText) -> Iterator[Fix]:
    for width in text.free_sides("width"):
        detail = f"Make the box of {text.words} {width} pixels wide, and shrink long values in it."
        yield text.fix(detail, width=width, fit="shrink", min_size=text.low_size)


def _smaller(text: _CutText) -> Iterator[Fix]:
    for size in dict.fromkeys(max(_LEAST, round(text.size * factor)) for factor in _SIZES):
        if size < text.size:
            yield text.fix(f"Set {text.words} in {size} pixels, so that all of it fits.", size=size)


def _higher(text: _CutText) -> Iterator[Fix]:
    heights = text.free_sides("height")
    for height in heights:
        yield text.fix(f"Make the box of {text.words} {height} pixels high.", height=height)
    for height in heights:
        detail = f"Make the box of {text.words} {height} pixels high, and shrink long values in it."
        yield text.fix(detail, height=height, fit="shrink", min_size=min(text.size, _LEGIBLE))


def _shrunk_and_cut(text: _CutText) -> Iterator[Fix]:
    detail = (
        f"Shrink long values of {text.words} to {_LEAST} pixels, and cut what is still too long."
    )
    yield text.fix(detail, fit="shrink", min_size=min(text.size, _LEAST), overflow="ellipsis")


def _plain(value: Any) -> Any:
    """A number as a person writes it: 12, not 12.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
