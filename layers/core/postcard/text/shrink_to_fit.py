"""Fits text to a box: shrinks the font size, cuts lines and adds an ellipsis."""

import math
from collections.abc import Callable, Sequence

from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts
from postcard.text.line_metrics import cap_trims, line_extent, style_extent
from postcard.text.line_wrapping import WrappedLine, ellipsize, wrap_lines
from postcard.text.shaping import WIDTH_TOLERANCE, ShapedText
from postcard.text.style import ParagraphStyle

SIZE_STEP = 0.5  # pixels between the font sizes that are tried
_MAX_PROBE_STEP = 8  # size steps; farther from the estimate binary search is quicker
_MAX_ESTIMATED_LINES = 50


@dataclass(frozen=True, slots=True)
class FittedText:
    """The lines to show, at `font_scale` times their size; `truncated` if text is left out."""

    lines: tuple[WrappedLine, ...]
    font_scale: float
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class AvailableSpace:
    """The space for a text, in lengths of its unscaled font size."""

    width: float
    height: float
    max_lines: float

    def at_font_scale(self, font_scale: float) -> "AvailableSpace":
        """The space for the text scaled by `font_scale`: larger if the text is smaller."""
        return AvailableSpace(self.width / font_scale, self.height / font_scale, self.max_lines)


