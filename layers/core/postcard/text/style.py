"""How a text looks: the style of its runs, the rules of its paragraph. Lengths in CSS pixels."""

from typing import Literal, NamedTuple

from postcard.color import BLACK, Color, Paint
from postcard.runtime.lazy_dataclass import dataclass

Align = Literal["start", "center", "end", "left", "right", "justify"]
Valign = Literal["top", "middle", "bottom"]
Wrap = Literal["word", "balance", "none"]
TextFit = Literal["none", "shrink"]
Overflow = Literal["ellipsis", "clip", "visible"]
Direction = Literal["auto", "ltr", "rtl"]
Decoration = Literal["none", "underline", "line-through"]


@dataclass(frozen=True, slots=True)
class TextStroke:
    """A line outside the letters; `dash` is on and off."""

    color: Color
    width: float = 1.0
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class TextHighlight:
    """A box behind each line; `padding` is top, right, bottom, left."""

    color: Color
    padding: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    radius: float = 0.0


class TextStyle(NamedTuple):
    """The look of a run. `fonts` are families by preference; scripts' own fonts follow.

    `line_height` is times the size, `letter_spacing` and `rise` are em. `features` are OpenType
    features as HarfBuzz writes them: `tnum`, `-liga`, `ss01=2`. A gradient spans the text's box.
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
    """A stretch of text in one style. Isolates (U+2066 to U+2069) may fence a value."""

    text: str
    style: TextStyle


class ParagraphStyle(NamedTuple):
    """The rules for all lines of a text.

    `min_size` bounds `fit="shrink"`, in pixels of the largest run; None is half of its size.
    `trim_cap` ends the box at the capitals' height and the base line. `direction="auto"` follows
    the first strong letter.
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
