"""Text laid on a surface: highlights, then outlines, then letters and their lines."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from PIL import Image

from postcard.canvas import mask
from postcard.canvas.paint import Fill, fill
from postcard.canvas.surface import Surface
from postcard.canvas.text_masks import inks
from postcard.color import Paint
from postcard.geometry import Box
from postcard.text.breaks import shapes
from postcard.text.fonts import Face
from postcard.text.glyphs import advance, pixels
from postcard.text.layout import Line, Placed, TextLayout
from postcard.text.style import Highlight

_REACH = 4.0  # of the size: marks that are stacked on a letter end before that
_MOST_DASHED = 5_000.0  # CSS pixels of letters side by side; tracing them takes half a second
_MOST_PIXELS = 24_000_000  # of one mask; a longer stretch is drawn letter by letter


def draw(surface: Surface, layout: TextLayout, box: Box, scale: float) -> None:
    """Draw a text into a box in device pixels, `scale` device pixels per CSS pixel.

    The dashed outlines of a text that is very long are whole, at every scale alike.
    """
    top = box.y + layout.top(box.height / scale) * scale
    rows = []
    for line in _dashed_within_bounds(layout.lines):
        x = box.x + layout.line_x(line, box.width / scale) * scale
        rows.append(_Row(surface, line, box, (x, top), scale))
    for row in rows:  # all of them before any letter, which may reach into the next line
        row.draw_highlights()
    for row in rows:
        row.draw_letters()


class _Row:
    """One line at its place: `x` and `y` in device pixels, `y` the base line."""

    __slots__ = ("box", "line", "scale", "surface", "top", "x", "y")

    def __init__(
        self, surface: Surface, line: Line, box: Box, at: tuple[float, float], scale: float
    ) -> None:
        self.surface, self.line, self.box, self.scale = surface, line, box, scale
        self.x, self.top = at[0], at[1] + line.top * scale
        self.y = round(at[1] + line.baseline * scale)

    def draw_highlights(self) -> None:
        """The boxes behind the line."""
        if not any(style.highlight for style in self.line.styles):
            return
        for highlight, group in groupby(self.line.placed, _highlight):
            if highlight:
                x, width = self._reach(list(group))
                top, right, bottom, left = (length * self.scale for length in highlight.padding)
                height = self.line.height * self.scale
                box = Box(x - left, self.top - top, width + left + right, height + top + bottom)
                self._rectangle(box, highlight.color, highlight.radius * self.scale)

    def draw_letters(self) -> None:
        """Outlines, then letters, then the lines under or through them."""
        start = math.floor(self.x)
        for paint, glyphs in inks(self._seen(), self.x - start, self.scale):
            at, size = (start + glyphs.x, self.y + glyphs.y), glyphs.mask.size
            if paint is not None:
                self._stamp(paint, at, size, glyphs.mask)
            elif glyphs.color:
                self.surface.stamp(Fill(glyphs.color), at, glyphs.mask, size)
        if any(style.decoration != "none" for style in self.line.styles):
            for _, group in groupby(self.line.placed, _decoration):
                self._decoration(list(group))

    def _reach(self, placed: list[Placed]) -> tuple[float, float]:
        """Where neighbours begin, and how wide they are together."""
        end = min(placed[-1].x + placed[-1].width, self.line.width)
        return self.x + placed[0].x * self.scale, (end - placed[0].x) * self.scale

    def _decoration(self, placed: list[Placed]) -> None:
        style = placed[0].style
        if style.decoration == "none":
            return
        em, face = placed[0].size * self.scale, _leading(placed)
        under = style.decoration == "underline"
        middle, thickness = face.underline if under else face.strikeout
        base = self.y - style.rise * em
        thick = max(1, round(thickness * em))
        top = round(base + (middle if under else -middle) * em - thick / 2)
        x, width = self._reach(placed)
        self._rectangle(Box(x, top, width, thick), style.color)

    def _rectangle(self, box: Box, paint: Paint, radius: float = 0.0) -> None:
        within = (0, 0, *self.surface.size)
        shape = mask.rectangle(box, mask.corners(radius, box), within=within)
        if shape.width and shape.height:
            self._stamp(paint, (shape.x, shape.y), shape.size, shape.image)

    def _seen(self) -> tuple[Placed, ...]:
        """The letters that may show: all of them where the line lies on the picture."""
        width, height = self.surface.size
        ends = self.x, self.x + self.line.width * self.scale
        if ends[0] >= 0 and ends[1] <= width and 0 <= self.y <= height:
            return self.line.placed
        inked = (placed for placed in self.line.placed if not placed.space)
        return tuple(part for placed in inked for part in self._parts(placed))

    def _parts(self, placed: Placed) -> Iterator[Placed]:
        """A stretch; its letters apart where together they would be too large a mask."""
        stroke = placed.style.stroke.width * self.scale if placed.style.stroke else 0.0
        parts = (
            (placed,)
            if pixels(placed.letters, placed.size * self.scale, stroke) < _MOST_PIXELS
            else _apart(placed)
        )
        yield from (part for part in parts if self._shows(part, stroke))

    def _shows(self, placed: Placed, stroke: float) -> bool:
        reach = placed.size * self.scale * _REACH + stroke
        x, width = self.x + placed.x * self.scale, placed.width * self.scale
        return (
            -reach < self.y < self.surface.size[1] + reach
            and -reach < x + width
            and x < self.surface.size[0] + reach
        )

    def _stamp(
        self, paint: Paint, at: tuple[int, int], size: tuple[int, int], through: Image.Image | None
    ) -> None:
        part = (at[0] - self.box.x, at[1] - self.box.y, *size)
        laid = fill(paint, (self.box.width, self.box.height), part)
        self.surface.stamp(laid, at, through, size)


def _dashed_within_bounds(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines as they are, or with whole outlines where dashes would go round too much."""
    dashed = sum(
        placed.size * len(placed.letters.text)
        for line in lines
        for placed in line.placed
        if placed.style.stroke and placed.style.stroke.dash
    )
    if dashed <= _MOST_DASHED:
        return lines
    return [replace(line, placed=tuple(map(_undashed, line.placed))) for line in lines]


def _undashed(placed: Placed) -> Placed:
    style = placed.style
    if style.stroke is None:
        return placed
    return placed._replace(style=style._replace(stroke=replace(style.stroke, dash=None)))


def _apart(placed: Placed) -> Iterator[Placed]:
    """Each letter at its place."""
    x = placed.x
    letters = shapes(placed.letters.text)
    for text in reversed(letters) if placed.letters.rtl else letters:
        alone = placed.letters._replace(text=text)
        width = advance(alone) * placed.size
        yield placed._replace(letters=alone, x=x, width=width)
        x += width


def _leading(placed: list[Placed]) -> Face:
    """The font that the style names, where it has a letter or a space; else the first."""
    faces = [each.letters.face for each in placed]
    return next((face for face in faces if face.family in placed[0].style.fonts), faces[0])


def _highlight(placed: Placed) -> Highlight | None:
    return placed.style.highlight


def _decoration(placed: Placed) -> tuple[str, Paint, float, float]:
    style = placed.style
    return style.decoration, style.color, placed.size, style.rise
