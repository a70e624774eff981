"""Text styles: of runs, and of the whole paragraph. Lengths are in CSS pixels."""

from typing import Literal, NamedTuple

from postcard.color import BLACK, Color, Paint
from postcard.runtime.lazy_dataclass import dataclass

Align = Literal["start", "center", "end", "left", "right", "justify"]
Valign = Literal["top", "middle", "bottom"]
Wrap = Literal["word", "balance", "none"]
TextFit = Literal["none", "shrink"]
Overflow = Literal["ellipsis", "clip", "visible"]
Direction = Literal["auto", "ltr", "rtl"]
ELLIPSIS = "…"
Decoration = Literal["none", "underline", "line-through"]


@dataclass(frozen=True, slots=True)
class TextStroke:
    """An outline outside the letters; `dash` is the lengths of dash and gap."""

    color: Color
    width: float = 1.0
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class TextHighlight:
    """A box behind each line of a run; `padding` is top, right, bottom, left."""

    color: Color
    padding: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    radius: float = 0.0


class TextStyle(NamedTuple):
    """The style of a run.

    `families` are in order of preference; fallback fonts follow. `line_height` is a factor of the
    size; `letter_spacing` and `rise` are in em. `features` are OpenType features in HarfBuzz's
    syntax: `tnum`, `-liga`, `ss01=2`. A gradient spans the text's box.
    """

    families: tuple[str, ...] = ("Inter",)
    weight: int = 400
    italic: bool = False
    size: float = 16.0
    line_height: float = 1.2
    letter_spacing: float = 0.0
    rise: float = 0.0
    color: Paint = BLACK
    stroke: TextStroke | None = None
    decoration: Decoration = "none"
    highlight: TextHighlight | None = None
    features: tuple[str, ...] = ()
    language: str = ""


class TextRun(NamedTuple):
    """Text in one style; isolates (U+2066 to U+2069) may enclose inserted values."""

    text: str
    style: TextStyle


class ParagraphStyle(NamedTuple):
    """The style of all lines of a text.

    `min_size` limits `fit="shrink"`, in pixels of the largest run; None is half of its size.
    `trim_cap` trims the box to the cap height of the first line and the baseline of the last.
    `direction="auto"` follows the first strong character.
    """

    align: Align = "start"
    valign: Valign = "top"
    wrap: Wrap = "word"
    max_lines: int | None = None
    fit: TextFit = "none"
    min_size: float | None = None
    overflow: Overflow = "ellipsis"
    direction: Direction = "auto"
    trim_cap: bool = False
