"""Splits text with ICU: line breaks (UAX #14, with dictionaries), grapheme clusters (UAX #29)."""

from icu4py.breakers import CharacterBreaker, LineBreaker

from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import memoize_by_bytes

_CONJUNCT_BOUNDARY = lazy_regex(  # a virama joins two letters here, which UAX #29 separates
    "(?<=\u0a4d)(?=[\u0a15-\u0a39])|(?<=\u0ccd)(?=[\u0c95-\u0cb9])|(?<=\u0dca\u200d)"
    "|(?<=\u0b95\u0bcd)(?=\u0bb7)|(?<=[\u0bb6\u0bb8]\u0bcd)(?=\u0bb0\u0bc0)"
)
_STRING_OVERHEAD, _BYTES_PER_CHARACTER = 100, 4  # bytes in memory


def _size_in_bytes(parts: tuple[str, ...]) -> int:
    return len(parts) * _STRING_OVERHEAD + sum(map(len, parts)) * _BYTES_PER_CHARACTER


@memoize_by_bytes(_size_in_bytes)
def line_break_segments(text: str, language: str) -> tuple[str, ...]:
    """The segments between which a line may break, spaces at their ends.

    >>> line_break_segments("two-thirds of it", "en")
    ('two-', 'thirds ', 'of ', 'it')
    """
    return tuple(LineBreaker(text, language or "en"))


@memoize_by_bytes(_size_in_bytes)
def graphemes(text: str) -> tuple[str, ...]:
    """The grapheme clusters, what readers take for letters.

    >>> [len(letter) for letter in graphemes("e\u0301👩‍👧!")]
    [2, 3, 1]
    """
    if text.isascii() and "\r" not in text:
        return tuple(text)
    return tuple(CharacterBreaker(text, "en"))


def typographic_units(text: str) -> tuple[str, ...]:
    """The graphemes, with those joined that fonts draw as one shape: what may be set apart.

    >>> len(graphemes("ಶ್ರೀ")), len(typographic_units("ಶ್ರೀ"))
    (2, 1)
    """
    joined_offsets = {match.start() for match in _CONJUNCT_BOUNDARY.finditer(text)}
    if not joined_offsets:
        return graphemes(text)
    units: list[str] = []
    offset = 0
    for grapheme in graphemes(text):
        if offset in joined_offsets:
            units[-1] += grapheme
        else:
            units.append(grapheme)
        offset += len(grapheme)
    return tuple(units)
