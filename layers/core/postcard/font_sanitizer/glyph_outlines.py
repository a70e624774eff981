"""Letters' outlines: bounded, without hints, each drawn once to see that it can be."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fontTools.cffLib.transforms import remove_hints
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from postcard.text.font_file import FontError

MAX_GLYPH_POINTS = 20_000  # a letter, with those of the letters that it is made of
MAX_COMPONENT_DEPTH = 8  # letters made of letters
MAX_HEIGHT_EM, MAX_WIDTH_EM = (
    5.0,
    20.0,
)  # em from the pen; an ornate ligature of Arabic is ten em wide

_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

AxisLocation = Mapping[str, float]


def check_outlines(font: TTFont, locations: Sequence[AxisLocation]) -> None:
    """`FontError` for a letter that cannot be drawn or is out of all measure.

    `places` are those among the font's axes at which it is looked at.
    """
    if "glyf" in font:
        _check_components(font["glyf"])
    em = font["head"].unitsPerEm
    for place in locations:
        letters = font.getGlyphSet(location=place or None)
        for name in font.getGlyphOrder():
            pen = _ExtentsPen(letters)
            letters[name].draw(pen)
            _check_extents(name, pen, letters[name].width, em)


def remove_hinting(font: TTFont) -> None:
    """No program is left in the font: widths grow evenly with size."""
    if "glyf" in font:
        for name in font.getGlyphOrder():
            font["glyf"][name].removeHinting()
        return
    table = font["CFF " if "CFF " in font else "CFF2"].cff
    for matrix in _font_matrices(table):
        _check_matrix(matrix, font["head"].unitsPerEm)
    remove_hints(table)


class _ExtentsPen(BasePen):  # type: ignore[misc]  # fontTools' pens are not typed
    """How far a letter's points lie from the pen."""

    def __init__(self, letters: Any) -> None:
        super().__init__(letters)
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
            raise FontError(f"a letter has more than {MAX_GLYPH_POINTS} points")
        x, y = point
        self.left, self.right = min(self.left, x), max(self.right, x)
        self.bottom, self.top = min(self.bottom, y), max(self.top, y)


def _check_extents(name: str, extents: _ExtentsPen, width: float, em: int) -> None:
    across = (-extents.left, extents.right, abs(width))
    down = (-extents.bottom, extents.top)
    finite = all(map(math.isfinite, (*across, *down)))
    if not finite or max(across) > MAX_WIDTH_EM * em or max(down) > MAX_HEIGHT_EM * em:
        raise FontError(
            f"its letter {name[:40]!r} is larger than {MAX_WIDTH_EM:g} times as wide or {MAX_HEIGHT_EM:g} times"
            " as high as the font's size"
        )


def _check_components(glyphs: Any) -> None:
    """Letters made of letters: no circles, no deep nests, no avalanche of empty parts."""
    known: dict[str, tuple[int, int]] = {}  # how many letters in all, and how deep

    def measure(name: str, around: tuple[str, ...]) -> tuple[int, int]:
        if name in around:
            raise FontError(f"its letter {name[:40]!r} is made of itself")
        if name not in known:
            glyph = glyphs[name]
            parts = glyph.components if glyph.isComposite() else ()
            inner = [measure(part.glyphName, (*around, name)) for part in parts]
            deep = 1 + max((depth for _, depth in inner), default=-1)
            known[name] = 1 + sum(many for many, _ in inner), deep
        many, deep = known[name]
        if many > MAX_GLYPH_POINTS or len(around) + deep > MAX_COMPONENT_DEPTH:
            raise FontError(f"its letter {name[:40]!r} is made of too many others or layers")
        return many, deep

    for name in glyphs.keys():  # noqa: SIM118  # no mapping of Python's
        measure(name, ())


def _font_matrices(table: Any) -> Iterator[Sequence[float]]:
    if len(table.topDictIndex) != 1:
        raise FontError("it holds several fonts: save one of them by itself")
    top = table.topDictIndex[0]
    for part in (top, *getattr(top, "FDArray", ())):
        if (matrix := part.rawDict.get("FontMatrix")) is not None:
            yield matrix


def _check_matrix(matrix: Sequence[float], em: int) -> None:
    usual = (1 / em, 0.0, 0.0, 1 / em, 0.0, 0.0)
    for allowed in (usual, _IDENTITY):
        if all(math.isclose(a, b, rel_tol=0.01) for a, b in zip(matrix, allowed, strict=True)):
            return
    raise FontError("it scales or slants its letters in an unusual way: save it anew")
