"""Text laid on a surface: highlights, then outlines, then letters and their lines."""

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
from postcard.text.fonts import Face
from postcard.text.glyphs import advance, estimated_pixels
from postcard.text.layout import PositionedRun, TextLayout, TextLine
from postcard.text.segmentation import typographic_units
from postcard.text.style import TextHighlight

_MAX_INK_OVERFLOW = 4.0  # of the size: marks that are stacked on a letter end before that
_MAX_DASHED_LENGTH = 5_000.0  # CSS pixels of letters side by side; tracing them takes half a second
_MAX_MASK_PIXELS = 24_000_000  # of one mask; a longer stretch is drawn letter by letter


def draw_text(surface: Surface, layout: TextLayout, box: Box, scale: float) -> None:
    """Draw a text into a box in device pixels, `scale` device pixels per CSS pixel.

    The dashed outlines of a text that is very long are whole, at every scale alike.
    """
    top = box.y + layout.text_y(box.height / scale) * scale
    rows = []
    for line in _limit_dashes(layout.lines):
        x = box.x + layout.line_x(line, box.width / scale) * scale
        rows.append(_LinePainter(surface, line, box, (x, top), scale))
    for row in rows:  # all of them before any letter, which may reach into the next line
        row.draw_highlights()
    for row in rows:
        row.draw_letters()


class _LinePainter:
    """One line at its place: `x` and `y` in device pixels, `y` the base line."""

    __slots__ = ("box", "line", "scale", "surface", "top", "x", "y")

    def __init__(
        self, surface: Surface, line: TextLine, box: Box, at: tuple[float, float], scale: float
    ) -> None:
        self.surface, self.line, self.box, self.scale = surface, line, box, scale
        self.x, self.top = at[0], at[1] + line.top * scale
        self.y = round(at[1] + line.baseline * scale)

    def draw_highlights(self) -> None:
        """The boxes behind the line."""
        if not any(style.highlight for style in self.line.styles):
            return
        for highlight, group in groupby(self.line.runs, _highlight_of):
            if highlight:
                x, width = self._horizontal_extent(list(group))
                top, right, bottom, left = (length * self.scale for length in highlight.padding)
                height = self.line.height * self.scale
                box = Box(x - left, self.top - top, width + left + right, height + top + bottom)
                self._draw_rectangle(box, highlight.color, highlight.radius * self.scale)

    def draw_letters(self) -> None:
        """Outlines, then letters, then the lines under or through them."""
        start = math.floor(self.x)
        for paint, glyphs in line_masks(self._visible_runs(), self.x - start, self.scale):
            at, size = (start + glyphs.x, self.y + glyphs.y), glyphs.mask.size
            if paint is not None:
                self._paste(paint, at, size, glyphs.mask)
            elif glyphs.color:
                self.surface.paste(RenderedPaint(glyphs.color), at, glyphs.mask, size)
        if any(style.decoration != "none" for style in self.line.styles):
            for _, group in groupby(self.line.runs, _decoration_key):
                self._draw_decoration(list(group))

    def _horizontal_extent(self, runs: list[PositionedRun]) -> tuple[float, float]:
        """Where neighbours begin, and how wide they are together."""
        end = min(runs[-1].x + runs[-1].width, self.line.width)
        return self.x + runs[0].x * self.scale, (end - runs[0].x) * self.scale

    def _draw_decoration(self, runs: list[PositionedRun]) -> None:
        style = runs[0].style
        if style.decoration == "none":
            return
        em, face = runs[0].size * self.scale, _primary_face(runs)
        under = style.decoration == "underline"
        middle, thickness = face.underline if under else face.strikeout
        base = self.y - style.rise * em
        thick = max(1, round(thickness * em))
        top = round(base + (middle if under else -middle) * em - thick / 2)
        x, width = self._horizontal_extent(runs)
        self._draw_rectangle(Box(x, top, width, thick), style.color)

    def _draw_rectangle(self, box: Box, paint: Paint, radius: float = 0.0) -> None:
        within = (0, 0, *self.surface.size)
        shape = mask.rectangle(box, mask.corner_radii(radius, box), clip=within)
        if shape.width and shape.height:
            self._paste(paint, (shape.x, shape.y), shape.size, shape.image)

    def _visible_runs(self) -> tuple[PositionedRun, ...]:
        """The letters that may show: all of them where the line lies on the picture."""
        width, height = self.surface.size
        ends = self.x, self.x + self.line.width * self.scale
        if ends[0] >= 0 and ends[1] <= width and 0 <= self.y <= height:
            return self.line.runs
        inked = (placed for placed in self.line.runs if not placed.is_space)
        return tuple(part for placed in inked for part in self._split_if_large(placed))

    def _split_if_large(self, run: PositionedRun) -> Iterator[PositionedRun]:
        """A stretch; its letters apart where together they would be too large a mask."""
        stroke = run.style.stroke.width * self.scale if run.style.stroke else 0.0
        parts = (
            (run,)
            if estimated_pixels(run.font_run, run.size * self.scale, stroke) < _MAX_MASK_PIXELS
            else _split_into_units(run)
        )
        yield from (part for part in parts if self._is_visible(part, stroke))

    def _is_visible(self, run: PositionedRun, stroke_width: float) -> bool:
        reach = run.size * self.scale * _MAX_INK_OVERFLOW + stroke_width
        x, width = self.x + run.x * self.scale, run.width * self.scale
        return (
            -reach < self.y < self.surface.size[1] + reach
            and -reach < x + width
            and x < self.surface.size[0] + reach
        )

    def _paste(
        self,
        paint: Paint,
        position: tuple[int, int],
        size: tuple[int, int],
        mask_image: Image.Image | None,
    ) -> None:
        part = (position[0] - self.box.x, position[1] - self.box.y, *size)
        laid = render_paint(paint, (self.box.width, self.box.height), part)
        self.surface.paste(laid, position, mask_image, size)


def _limit_dashes(lines: Sequence[TextLine]) -> Sequence[TextLine]:
    """The lines as they are, or with whole outlines where dashes would go round too much."""
    dashed = sum(
        placed.size * len(placed.font_run.text)
        for line in lines
        for placed in line.runs
        if placed.style.stroke and placed.style.stroke.dash
    )
    if dashed <= _MAX_DASHED_LENGTH:
        return lines
    return [replace(line, runs=tuple(map(_without_dashes, line.runs))) for line in lines]


def _without_dashes(run: PositionedRun) -> PositionedRun:
    style = run.style
    if style.stroke is None:
        return run
    return run._replace(style=style._replace(stroke=replace(style.stroke, dash=None)))


def _split_into_units(run: PositionedRun) -> Iterator[PositionedRun]:
    """Each letter at its place."""
    x = run.x
    letters = typographic_units(run.font_run.text)
    for text in reversed(letters) if run.font_run.rtl else letters:
        alone = run.font_run._replace(text=text)
        width = advance(alone) * run.size
        yield run._replace(font_run=alone, x=x, width=width)
        x += width


def _primary_face(runs: list[PositionedRun]) -> Face:
    """The font that the style names, where it has a letter or a space; else the first."""
    faces = [each.font_run.face for each in runs]
    return next((face for face in faces if face.family in runs[0].style.families), faces[0])


def _highlight_of(run: PositionedRun) -> TextHighlight | None:
    return run.style.highlight


def _decoration_key(run: PositionedRun) -> tuple[str, Paint, float, float]:
    style = run.style
    return style.decoration, style.color, run.size, style.rise
