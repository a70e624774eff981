"""Line heights: how far lines reach above and below their baselines, in CSS pixels."""

from collections.abc import Sequence
from functools import lru_cache

from postcard.text.fonts import TALL_FAMILIES, Fonts
from postcard.text.line_wrapping import WrappedLine
from postcard.text.style import ParagraphStyle, TextStyle


@lru_cache(maxsize=1024)
def style_extent(style: TextStyle, fonts: Fonts) -> tuple[float, float]:
    """How far a line in this style reaches above and below its baseline.

    The leading is split evenly above and below, as in CSS. Fallback fonts do not count.
    """
    face = fonts.face_chain(style.families, style.weight, style.italic)[0]
    leading = style.line_height - face.ascent - face.descent
    above = face.ascent + leading / 2
    return (above + style.rise) * style.size, (style.line_height - above - style.rise) * style.size


def line_extent(line: WrappedLine, fonts: Fonts) -> tuple[float, float]:
    """How far a line reaches above and below its baseline.

    That is at least as far as fonts in TALL_FAMILIES do, if the line has letters of one.
    """
    above, below = _stated_extent(line, fonts)
    for run in line.visible_runs:
        face, style = run.font_run.face, run.style
        if face.family in TALL_FAMILIES:
            above = max(above, (face.ascent + style.rise) * style.size)
            below = max(below, (face.descent - style.rise) * style.size)
    return above, below


def cap_trims(
    lines: Sequence[WrappedLine], paragraph: ParagraphStyle, fonts: Fonts
) -> tuple[float, float]:
    """What `trim_cap` takes off above the first line and below the last one.

    Letters of fonts in TALL_FAMILIES keep what they need above the cap height.
    """
    if not paragraph.trim_cap or not lines:
        return 0.0, 0.0
    styles = {run.style for run in lines[0].runs} or {lines[0].style}
    cap_height = max(
        fonts.face_chain(style.families, style.weight, style.italic)[0].cap_height * style.size
        for style in styles
    )
    return _stated_extent(lines[0], fonts)[0] - cap_height, line_extent(lines[-1], fonts)[1]


def _stated_extent(line: WrappedLine, fonts: Fonts) -> tuple[float, float]:
    """How far a line reaches by the line heights of its styles."""
    runs = line.visible_runs
    first = runs[0].style if runs else line.style
    if all(run.style is first for run in runs):
        return style_extent(first, fonts)
    extents = [style_extent(run.style, fonts) for run in runs]
    return max(above for above, _ in extents), max(below for _, below in extents)
