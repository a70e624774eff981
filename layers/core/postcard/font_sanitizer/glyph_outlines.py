"""Checks that each glyph's outline can be drawn and is of sane size, and removes hinting."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fontTools.cffLib.transforms import remove_hints
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from postcard.text.font_file import FontError

MAX_GLYPH_POINTS = 20_000  # with those of its components
MAX_COMPONENT_DEPTH = 8
# em from the glyph's origin; an ornate Arabic ligature is ten em wide
MAX_HEIGHT_EM, MAX_WIDTH_EM = 5.0, 20.0

_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

AxisLocation = Mapping[str, float]


def check_outlines(font: TTFont, locations: Sequence[AxisLocation]) -> None:
    """`FontError` for a glyph that cannot be drawn or is too large, at any of `locations`."""
    if "glyf" in font:
        _check_components(font["glyf"])
    em = font["head"].unitsPerEm
    for location in locations:
        glyphs = font.getGlyphSet(location=location or None)
        for name in font.getGlyphOrder():
            pen = _ExtentsPen(glyphs)
            glyphs[name].draw(pen)
            _check_extents(name, pen, glyphs[name].width, em)


def remove_hinting(font: TTFont) -> None:
    """Remove all hinting programs, so that advance widths scale linearly with the font size."""
    if "glyf" in font:
        for name in font.getGlyphOrder():
            font["glyf"][name].removeHinting()
        return
    table = font["CFF " if "CFF " in font else "CFF2"].cff
    for matrix in _font_matrices(table):
        _check_matrix(matrix, font["head"].unitsPerEm)
    remove_hints(table)


class _ExtentsPen(BasePen):  # type: ignore[misc]  # fontTools' pens are not typed
    """Measures how far a glyph's points lie from its origin, and counts them."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.points = 0
        self.left = self.right = self.bottom = self.top = 0.0

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self._add_point(pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self._add_point(pt)

    def _curveToOne(self, *points: tuple[float, float]) -> None:
        for point in points:
            self._add_point(point)

    def _add_point(self, point: tuple[float, float]) -> None:
        self.points += 1
        if self.points > MAX_GLYPH_POINTS:
            raise FontError(f"a glyph has more than {MAX_GLYPH_POINTS} points")
        x, y = point
        self.left, self.right = min(self.left, x), max(self.right, x)
        self.bottom, self.top = min(self.bottom, y), max(self.top, y)


def _check_extents(name: str, extents: _ExtentsPen, width: float, em: int) -> None:
    horizontal = (-extents.left, extents.right, abs(width))
    vertical = (-extents.bottom, extents.top)
    finite = all(map(math.isfinite, (*horizontal, *vertical)))
    if not finite or max(horizontal) > MAX_WIDTH_EM * em or max(vertical) > MAX_HEIGHT_EM * em:
        raise FontError(
            f"its glyph {name[:40]!r} is larger than {MAX_WIDTH_EM:g} times as wide"
            f" or {MAX_HEIGHT_EM:g} times as high as the font's size"
        )


def _check_components(glyphs: Any) -> None:
    """`FontError` for composite glyphs with cycles, deep nesting or too many components in all."""
    measured: dict[str, tuple[int, int]] = {}  # glyphs in all, and depth

    def measure(name: str, parents: tuple[str, ...]) -> tuple[int, int]:
        if name in parents:
            raise FontError(f"its glyph {name[:40]!r} is a component of itself")
        if name not in measured:
            glyph = glyphs[name]
            components = glyph.components if glyph.isComposite() else ()
            inner = [measure(one.glyphName, (*parents, name)) for one in components]
            depth = 1 + max((depth for _, depth in inner), default=-1)
            measured[name] = 1 + sum(count for count, _ in inner), depth
        count, depth = measured[name]
        if count > MAX_GLYPH_POINTS or len(parents) + depth > MAX_COMPONENT_DEPTH:
            raise FontError(f"its glyph {name[:40]!r} has too many components or nested levels")
        return count, depth

    for name in glyphs.keys():  # noqa: SIM118  # fontTools' table is not a mapping
        measure(name, ())


def _font_matrices(table: Any) -> Iterator[Sequence[float]]:
    if len(table.topDictIndex) != 1:
        raise FontError("it holds several fonts: save one of them by itself")
    top = table.topDictIndex[0]
    for font_dict in (top, *getattr(top, "FDArray", ())):
        if (matrix := font_dict.rawDict.get("FontMatrix")) is not None:
            yield matrix


def _check_matrix(matrix: Sequence[float], em: int) -> None:
    default = (1 / em, 0.0, 0.0, 1 / em, 0.0, 0.0)
    for allowed in (default, _IDENTITY):
        if all(math.isclose(a, b, rel_tol=0.01) for a, b in zip(matrix, allowed, strict=True)):
            return
    raise FontError("it scales or slants its letters in an unusual way: save it anew")