def fit_text(
    shaped: ShapedText,
    paragraph: ParagraphStyle,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> FittedText:
    """Wrap a text into a box; None is a side without a limit.

    With `fit="shrink"` it has the largest font size that fits. What overflows then is handled by
    `overflow`.
    """
    space = AvailableSpace(
        math.inf if width is None else width,
        math.inf if height is None else height,
        paragraph.max_lines or math.inf,
    )
    font_scale, lines = 1.0, _wrap(shaped, paragraph, space)
    if paragraph.fit == "shrink" and not _fits(lines, space, paragraph, fonts):
        font_scale, lines = _largest_fitting_size(shaped, paragraph, space, fonts)
    visible, truncated = _visible_lines(lines, space.at_font_scale(font_scale), paragraph, fonts)
    return FittedText(tuple(visible), font_scale, truncated)


def _wrap(
    shaped: ShapedText, paragraph: ParagraphStyle, space: AvailableSpace
) -> list[WrappedLine]:
    return [
        line
        for segments, style in shaped.paragraphs
        for line in wrap_lines(segments, style, space.width, paragraph.wrap)
    ]


def _fits(
    lines: Sequence[WrappedLine], space: AvailableSpace, paragraph: ParagraphStyle, fonts: Fonts
) -> bool:
    if len(lines) > space.max_lines or any(line.ends_inside_word for line in lines):
        return False
    if any(line.width > space.width + WIDTH_TOLERANCE for line in lines):
        return False
    top, bottom = cap_trims(lines, paragraph, fonts)
    height = sum(sum(line_extent(line, fonts)) for line in lines) - top - bottom
    return height <= space.height + WIDTH_TOLERANCE


def _largest_fitting_size(
    shaped: ShapedText, paragraph: ParagraphStyle, space: AvailableSpace, fonts: Fonts
) -> tuple[float, list[WrappedLine]]:
    """The font scale of the largest fitting size, and the lines; the minimum if none fits."""
    wrapped: dict[float, list[WrappedLine]] = {}

    def fits(font_scale: float) -> bool:
        scaled_space = space.at_font_scale(font_scale)
        lines = wrapped[font_scale] = _wrap(shaped, paragraph, scaled_space)
        return _fits(lines, scaled_space, paragraph, fonts)

    font_scale = search_font_scale(
        _max_font_size(shaped),
        paragraph.min_size,
        lambda: _estimate_scale(shaped, space, fonts),
        fits,
    )
    lines = wrapped.get(font_scale)
    return font_scale, lines or _wrap(shaped, paragraph, space.at_font_scale(font_scale))


def search_font_scale(
    largest: float,
    min_size: float | None,
    estimate: Callable[[], float],
    fits: Callable[[float], bool],
) -> float:
    """The scale of the largest fitting size below `largest`, in steps of half a pixel.

    That of the minimum size if none fits. The search starts at the estimate and gallops from there.
    """
    smallest = largest / 2 if min_size is None else min(min_size, largest)
    max_step = math.ceil((largest - smallest) / SIZE_STEP)
    if not max_step or largest <= 0:
        return 1.0

    def scale_at(step: int) -> float:
        return max(smallest, largest - step * SIZE_STEP, 0.01) / largest

    best: float | None = None
    low, high = 1, max_step  # steps below the largest size
    probe = min(max_step, max(1, math.ceil(largest * (1 - estimate()) / SIZE_STEP)))
    stride = 1
    while low <= high:
        font_scale = scale_at(probe)
        if fits(font_scale):
            best, high = font_scale, probe - 1
            probe = max(low, probe - stride) if stride <= _MAX_PROBE_STEP else (low + high) // 2
        else:
            low = probe + 1
            probe = min(high, probe + stride) if stride <= _MAX_PROBE_STEP else (low + high) // 2
        stride *= 2
    return best or scale_at(max_step)


def _max_font_size(shaped: ShapedText) -> float:
    """The font size of the largest run, in pixels."""
    runs = (
        run
        for segments, _ in shaped.paragraphs
        for segment in segments
        for run in (*segment.runs, *segment.trailing_spaces)
    )
    return max((run.style.size for run in runs), default=0.0)


def _estimate_scale(shaped: ShapedText, space: AvailableSpace, fonts: Fonts) -> float:
    segments = [segment for paragraph, _ in shaped.paragraphs for segment in paragraph]
    return estimate_scale(
        space,
        widest=max(segment.width for segment in segments),
        total_width=sum(segment.width + segment.trailing_width for segment in segments),
        line_height=max(sum(style_extent(style, fonts)) for _, style in shaped.paragraphs),
    )


def estimate_scale(
    space: AvailableSpace, *, widest: float, total_width: float, line_height: float
) -> float:
    """A font scale that about fits, by the widest word and the total width cut into lines."""
    best = 0.0
    for line_count in range(1, int(min(space.max_lines, _MAX_ESTIMATED_LINES)) + 1):
        by_height = space.height / max(line_count * line_height, 1e-9)
        best = max(best, min(by_height, line_count * space.width / max(total_width, 1e-9)))
        if by_height < best:
            break
    return min(1.0, best, space.width / max(widest, 1e-9))


def _visible_lines(
    lines: Sequence[WrappedLine], space: AvailableSpace, paragraph: ParagraphStyle, fonts: Fonts
) -> tuple[list[WrappedLine], bool]:
    """The lines that are drawn, and whether text is left out."""
    if paragraph.overflow == "visible":
        return list(lines), False
    limit = _max_visible_lines(lines, space, paragraph, fonts)
    visible, truncated = list(lines[:limit]), limit < len(lines)
    if paragraph.overflow == "clip":
        return visible, truncated
    if truncated:
        end = next(index for index in range(limit - 1, len(lines)) if lines[index].is_last)
        visible[-1] = ellipsize(lines[limit - 1 : end + 1], space.width, fonts)
    too_wide = [line.width > space.width + WIDTH_TOLERANCE for line in visible]
    if paragraph.wrap == "none" and any(too_wide):
        visible = [
            ellipsize([line], space.width, fonts) if is_too_wide else line
            for line, is_too_wide in zip(visible, too_wide, strict=True)
        ]
        truncated = True
    return visible, truncated


def _max_visible_lines(
    lines: Sequence[WrappedLine], space: AvailableSpace, paragraph: ParagraphStyle, fonts: Fonts
) -> int:
    """How many lines fit the height; at least one."""
    max_lines = min(len(lines), space.max_lines)
    bottom = -cap_trims(lines[:1], paragraph, fonts)[0]
    for index, line in enumerate(lines):
        above, below = line_extent(line, fonts)
        bottom += above + below
        visible_bottom = bottom - (below if paragraph.trim_cap else 0.0)
        if index >= max_lines or visible_bottom > space.height + WIDTH_TOLERANCE:
            return max(1, index)
    return len(lines)
