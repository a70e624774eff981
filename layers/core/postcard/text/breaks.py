"""Where text may be cut: lines by UAX #14 and Thai, Khmer, CJK dictionaries, letters by UAX #29."""

from functools import lru_cache

from icu4py.breakers import CharacterBreaker, LineBreaker


@lru_cache(maxsize=2048)
def line_chunks(text: str, language: str) -> tuple[str, ...]:
    """The pieces between which a line may end, their spaces at their ends.

    >>> line_chunks("two-thirds of it", "en")
    ('two-', 'thirds ', 'of ', 'it')
    """
    return tuple(LineBreaker(text, language or "en"))


@lru_cache(maxsize=2048)
def graphemes(text: str) -> tuple[str, ...]:
    """What readers call letters: never cut inside.

    >>> [len(letter) for letter in graphemes("e\u0301👩‍👧!")]
    [2, 3, 1]
    """
    if text.isascii() and "\r" not in text:
        return tuple(text)
    return tuple(CharacterBreaker(text, "en"))
