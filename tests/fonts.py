"""Makes fonts for tests: upside-down and box fonts, and fonts with broken or removed tables.

An upside-down font cannot be confused with the shipped font that it was made from.
"""

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from postcard.text.font_file import read_tables

FONTS_FOLDER = Path(__file__).parents[1] / "layers" / "fonts"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:!?-…ß"
CAP_HEIGHT = 700  # of Space Grotesk's 1000 units


def font_bytes(font: Any) -> bytes:
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def open_font(body: bytes) -> Any:
    return TTFont(io.BytesIO(body), recalcTimestamp=False)


@cache
def upside_down_font(family: str = "Kite", weight: int = 400, italic: bool = False) -> bytes:
    """Space Grotesk upside down, at one weight, under the name `family`."""
    font = open_font(_latin_letters())
    font = instancer.instantiateVariableFont(font, {"wght": max(300, min(700, weight))})
    for name in font.getGlyphOrder():
        glyph = font["glyf"][name]
        if glyph.isComposite() or glyph.numberOfContours < 1:
            continue
        glyph.coordinates.transform(((1, 0), (0, -1)))
        glyph.coordinates.translate((0, CAP_HEIGHT))
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = 1 if italic else 64
    font["head"].macStyle = 2 if italic else 0
    return font_bytes(rename_family(font, family))


@cache
def space_grotesk_as(family: str = "Sail") -> bytes:
    """Space Grotesk with all its weights, under the name `family`."""
    return font_bytes(rename_family(open_font(_latin_letters()), family))


def rename_family(font: Any, family: str) -> Any:
    for record in list(font["name"].names):
        if record.nameID in (1, 4, 6, 16):
            font["name"].setName(
                family, record.nameID, record.platformID, record.platEncID, record.langID
            )
    return font


def woff2(body: bytes) -> bytes:
    font = open_font(body)
    font.flavor = "woff2"
    return font_bytes(font)


def box_font_builder(
    letters: str = "AB", *, outlines: str = "glyf", em: int = 1000, family: str = "Boxes"
) -> Any:
    """A font builder with a box for each letter, each larger than the one before."""
    names = [".notdef", *(f"u{ord(letter):04X}" for letter in letters)]
    builder = FontBuilder(em, isTTF=outlines == "glyf")
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"u{ord(letter):04X}" for letter in letters})
    glyphs = {name: _box(300 + 50 * index, outlines) for index, name in enumerate(names)}
    if outlines == "glyf":
        builder.setupGlyf(glyphs)
    elif outlines == "CFF2":
        builder.setupCFF2(glyphs)
    else:
        builder.setupCFF(family, {"FullName": family}, glyphs, {})
    builder.setupHorizontalMetrics({name: (600, 0) for name in names})
    builder.setupHorizontalHeader(ascent=969, descent=-241)  # those of Inter
    builder.setupOS2(sTypoAscender=800, usWeightClass=400)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupPost()
    return builder


def box_font(letters: str = "AB", **more: Any) -> bytes:
    """A font file with a box for each letter."""
    return font_bytes(box_font_builder(letters, **more))


def edit_font(body: bytes, change: Callable[[Any], object]) -> bytes:
    """The font after `change`, without the corrections that fontTools makes when it saves."""
    font = TTFont(io.BytesIO(body), recalcTimestamp=False, recalcBBoxes=False)
    change(font)
    if "glyf" in font:
        for glyph in font["glyf"].glyphs.values():
            for side in ("xMin", "yMin", "xMax", "yMax"):
                setattr(glyph, side, getattr(glyph, side, 0))
    return font_bytes(font)


def replace_tables(
    body: bytes, *, without: Sequence[str] = (), more: Mapping[str, bytes] = {}
) -> bytes:
    """The font without some tables and with `more` tables, added without any check."""
    tables = {tag: data for tag, data in read_tables(body).items() if tag not in without}
    tables |= {tag.ljust(4): data for tag, data in more.items()}
    directory, offset, content = b"", 12 + 16 * len(tables), b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag.encode(), 0, offset + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    return struct.pack(">4sHHHH", body[:4], len(tables), 0, 0, 0) + directory + content


def _box(side: int, outlines: str) -> Any:
    pen: Any = TTGlyphPen(None)
    if outlines != "glyf":
        pen = T2CharStringPen(None if outlines == "CFF2" else 600, None, CFF2=outlines == "CFF2")
    pen.moveTo((50, 0))
    for point in ((50, side), (50 + side, side), (50 + side, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph() if outlines == "glyf" else pen.getCharString()


@cache  # all that follows is quick with so few glyphs
def _latin_letters() -> bytes:
    """Space Grotesk with the letters LATIN alone."""
    font = TTFont(FONTS_FOLDER / "SpaceGrotesk.ttf", recalcTimestamp=False)
    options = subset.Options(layout_features=["kern", "liga"], hinting=False, name_IDs=["*"])
    slim = subset.Subsetter(options)
    slim.populate(unicodes=list(map(ord, LATIN)))
    slim.subset(font)
    return font_bytes(font)
