"""Rewrites an untrusted font: parses every table, checks limits, and writes allowed tables anew.

No table is copied: the shaper and the rasteriser see only what fontTools wrote. Hinting, bitmaps,
colours, signatures, vertical metrics, names and private tables are left out.
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
from postcard.font_sanitizer.glyph_outlines import AxisLocation, check_outlines, remove_hinting
from postcard.font_sanitizer.metadata import extract_metadata
from postcard.text.font_file import METADATA_TABLE, FontError, FontMetadata, metadata_table

MAX_MAPPED_CHARACTERS = 200_000
MAX_AXES = 16
MAX_KERNING_PAIRS = 100_000  # of the `kern` table

_OUTLINE_TABLES = ("glyf", "CFF ", "CFF2")
_REQUIRED_TABLES = ("head", "hhea", "hmtx", "maxp", "cmap")
_SHAPING_TABLES = ("GDEF", "GSUB", "GPOS", "kern")
_VARIATION_TABLES = ("avar", "gvar", "HVAR", "MVAR")
_ALLOWED_TABLES = (
    *_REQUIRED_TABLES,
    *_OUTLINE_TABLES,
    "loca",
    "OS/2",
    "name",
    "post",
    "fvar",
    *_SHAPING_TABLES,
    *_VARIATION_TABLES,
)
_BITMAP_TABLES = ("CBDT", "EBDT", "sbix", "bdat", "SVG ")
_WINDOWS_UNICODE_CMAPS = ((3, 1), (3, 10))  # platform and encoding
_VARIATION_SEQUENCES_FORMAT = 14
_UNIX_EPOCH = 0x7C259DC0  # in seconds since 1904
_CMAP_FORMATS = (4, 12, _VARIATION_SEQUENCES_FORMAT)
_POST_FIELDS = (
    *("italicAngle", "underlinePosition", "underlineThickness", "isFixedPitch"),
    *("minMemType42", "maxMemType42", "minMemType1", "maxMemType1"),
)
_MAXP_PROGRAM_FIELDS = (
    *("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"),
    *("maxStackElements", "maxSizeOfInstructions"),
)
# What fontTools raises for broken fonts. Anything else ends the subprocess.
_PARSE_ERRORS = (
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


def sanitize(body: bytes) -> tuple[bytes, FontMetadata]:
    """The font as TTF or OTF, and its metadata; `FontError` says what to do about a bad one."""
    check_container(body)
    try:
        return _sanitize(body)
    except FontError:
        raise
    except _PARSE_ERRORS as error:
        raise FontError("it is broken: save it anew from your font editor") from error


def _sanitize(body: bytes) -> tuple[bytes, FontMetadata]:
    font = TTFont(io.BytesIO(body), lazy=False, recalcTimestamp=False)
    _check_required_tables(font)
    _drop_tables(font)
    _check_tables(font)
    check_outlines(font, tuple(_checked_locations(font)))
    remove_hinting(font)
    _fill_missing(font)
    metadata = extract_metadata(font)
    _rewrite_names(font, metadata)
    return _write(font, metadata), metadata


def _check_required_tables(font: TTFont) -> None:
    outlines = [tag for tag in _OUTLINE_TABLES if tag in font]
    if not outlines and any(tag in font for tag in _BITMAP_TABLES):
        raise FontError("it has only bitmaps or SVG pictures: use a font with outlines")
    missing = [tag for tag in _REQUIRED_TABLES if tag not in font]
    if missing or len(outlines) != 1 or ("glyf" in font) != ("loca" in font):
        raise FontError("it lacks tables that every font has: save it anew from your font editor")


def _drop_tables(font: TTFont) -> None:
    """Drops tables that are not allowed, and those that have no effect in this font."""
    for tag in list(font.reader.keys()):
        if tag not in _ALLOWED_TABLES:
            del font[tag]
    if "GPOS" in font and "kern" in font:
        del font["kern"]  # the shaper prefers GPOS
    if "fvar" not in font:
        for tag in _VARIATION_TABLES:
            if tag in font:
                del font[tag]


def _check_tables(font: TTFont) -> None:
    """Parses every table, which proves that it is complete, and checks limits."""
    for tag in list(font.reader.keys()):
        table = font.get(tag)
        if isinstance(table, BaseTTXConverter):
            table.ensureDecompiled(recurse=True)
        elif type(table) is DefaultTable:
            raise FontError(f"its table {tag} cannot be read")
    if not 16 <= font["head"].unitsPerEm <= 16384:
        raise FontError("its units an em are not between 16 and 16384")
    _limit_cmap(font["cmap"])
    if "fvar" in font:
        _check_axes(font["fvar"])
    if "kern" in font:
        _limit_kerning(font)


def _limit_cmap(table: Any) -> None:
    table.tables = [
        one
        for one in table.tables
        if one.format in _CMAP_FORMATS
        and (one.platformID == 0 or (one.platformID, one.platEncID) in _WINDOWS_UNICODE_CMAPS)
    ]
    if (
        sum(len(one.cmap) for one in table.tables if one.format != _VARIATION_SEQUENCES_FORMAT)
        > MAX_MAPPED_CHARACTERS
    ):
        raise FontError(f"it maps more than {MAX_MAPPED_CHARACTERS:,} characters")


def _check_axes(table: Any) -> None:
    tags = [axis.axisTag for axis in table.axes]
    if not tags or len(tags) > MAX_AXES or len(set(tags)) < len(tags):
        raise FontError(f"it has no axes, one twice, or more than {MAX_AXES}")
    for axis in table.axes:
        if not axis.minValue <= axis.defaultValue <= axis.maxValue:
            raise FontError(f"its axis {axis.axisTag} has its default outside its ends")
    table.instances = []


def _limit_kerning(font: TTFont) -> None:
    """Keeps plain pair tables; other formats of `kern` are obsolete."""
    pairs = [one for one in font["kern"].kernTables if one.format == 0]
    font["kern"].kernTables = pairs
    if not pairs or font["kern"].version != 0:
        del font["kern"]
    elif sum(len(one.kernTable) for one in pairs) > MAX_KERNING_PAIRS:
        raise FontError(f"it kerns more than {MAX_KERNING_PAIRS:,} pairs")


def _checked_locations(font: TTFont) -> Iterator[AxisLocation]:
    """Where outlines are checked: at the default, and at both ends of each axis."""
    yield {}
    if "gvar" in font or "CFF2" in font:
        for axis in font["fvar"].axes if "fvar" in font else ():
            ends = {axis.minValue, axis.maxValue} - {axis.defaultValue}
            yield from ({axis.axisTag: end} for end in sorted(ends))


def _fill_missing(font: TTFont) -> None:
    """Adds what the rasteriser needs, and fixes the dates so that the output is reproducible."""
    if "post" not in font:
        font["post"] = newTable("post")
        for name in _POST_FIELDS:
            setattr(font["post"], name, 0)
    font["post"].formatType = 3.0  # without glyph names
    font["head"].created = font["head"].modified = _UNIX_EPOCH


def _rewrite_names(font: TTFont, metadata: FontMetadata) -> None:
    """Keeps only the family name, and resets the limits of hinting programs."""
    names = newTable("name")
    names.names = []
    family = metadata.family
    for name_id, text in ((1, family), (2, "Regular"), (4, family), (6, "Font")):
        names.setName(text, name_id, 3, 1, 0x409)
    font["name"] = names
    if "glyf" in font:
        for field in _MAXP_PROGRAM_FIELDS:
            setattr(font["maxp"], field, 0)
        font["maxp"].maxZones = 1


def _write(font: TTFont, metadata: FontMetadata) -> bytes:
    table = newTable(METADATA_TABLE)
    table.data = metadata_table(metadata)
    font[METADATA_TABLE] = table
    font.flavor = None
    file = io.BytesIO()
    font.save(file, reorderTables=None)
    return file.getvalue()
