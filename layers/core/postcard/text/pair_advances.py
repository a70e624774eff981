"""Adds up the width of a word from the advances of its pairs of letters.

Exact where a face does nothing but kern neighbours: then the width is a sum of whole units, each of
one letter or pair. A test proves from the fonts' tables that this holds for the letters here.
"""

from collections.abc import Mapping
from itertools import pairwise

from postcard.text.fonts import Face
from postcard.text.glyphs import FontRun, advance

_LATIN_END = 0x100  # of the subset of letters that is measured
# Letters and digits that a family draws in another way beside certain others.
NOT_PAIRWISE: Mapping[str, str] = {"Inter": "x", "Noto Sans": "f", "Space Grotesk": "Jfijt"}


def pairwise_letters(face: Face) -> frozenset[str]:
    """The letters and digits whose words are the sum of their pairs; none for other families."""
    excluded = NOT_PAIRWISE.get(face.family)
    if excluded is None or not face.latin_path:
        return frozenset()
    letters = (chr(code) for code in range(0x21, _LATIN_END))
    return frozenset(
        letter
        for letter in letters
        if letter.isalnum() and letter not in excluded and face.has_glyph(letter)
    )


class PairAdvances:
    """Widths in em of words in one face, direction and language; measures each pair once."""

    def __init__(self, run: FontRun) -> None:
        self._run = run
        self._letters = frozenset[str]() if run.rtl else pairwise_letters(run.face)
        self._added: dict[tuple[str, str], float] = {}

    def advance(self, word: str) -> float:
        """The advance width of a word, as `glyphs.advance` measures it."""
        run = self._run
        if not self._letters.issuperset(word):
            return advance(run._replace(text=word))
        total, added = advance(run._replace(text=word[0])), self._added
        for pair in pairwise(word):
            width = added.get(pair)
            if width is None:
                width = added[pair] = self._measure(pair)
            total += width
        return total

    def _measure(self, pair: tuple[str, str]) -> float:
        """What the second letter adds to the first, kerning included."""
        first, both = (advance(self._run._replace(text=text)) for text in (pair[0], "".join(pair)))
        return both - first
