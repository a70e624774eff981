"""A stranger's font as we keep it: read whole, bounded, and written with our own tables alone.

Nothing is passed through: every table that is kept was understood and is written anew, so the
shaper and the rasteriser see what fontTools wrote. Hints, bitmaps, colours, signatures, vertical
measures, names and private tables are left out.
"""

import io
import struct
from collections.abc import Iterator
from typing import Any

import brotli
from fontTools.misc.psCharStrings import CharStringCompileError
from fontTools.ttLib import TTFont, TTLibError, newTable
from fontTools.ttLib.tables.DefaultTable import DefaultTable
from fontTools.ttLib.tables.otBase import BaseTTXConverter

from postcard.font_sanitizer.container import check_container
from postcard.font_sanitizer.glyph_outlines import Place, check_outlines, drop_hints
from postcard.font_sanitizer.metadata import card_of
from postcard.text.font_file import METADATA_TABLE, FontError, FontMetadata, metadata_table

MOST_LETTERS = 200_000  # characters mapped
MOST_AXES = 16
MOST_KERNED = 100_000  # pairs of the old table

_OUTLINES = ("glyf", "CFF ", "CFF2")
_NEEDED = ("head", "hhea", "hmtx", "maxp", "cmap")
_SHAPING = ("GDEF", "GSUB", "GPOS", "kern")
_VARYING = ("avar", "gvar", "HVAR", "MVAR")
_KEPT = (*_NEEDED, *_OUTLINES, "loca", "OS/2", "name", "post", "fvar", *_SHAPING, *_VARYING)
_BITMAPS = ("CBDT", "EBDT", "sbix", "bdat", "SVG ")
_MAP = ((3, 1), (3, 10))  # Windows' Unicode maps
_VARIANTS = 14
_EPOCH = 0x7C259DC0  # 1970 as fonts count
_MAPS = (4, 12, _VARIANTS)
_POST = (
    *("italicAngle", "underlinePosition", "underlineThickness", "isFixedPitch"),
    *("minMemType42", "maxMemType42", "minMemType1", "maxMemType1"),
)
_PROGRAMS = (
    *("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"),
    *("maxStackElements", "maxSizeOfInstructions"),
)
# What fontTools raises over bytes that are no font. Anything else ends the process it runs in.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    CharStringCompileError,
    NotImplementedError,
    OSError,
    RecursionError,
    StopIteration,
    TTLibError,
    TypeError,
    ValueError,
    brotli.error,
    struct.error,
)


def recast(body: bytes) -> tuple[bytes, FontMetadata]:
    """The font as TTF or OTF and what it can; `FontError` says what to do about a bad one."""
    check_container(body)
    try:
        return _recast(body)
    except FontError:
        raise
    except _UNREADABLE as failure:
        raise FontError("it is broken: save it anew from your font editor") from failure


def _recast(body: bytes) -> tuple[bytes, FontMetadata]:
    font = TTFont(io.BytesIO(body), lazy=False, recalcTimestamp=False)
    _check_whole(font)
    _drop(font)
    _bound(font)
    check_outlines(font, tuple(_places(font)))
    drop_hints(font)
    _fill(font)
    card = card_of(font)
    _plain(font, card)
    return _written(font, card), card


def _check_whole(font: TTFont) -> None:
    outlines = [tag for tag in _OUTLINES if tag in font]
    if not outlines and any(tag in font for tag in _BITMAPS):
        raise FontError("it has pictures alone: take a font with outlines")
    missing = [tag for tag in _NEEDED if tag not in font]
    if missing or len(outlines) != 1 or ("glyf" in font) != ("loca" in font):
        raise FontError("it lacks tables that every font has: save it anew from your font editor")


def _drop(font: TTFont) -> None:
    """All that is not kept, and whatever of the rest nobody here reads."""
    for tag in list(font.reader.keys()):
        if tag not in _KEPT:
            del font[tag]
    if "GPOS" in font and "kern" in font:
        del font["kern"]  # the shaper takes the other
    if "fvar" not in font:
        for tag in _VARYING:
            if tag in font:
                del font[tag]


def _bound(font: TTFont) -> None:
    """Reads every table, by which each is known to be whole."""
    for tag in list(font.reader.keys()):
        table = font.get(tag)
        if isinstance(table, BaseTTXConverter):
            table.ensureDecompiled(recurse=True)
        elif type(table) is DefaultTable:
            raise FontError(f"its table {tag} cannot be read")
    if not 16 <= font["head"].unitsPerEm <= 16384:
        raise FontError("its units an em are not between 16 and 16384")
    _bound_letters(font["cmap"])
    if "fvar" in font:
        _bound_axes(font["fvar"])
    if "kern" in font:
        _bound_kerning(font)


def _bound_letters(table: Any) -> None:
    table.tables = [
        one
        for one in table.tables
        if one.format in _MAPS and (one.platformID == 0 or (one.platformID, one.platEncID) in _MAP)
    ]
    if sum(len(one.cmap) for one in table.tables if one.format != _VARIANTS) > MOST_LETTERS:
        raise FontError(f"it maps more than {MOST_LETTERS:,} letters")


def _bound_axes(table: Any) -> None:
    tags = [axis.axisTag for axis in table.axes]
    if not tags or len(tags) > MOST_AXES or len(set(tags)) < len(tags):
        raise FontError(f"it has no axes, one twice, or more than {MOST_AXES}")
    for axis in table.axes:
        if not axis.minValue <= axis.defaultValue <= axis.maxValue:
            raise FontError(f"its axis {axis.axisTag} has its default outside its ends")
    table.instances = []


def _bound_kerning(font: TTFont) -> None:
    """Pairs alone: other kinds are as old as they are rare."""
    pairs = [one for one in font["kern"].kernTables if one.format == 0]
    font["kern"].kernTables = pairs
    if not pairs or font["kern"].version != 0:
        del font["kern"]
    elif sum(len(one.kernTable) for one in pairs) > MOST_KERNED:
        raise FontError(f"it kerns more than {MOST_KERNED:,} pairs")


def _places(font: TTFont) -> Iterator[Place]:
    """Where letters are looked at: as they are, and at the ends of each axis."""
    yield {}
    if "gvar" in font or "CFF2" in font:
        for axis in font["fvar"].axes if "fvar" in font else ():
            ends = {axis.minValue, axis.maxValue} - {axis.defaultValue}
            yield from ({axis.axisTag: end} for end in sorted(ends))


def _fill(font: TTFont) -> None:
    """What the rasteriser asks of any font, and one build's bytes from the next."""
    if "post" not in font:
        font["post"] = newTable("post")
        for name in _POST:
            setattr(font["post"], name, 0)
    font["post"].formatType = 3.0  # no letter's name
    font["head"].created = font["head"].modified = _EPOCH


def _plain(font: TTFont, card: FontMetadata) -> None:
    """One name, and no word of programs that are gone."""
    names = newTable("name")
    names.names = []
    for number, text in ((1, card.family), (2, "Regular"), (4, card.family), (6, "Font")):
        names.setName(text, number, 3, 1, 0x409)
    font["name"] = names
    if "glyf" in font:
        for field in _PROGRAMS:
            setattr(font["maxp"], field, 0)
        font["maxp"].maxZones = 1


def _written(font: TTFont, card: FontMetadata) -> bytes:
    own = newTable(METADATA_TABLE)
    own.data = metadata_table(card)
    font[METADATA_TABLE] = own
    font.flavor = None
    file = io.BytesIO()
    font.save(file, reorderTables=None)
    return file.getvalue()
