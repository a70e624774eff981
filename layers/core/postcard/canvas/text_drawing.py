"""Draws laid out text on a surface: highlights, outlines, glyphs, underlines."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from PIL import Image

from postcard.canvas import mask
from postcard.canvas.paint import RenderedPaint, render_paint
from postcard.canvas.surface import Surface
from postcard.canvas.text_masks import line_masks
from postcard.color import Paint
from postcard.geometry import Box
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.text.fonts import Face
from postcard.text.glyphs import advance, estimated_pixels
from postcard.text.layout import PositionedRun, TextLayout, TextLine
from postcard.text.segmentation import typographic_units
from postcard.text.style import TextHighlight

_MAX_INK_OVERFLOW = 4.0  # font sizes that stacked marks reach beyond the baseline at most
_MAX_DASHED_LENGTH = 5_000.0  # font sizes summed over letters; tracing these takes half a second
_MAX_MASK_PIXELS = 24_000_000  # a run with a larger mask is drawn letter by letter


def draw_text(
    surface: Surface,
    layout: TextLayout,
    box: Box,
    scale: float,
    deadline: Deadline = NO_DEADLINE,
) -> None:
    """Draw a text in a box of device pixels, at `scale` device pixels per CSS pixel.

    Dashed outlines of very long texts are drawn solid. Raises `DeadlineExceeded` between lines.
    """
    top = box.y + layout.text_y(box.height / scale) * scale
    painters = []
    for line in _limit_dashes(layout.lines):
        x = box.x + layout.line_x(line, box.width / scale) * scale
        painters.append(_LinePainter(surface, line, box, (x, top), scale))
    for painter in painters:  # before all glyphs, which may reach into the next line
        deadline.check()
        painter.draw_highlights()
    for painter in painters:
        deadline.check()
        painter.draw_glyphs(deadline)


class _LinePainter:
    """Draws one line; `x`, `top` and the baseline `y` are in device pixels."""

    __slots__ = ("box", "line", "scale", "surface", "top", "x", "y")

    def __init__(
        self,
        surface: Surface,
        line: TextLine,
        box: Box,
        position: tuple[float, float],
        scale: float,
    ) -> None:
        self.surface, self.line, self.box, self.scale = surface, line, box, scale
        self.x, self.top = position[0], position[1] + line.top * scale
        self.y = round(position[1] + line.baseline * scale)

    def draw_highlights(self) -> None:
        """Draw the boxes behind highlighted runs."""
        if not any(style.highlight for style in self.line.styles):
            return
        for highlight, group in groupby(self.line.runs, _highlight_of):
            if highlight:
                x, width = self._horizontal_extent(list(group))
                top, right, bottom, left = (length * self.scale for length in highlight.padding)
                height = self.line.height * self.scale
                box = Box(x - left, self.top - top, width + left + right, height + top + bottom)
                self._draw_rectangle(box, highlight.color, highlight.radius * self.scale)

    def draw_glyphs(self, deadline: Deadline) -> None:
        """Draw outlines, then glyphs, then the lines under or through them."""
        start = math.floor(self.x)
        masks = line_masks(self._visible_runs(), self.x - start, self.scale, deadline)
        for paint, bitmap in masks:
            deadline.check()
            position, size = (start + bitmap.x, self.y + bitmap.y), bitmap.mask.size
            self._paste(paint, position, size, bitmap.mask, bitmap.color)
        if any(style.decoration != "none" for style in self.line.styles):
            for _, group in groupby(self.line.runs, _decoration_key):
                self._draw_decoration(list(group))

    def _horizontal_extent(self, runs: list[PositionedRun]) -> tuple[float, float]:
        """The left edge and the width of adjacent runs together, in device pixels."""
        end = min(runs[-1].x + runs[-1].width, self.line.width)
        return self.x + runs[0].x * self.scale, (end - runs[0].x) * self.scale

    def _draw_decoration(self, runs: list[PositionedRun]) -> None:
        style = runs[0].style
        if style.decoration == "none":
            return
        em, face = runs[0].size * self.scale, _primary_face(runs)
        is_underline = style.decoration == "underline"
        offset, thickness = face.underline if is_underline else face.strikeout
        baseline = self.y - style.rise * em
        height = max(1, round(thickness * em))
        top = round(baseline + (offset if is_underline else -offset) * em - height / 2)
        x, width = self._horizontal_extent(runs)
        self._draw_rectangle(Box(x, top, width, height), style.color)

    def _draw_rectangle(self, box: Box, paint: Paint, radius: float = 0.0) -> None:
        surface_bounds = (0, 0, *self.surface.size)
        shape = mask.rectangle(box, mask.corner_radii(radius, box), clip=surface_bounds)
        if shape.width and shape.height:
            self._paste(paint, (shape.x, shape.y), shape.size, shape.image)

    def _visible_runs(self) -> tuple[PositionedRun, ...]:
        """The runs that may show: all of them if the whole line lies on the surface."""
        width, height = self.surface.size
        left, right = self.x, self.x + self.line.width * self.scale
        if left >= 0 and right <= width and 0 <= self.y <= height:
            return self.line.runs
        runs = (run for run in self.line.runs if not run.is_space)
        return tuple(part for run in runs for part in self._visible_parts(run))

    def _visible_parts(self, run: PositionedRun) -> Iterator[PositionedRun]:
        """The run, or its letters if its mask would be too large, as far as they are visible."""
        stroke_width = run.style.stroke.width * self.scale if run.style.stroke else 0.0
        pixels = estimated_pixels(run.font_run, run.size * self.scale, stroke_width)
        parts = (run,) if pixels < _MAX_MASK_PIXELS else _split_into_units(run)
        yield from (part for part in parts if self._is_visible(part, stroke_width))

    def _is_visible(self, run: PositionedRun, stroke_width: float) -> bool:
        overflow = run.size * self.scale * _MAX_INK_OVERFLOW + stroke_width
        x, width = self.x + run.x * self.scale, run.width * self.scale
        return (
            -overflow < self.y < self.surface.size[1] + overflow
            and -overflow < x + width
            and x < self.surface.size[0] + overflow
        )

    def _paste(
        self,
        paint: Paint,
        position: tuple[int, int],
        size: tuple[int, int],
        mask_image: Image.Image | None,
        own_color: Image.Image | None = None,
    ) -> None:
        """Paint through a mask; colour glyphs with `own_color` take only the paint's alpha."""
        region = (position[0] - self.box.x, position[1] - self.box.y, *size)
        rendered = render_paint(paint, (self.box.width, self.box.height), region)
        if own_color:
            rendered = RenderedPaint(own_color, rendered.alpha)
        self.surface.paste(rendered, position, mask_image, size)


