"""What a checked font says of itself: its family, faces, measures and letters."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fontTools.ttLib import TTFont

from postcard.font_sanitizer.emoji import has_emoji_presentation
from postcard.text.font_file import FontError, FontMetadata

MAX_NAME_LENGTH = 100
MAX_LINE_EXTENT_EM = (
    5.0  # em a line may reach above or below its base line by the font's own measures
)

_MIN_WEIGHT, _MAX_WEIGHT = 1, 1000  # weights


def extract_metadata(font: TTFont) -> FontMetadata:
    """The card; `FontError` where the font has no name or no letters, or odd measures."""
    letters = "".join(_character_ranges(font.getBestCmap() or ()))
    if not letters:
        raise FontError("it maps no letters: save it with a Unicode character map")
    return FontMetadata(family_name(font), tuple(_faces(font)), letters)


def family_name(font: TTFont) -> str:
    """The name under which a template asks for it."""
    for number in (16, 1, 4, 6):
        name = _clean_name(font["name"].getDebugName(number) or "") if "name" in font else ""
        if name:
            return name
    raise FontError("it has no family name: give it one and save it again")


def _clean_name(name: str) -> str:
    shown = (c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name[:1000]))
    words = "".join(shown).replace("asset:", "").split()
    return " ".join(words)[:MAX_NAME_LENGTH].strip()


def _faces(font: TTFont) -> Iterator[Mapping[str, Any]]:
    """A face, or two if an axis turns it italic."""
    measures = _metrics(font)
    axes = {axis.axisTag: axis for axis in font["fvar"].axes} if "fvar" in font else {}
    weights = _weights(font, axes)
    turned = _italic_settings(axes)
    for italic in (False, True) if turned else (_is_italic(font),):
        settings = [
            None
            if tag == "wght"
            else turned[tag]
            if italic and tag in turned
            else float(axis.defaultValue)
            for tag, axis in axes.items()
        ]
        yield {**measures, "weights": weights, "italic": italic, "axes": settings}


def _italic_settings(axes: Mapping[str, Any]) -> dict[str, float]:
    """Where the axes stand for an italic of the font's own."""
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
    em, lines, post = font["head"].unitsPerEm, font["hhea"], font["post"]
    ascent, descent = lines.ascent / em, -lines.descent / em
    if not (ascent + descent > 0 and max(abs(ascent), abs(descent)) <= MAX_LINE_EXTENT_EM):
        raise FontError("its lines have no height, or too much: set its ascender and descender")
    capital = getattr(font.get("OS/2"), "sCapHeight", 0) / em
    under = _line_position(-post.underlinePosition / em, post.underlineThickness / em, 0.1)
    through = _line_position(
        -_strikeout(font, "Position") / em, _strikeout(font, "Size") / em, -0.3
    )
    return {
        "color": False,
        "ascent": round(ascent, 4),
        "descent": round(descent, 4),
        "cap_height": round(capital if 0 < capital <= MAX_LINE_EXTENT_EM else 0.7, 4),
        "underline": under,
        "strikeout": [-through[0], through[1]],
    }


def _strikeout(font: TTFont, metric: str) -> float:
    return float(getattr(font.get("OS/2"), f"yStrikeout{metric}", 0))


def _line_position(top: float, thickness: float, default: float) -> list[float]:
    """A line's middle below the base line and its thickness; the usual where the font is odd."""
    thick = thickness if 0 < thickness <= 1 else 0.05
    middle = top + thick / 2
    return [round(middle if abs(middle) <= 1 and thickness else default, 4), round(thick, 4)]


def _character_ranges(codes: Iterable[int]) -> Iterator[str]:
    """First and last in turn."""
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
