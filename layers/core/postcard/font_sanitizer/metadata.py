"""Extracts a font's metadata: family name, faces, line metrics and covered characters."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fontTools.ttLib import TTFont

from postcard.font_sanitizer.emoji import has_emoji_presentation
from postcard.text.font_file import FontError, FontMetadata

MAX_NAME_LENGTH = 100
MAX_LINE_EXTENT_EM = 5.0  # ascent or descent, from the baseline

_MIN_WEIGHT, _MAX_WEIGHT = 1, 1000


def extract_metadata(font: TTFont) -> FontMetadata:
    """The metadata; `FontError` where the font has no name, no characters or odd line metrics."""
    characters = "".join(_character_ranges(font.getBestCmap() or ()))
    if not characters:
        raise FontError("it maps no characters: save it with a Unicode character map")
    return FontMetadata(family_name(font), tuple(_faces(font)), characters)


def family_name(font: TTFont) -> str:
    """The name by which templates refer to it."""
    for name_id in (16, 1, 4, 6):
        name = _clean_name(font["name"].getDebugName(name_id) or "") if "name" in font else ""
        if name:
            return name
    raise FontError("it has no family name: give it one and save it again")


def _clean_name(name: str) -> str:
    printable = (c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name[:1000]))
    words = "".join(printable).replace("asset:", "").split()
    return " ".join(words)[:MAX_NAME_LENGTH].strip()


def _faces(font: TTFont) -> Iterator[Mapping[str, Any]]:
    """One face, or two if a variation axis makes an italic."""
    metrics = _metrics(font)
    axes = {axis.axisTag: axis for axis in font["fvar"].axes} if "fvar" in font else {}
    weights = _weights(font, axes)
    italic_settings = _italic_settings(axes)
    for italic in (False, True) if italic_settings else (_is_italic(font),):
        settings = [
            None
            if tag == "wght"
            else italic_settings[tag]
            if italic and tag in italic_settings
            else float(axis.defaultValue)
            for tag, axis in axes.items()
        ]
        yield {**metrics, "weights": weights, "italic": italic, "axes": settings}


def _italic_settings(axes: Mapping[str, Any]) -> dict[str, float]:
    """The axis values of the font's own italic; empty if no axis makes one."""
    if "ital" in axes and axes["ital"].maxValue >= 1:
        return {"ital": 1.0}
    if "slnt" in axes and axes["slnt"].minValue < 0:
        return {"slnt": float(axes["slnt"].minValue)}
    return {}


def _weights(font: TTFont, axes: Mapping[str, Any]) -> list[int]:
    if "wght" in axes:
        axis = axes["wght"]
        return sorted(_clamp_weight(value) for value in (axis.minValue, axis.maxValue))
    stated = getattr(font.get("OS/2"), "usWeightClass", 400)
    return [_clamp_weight(stated * 100 if stated < 10 else stated)]


def _clamp_weight(weight: float) -> int:
    return max(_MIN_WEIGHT, min(_MAX_WEIGHT, round(weight)))


def _is_italic(font: TTFont) -> bool:
    selection = getattr(font.get("OS/2"), "fsSelection", 0)
    return bool(selection & 1 or font["head"].macStyle & 2)


def _metrics(font: TTFont) -> dict[str, Any]:
    em, hhea, post = font["head"].unitsPerEm, font["hhea"], font["post"]
    ascent, descent = hhea.ascent / em, -hhea.descent / em
    if not (ascent + descent > 0 and max(abs(ascent), abs(descent)) <= MAX_LINE_EXTENT_EM):
        raise FontError("its lines have no height, or too much: set its ascender and descender")
    cap_height = getattr(font.get("OS/2"), "sCapHeight", 0) / em
    underline = _line_position(-post.underlinePosition / em, post.underlineThickness / em, 0.1)
    strikeout = _line_position(
        -_strikeout(font, "Position") / em, _strikeout(font, "Size") / em, -0.3
    )
    return {
        "color": False,
        "ascent": round(ascent, 4),
        "descent": round(descent, 4),
        "cap_height": round(cap_height if 0 < cap_height <= MAX_LINE_EXTENT_EM else 0.7, 4),
        "underline": underline,
        "strikeout": [-strikeout[0], strikeout[1]],
    }


def _strikeout(font: TTFont, metric: str) -> float:
    return float(getattr(font.get("OS/2"), f"yStrikeout{metric}", 0))


def _line_position(top: float, thickness: float, default: float) -> list[float]:
    """A line's centre below the baseline and its thickness; defaults where the font's are odd."""
    sane_thickness = thickness if 0 < thickness <= 1 else 0.05
    centre = top + sane_thickness / 2
    usable = abs(centre) <= 1 and thickness
    return [round(centre if usable else default, 4), round(sane_thickness, 4)]


def _character_ranges(codes: Iterable[int]) -> Iterator[str]:
    """Each range of consecutive characters as its first and last one."""
    first = last = None
    for code in sorted(codes):
        if not _is_text_character(code):
            continue
        if last is not None and code == last + 1:
            last = code
            continue
        if first is not None and last is not None:
            yield chr(first) + chr(last)
        first = last = code
    if first is not None and last is not None:
        yield chr(first) + chr(last)


def _is_text_character(code: int) -> bool:
    if code < 0x20 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return False
    return not has_emoji_presentation(chr(code))
