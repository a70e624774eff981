"""Guesses the encoding of text that is neither whole UTF-8 nor UTF-16.

`charset_normalizer` knows the scripts apart. Within the Latin script it often takes Windows-1252,
by far the most common encoding, for a rare one; there the own rule below decides. Files whose lines
end with CR alone are from old Macs. Turkish has its own letters in the places of Icelandic ones.
"""

import codecs
from collections.abc import Iterable, Sequence
from itertools import pairwise

# What is guessed, to the larger encoding that programs of today write in its place.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "johab": "cp949",
    "big5": "cp950",
}
_CHINESE_JAPANESE_KOREAN = frozenset(
    [
        *("gb18030", "cp932", "cp949", "cp950", "big5hkscs", "euc_jp", "euc_jis_2004", "euc_kr"),
        *("euc_jisx0213", "shift_jis_2004", "shift_jisx0213"),
    ]
)
_OTHER_SCRIPTS = frozenset(  # of the encodings with one byte a character
    [
        *("cp1251", "koi8-r", "koi8-u", "koi8-t", "iso8859-5", "cp855", "cp866", "mac-cyrillic"),
        *("cp1253", "iso8859-7", "mac-greek", "cp869", "cp737", "cp1255", "iso8859-8", "cp862"),
        *("cp1256", "iso8859-6", "cp864", "cp874", "iso8859-11", "tis-620", "kz1048", "ptcp154"),
    ]
)
_LATIN_ENCODINGS = (  # the likeliest first
    *("cp1252", "iso8859-15", "cp1250", "iso8859-2", "mac-roman", "cp850"),
)
_CYRILLIC_ENCODINGS = ("cp1251", "koi8-r", "cp866", "koi8-u", "iso8859-5", "mac-cyrillic", "cp855")
_CYRILLIC = frozenset([*_CYRILLIC_ENCODINGS, "koi8-t", "cp1125"])
_MIN_HEBREW = 6  # letters
_SIGNS_IN_WORDS = frozenset("\u00a0‘’–—·")
_SIGNS_BESIDE_WORDS = frozenset("¡¿«»ªº‚„“”…")  # never between two letters
_SIGNS_BESIDE_NUMBERS = frozenset("©®°€£™§½№")  # nor before a small letter
_MAX_IMPLAUSIBLE = 0.02  # of the letters beyond ASCII
_MAX_BESIDE_ASCII = 0.2  # of the letters of another script


def guess_encoding(sample: bytes) -> str:
    """The likely encoding of lines that are not ASCII, by Python's name."""
    from charset_normalizer import from_bytes  # only a file that is not UTF-8 needs it

    if _is_hebrew(sample):
        return "cp1255"
    best = from_bytes(sample).best()
    codec = codecs.lookup(best.encoding).name if best is not None else ""
    codec = _SUPERSETS.get(codec, codec)
    latin, implausible = _best_latin(sample)
    if codec in _CYRILLIC:
        codec = _likeliest(sample, _CYRILLIC_ENCODINGS, usual="cp1251")[0]
    if codec in _OTHER_SCRIPTS:
        return latin if _is_mixed_with_ascii(sample.decode(codec, "replace")) else codec
    if codec in _CHINESE_JAPANESE_KOREAN and implausible > _MAX_IMPLAUSIBLE:
        return codec
    return latin


def _best_latin(sample: bytes) -> tuple[str, float]:
    """The Latin encoding with the fewest implausible letters, and their share."""
    is_mac = b"\r" in sample and b"\n" not in sample
    usual = "mac-roman" if is_mac else "cp1252"
    codec, share = _likeliest(sample, _LATIN_ENCODINGS, usual=usual)
    if codec == "cp1252" and _is_turkish(sample.decode("cp1252", "replace")):
        codec = "cp1254"
    return codec, share


def _likeliest(sample: bytes, codecs: Sequence[str], *, usual: str) -> tuple[str, float]:
    """The usual encoding, unless another one has far fewer implausible letters; their share."""
    shares = {codec: _implausible_share(sample.decode(codec, "replace")) for codec in codecs}
    likeliest = min(shares, key=lambda codec: (shares[codec], codecs.index(codec)))
    if shares[usual] <= max(_MAX_IMPLAUSIBLE, 3 * shares[likeliest]):
        likeliest = usual
    return likeliest, shares[likeliest]


def _is_hebrew(sample: bytes) -> bool:
    """Whether all letters beyond ASCII are Hebrew ones, which have no capitals elsewhere."""
    letters = [byte for byte in sample if byte >= 0x80]
    if len(letters) < _MIN_HEBREW or not all(0xE0 <= byte <= 0xFA for byte in letters):
        return False
    return not _is_mixed_with_ascii(sample.decode("cp1255", "replace"))


def _is_turkish(text: str) -> bool:
    """Whether letters of Iceland, which stand where Turkish ones do, come without its vowels."""
    dotless_i, others = (sum(map(text.count, letters)) for letters in ("ýÝ", "þÞðÐ"))
    vowels = sum(map(text.count, "áéíóúæÁÉÍÓÚÆ"))
    return bool(dotless_i and others) and 10 * vowels <= dotless_i + others


def _implausible_share(text: str) -> float:
    """The share of letters beyond ASCII that no word would have where they stand."""
    triples = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return _share(text, (_is_implausible(*triple) for triple in triples if not triple[1].isascii()))


def _is_implausible(before: str, character: str, after: str) -> bool:
    """A sign where only letters stand, or a capital in the middle of a word."""
    if not character.isalpha():
        return _is_implausible_sign(before, character, after)
    if character.isupper():
        return before.islower() or (before.isalpha() and after.islower())
    return character.islower() and after.isupper()


def _is_implausible_sign(before: str, character: str, after: str) -> bool:
    if character in _SIGNS_IN_WORDS:
        return False
    is_between = before.isalpha() and after.isalpha()
    if character in _SIGNS_BESIDE_WORDS:
        return is_between
    if character in _SIGNS_BESIDE_NUMBERS:
        return is_between or after.islower()
    neighbours = before + after
    return any(one.isalpha() or not one.isascii() for one in neighbours)


def _is_mixed_with_ascii(text: str) -> bool:
    """Whether many letters of another script stand beside ASCII letters, which no word does."""
    beside = (
        one.isalpha() and other.isalpha() and one.isascii() != other.isascii()
        for one, other in pairwise(text)
    )
    return _share(text, beside) > _MAX_BESIDE_ASCII


def _share(text: str, found: Iterable[bool]) -> float:
    return sum(found) / max(1, sum(not character.isascii() for character in text))
