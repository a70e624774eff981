"""Splits text with ICU: line breaks (UAX #14, with dictionaries), grapheme clusters (UAX #29)."""

from icu4py.breakers import CharacterBreaker, LineBreaker

from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import memoize_by_bytes

_JOINED_BOUNDARY = lazy_regex(  # UAX #29 separates here; a virama joins two letters
    "(?<=\u0a4d)(?=[\u0a15-\u0a39])|(?<=\u0ccd)(?=[\u0c95-\u0cb9])|(?<=\u0dca\u200d)"
    "|(?<=\u0b95\u0bcd)(?=\u0bb7)|(?<=[\u0bb6\u0bb8]\u0bcd)(?=\u0bb0\u0bc0)"
    "|(?<=\U00011442)(?=[\U0001140e-\U00011434])"
    # vowels and tones of Myanmar, Tai Tham and Ahom, which fonts draw on a dotted circle alone
    "|(?<=.)(?=[\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f"
    "\u109a-\u109c\u1a61\u1a63\u1a64\uaa7b\uaa7d\U00011720\U00011721])"
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

    >>> [len(split("ಶ್ರೀ")) for split in (graphemes, typographic_units)]
    [2, 1]
    >>> [len(split("ကျော်")) for split in (graphemes, typographic_units)]
    [2, 1]
    """
    joined_offsets = {match.start() for match in _JOINED_BOUNDARY.finditer(text)}
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