def _limit_dashes(lines: Sequence[TextLine]) -> Sequence[TextLine]:
    """The lines, with solid outlines instead of dashed ones if too many letters have these."""
    dashed_length = sum(
        run.size * len(run.font_run.text)
        for line in lines
        for run in line.runs
        if run.style.stroke and run.style.stroke.dash
    )
    if dashed_length <= _MAX_DASHED_LENGTH:
        return lines
    return [replace(line, runs=tuple(map(_without_dashes, line.runs))) for line in lines]


def _without_dashes(run: PositionedRun) -> PositionedRun:
    style = run.style
    if style.stroke is None:
        return run
    return run._replace(style=style._replace(stroke=replace(style.stroke, dash=None)))


def _split_into_units(run: PositionedRun) -> Iterator[PositionedRun]:
    """Each letter as a run of its own."""
    x = run.x
    units = typographic_units(run.font_run.text)
    for text in reversed(units) if run.font_run.rtl else units:
        font_run = run.font_run._replace(text=text)
        width = advance(font_run) * run.size
        yield run._replace(font_run=font_run, x=x, width=width)
        x += width


def _primary_face(runs: list[PositionedRun]) -> Face:
    """The first face of a family that the style names; if all are fallbacks, the first one."""
    faces = [run.font_run.face for run in runs]
    return next((face for face in faces if face.family in runs[0].style.families), faces[0])


def _highlight_of(run: PositionedRun) -> TextHighlight | None:
    return run.style.highlight


def _decoration_key(run: PositionedRun) -> tuple[str, Paint, float, float]:
    style = run.style
    return style.decoration, style.color, run.size, style.rise
