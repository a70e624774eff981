"""Where text may be cut: lines by UAX #14 and Thai, Khmer, CJK dictionaries, letters by UAX #29."""

from icu4py.breakers import CharacterBreaker, LineBreaker

from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import memoize_by_bytes

_CONJUNCT_BOUNDARY = lazy_regex(  # where a killed vowel ties two letters that UAX #29 parts
    "(?<=\u0a4d)(?=[\u0a15-\u0a39])|(?<=\u0ccd)(?=[\u0c95-\u0cb9])|(?<=\u0dca\u200d)"
    "|(?<=\u0b95\u0bcd)(?=\u0bb7)|(?<=[\u0bb6\u0bb8]\u0bcd)(?=\u0bb0\u0bc0)"
)
_STRING_OVERHEAD, _BYTES_PER_CHARACTER = 100, 4  # bytes


def _size_in_bytes(parts: tuple[str, ...]) -> int:
    return len(parts) * _STRING_OVERHEAD + sum(map(len, parts)) * _BYTES_PER_CHARACTER


@memoize_by_bytes(_size_in_bytes)
def line_break_segments(text: str, language: str) -> tuple[str, ...]:
    """The pieces between which a line may end, their spaces at their ends.

    >>> line_chunks("two-thirds of it", "en")
    ('two-', 'thirds ', 'of ', 'it')
    """
    return tuple(LineBreaker(text, language or "en"))


@memoize_by_bytes(_size_in_bytes)
def graphemes(text: str) -> tuple[str, ...]:
    """What readers call letters: never cut inside.

    >>> [len(letter) for letter in graphemes("e\u0301👩‍👧!")]
    [2, 3, 1]
    """
    if text.isascii() and "\r" not in text:
        return tuple(text)
    return tuple(CharacterBreaker(text, "en"))


def typographic_units(text: str) -> tuple[str, ...]:
    """Graphemes, together where a font draws one shape of them: what may stand alone.

    >>> len(graphemes("ಶ್ರೀ")), len(shapes("ಶ್ರೀ"))
    (2, 1)
    """
    tied = {match.start() for match in _CONJUNCT_BOUNDARY.finditer(text)}
    if not tied:
        return graphemes(text)
    found: list[str] = []
    at = 0
    for part in graphemes(text):
        if at in tied:
            found[-1] += part
        else:
            found.append(part)
        at += len(part)
    return tuple(found)
