"""How links are written: limits, percent-encoding, merged values, the reserved parameters."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from urllib.parse import quote

from postcard.identifiers import DIGITS, LOWERCASE, is_name

MAX_QUERY_BYTES = 3000
MAX_PARAMETERS = 32
MAX_LINK_BYTES = 4096

DPR_SPELLINGS = ("1", "1.5", "2", "3")

_CAMPAIGN_CHARACTERS = LOWERCASE | DIGITS | {"-"}
_PERCENT_DECODED = {
    (a + b).encode(): bytes([int(a + b, 16)])
    for a in "0123456789abcdefABCDEF"
    for b in "0123456789abcdefABCDEF"
}
# WHATWG's windows-1252, where browsers differ from latin-1; five bytes stay C1 controls.
_WINDOWS_1252 = dict(
    zip(
        (b for b in range(0x80, 0xA0) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)),
        "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ",
        strict=True,
    )
)


def percent_encode(text: str) -> str:
    """Percent-encode all but `A-Z a-z 0-9 - . _ ~`; UnicodeEncodeError for lone surrogates."""
    return quote(text, safe="")


def percent_decode(text: str) -> str:
    """Decode `+` and `%XX`. ValueError for incomplete escapes and bytes that are not UTF-8.

    `urllib.parse.unquote` passes both without an error.
    """
    if "%" in text:
        first, *rest = text.replace("+", " ").encode().split(b"%")
        try:
            return b"".join([first, *(_PERCENT_DECODED[r[:2]] + r[2:] for r in rest)]).decode()
        except KeyError:
            raise ValueError("a % without two hex digits") from None
    return text.replace("+", " ")


def decode_merge_value(text: str) -> str:
    """Decode a value that a mail platform inserted, encoded or not; never an error."""
    if is_unfilled_tag(text):
        return text
    first, *rest = text.replace("+", " ").encode().split(b"%")
    decoded = (
        _PERCENT_DECODED[r[:2]] + r[2:] if r[:2] in _PERCENT_DECODED else b"%" + r for r in rest
    )
    octets = b"".join([first, *decoded])
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1").translate(_WINDOWS_1252)


def is_unfilled_tag(text: str) -> bool:
    """Whether it is `%name%` or `%%name%%`; decoding would turn `%DATE%` into `ÚTE%`."""
    if text[:2] == text[-2:] == "%%" and len(text) > 4:
        text = text[1:-1]
    name = text[1:-1]
    return (
        text[:1] == text[-1:] == "%"
        and len(name) <= 64
        and name[:1].isalpha()
        and name.isascii()
        and name.replace("_", "a").isalnum()
    )


def _is_positive_integer(text: str, max_digits: int) -> bool:
    return 0 < len(text) <= max_digits and DIGITS.issuperset(text) and text[0] != "0"


def _is_sorted_name_list(text: str) -> bool:
    names = text.split(",")
    return all(map(is_name, names)) and all(a < b for a, b in pairwise(names))


# Every reserved parameter but `_sig`, and the form of its value.
RESERVED_PARAMETERS: Mapping[str, Callable[[str], bool]] = {
    "_v": lambda text: _is_positive_integer(text, 6),
    "_w": lambda text: _is_positive_integer(text, 4) and int(text) <= 5000,
    "_d": lambda text: text in DPR_SPELLINGS,
    "_q": lambda text: _is_positive_integer(text, 2) or text == "100",
    "_exp": lambda text: len(text) == 10 and _is_positive_integer(text, 10),
    "_c": lambda text: 0 < len(text) <= 32 and _CAMPAIGN_CHARACTERS.issuperset(text),
    "_open": _is_sorted_name_list,
    "_kid": lambda text: 0 < len(text) <= 16 and (LOWERCASE | DIGITS).issuperset(text),
}
