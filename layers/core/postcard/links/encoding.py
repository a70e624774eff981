"""How links are written: limits, percent-encoding, inserted values, the reserved parameters."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from urllib.parse import quote

from postcard.identifiers import DIGITS, LOWERCASE, is_name
from postcard.runtime.lazy_regex import lazy_regex

MAX_QUERY_BYTES = 3000
MAX_PARAMETERS = 32
MAX_LINK_BYTES = 4096

OPEN_PART_END = "_end"  # ends the open part of a merge link, as `_end=(`

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
# A UTF-8 sequence by its first byte, a single escape, or a character.
_UTF8_SEQUENCE = lazy_regex(r"(?is)%[cd].%[89ab].|%e.(?:%[89ab].){2}|%f.(?:%[89ab].){3}|%..|[^%]")


def percent_encode(text: str) -> str:
    """Percent-encode all but `A-Z a-z 0-9 - . _ ~`; UnicodeEncodeError for lone surrogates."""
    return quote(text, safe="")


def percent_decode(text: str) -> str:
    """Decode `+` and `%XX`. ValueError for incomplete escapes and bytes that are not UTF-8.

    `urllib.parse.unquote` passes both without an error.
    """
    if "%" in text:
        try:
            return _percent_decoded_bytes(text.replace("+", " ")).decode()
        except KeyError:
            raise ValueError("a % without two hex digits") from None
    return text.replace("+", " ")


def decode_merge_value(text: str, encoding: str | None = None) -> str:
    """Decode a value that a mail platform inserted; never an error.

    `encoding` is the link's `_m`: `u` the platform URL-encodes, `r` it inserts raw text, `a`
    unknown; None for links without `_m`. docs/contract/links.md, "Inserted values".
    """
    if is_unfilled_tag(text):
        return text
    if encoding is None or encoding == "u" or (encoding == "a" and not _has_space(text)):
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    escaped = _escape_literal_percent_signs(text, raw=encoding == "r")
    try:
        return _percent_decoded_bytes(escaped).decode()
    except UnicodeDecodeError:
        return _decode_mixed_bytes(escaped)


def _has_space(text: str) -> bool:
    return " " in text or "%20" in text


def _escape_literal_percent_signs(text: str, *, raw: bool) -> str:
    """`%25` for each `%` that begins no escape: nobody escapes a letter or digit of `raw` text."""
    first, *rest = text.split("%")
    parts = [first]
    for part in rest:
        octet = _PERCENT_DECODED.get(part[:2].encode())
        is_literal = octet is None or (raw and octet.isalnum())
        parts.append(("%25" if is_literal else "%") + part)
    return "".join(parts)


def _percent_decoded_bytes(text: str) -> bytes:
    first, *rest = text.encode().split(b"%")
    return b"".join([first, *(_PERCENT_DECODED[part[:2]] + part[2:] for part in rest)])


def _decode_mixed_bytes(text: str) -> str:
    """Decode text with bytes that are not UTF-8.

    They are text (`100%ECO`) in a value that has other characters beyond ASCII, where hex mixes its
    cases, and behind a digit or another `%`. Elsewhere they are Windows-1252.
    """
    characters = []
    has_wide = not text.isascii()
    for token in _UTF8_SEQUENCE.findall(text):
        octets = bytes.fromhex(token.replace("%", "")) if token[0] == "%" else b""
        try:
            characters.append(octets.decode() or token)
            has_wide = has_wide or len(octets) > 1
        except UnicodeDecodeError:
            characters.append(token)
    if has_wide:
        return "".join(characters)
    return "".join(_decode_stray_byte(one, before) for before, one in pairwise(["", *characters]))


def _decode_stray_byte(token: str, before: str) -> str:
    digits = token[1:]
    mixes_cases = digits not in (digits.upper(), digits.lower())
    if len(token) != 3 or mixes_cases or (before in DIGITS or before == "%"):
        return token
    return bytes.fromhex(digits).decode("latin-1").translate(_WINDOWS_1252)


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


def is_campaign(text: str) -> bool:
    """Whether it is a campaign: 1 to 32 of a-z, 0-9 and -."""
    return 0 < len(text) <= 32 and _CAMPAIGN_CHARACTERS.issuperset(text)


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
    "_c": is_campaign,
    "_m": lambda text: text in ("u", "r", "a"),
    "_open": _is_sorted_name_list,
    "_kid": lambda text: 0 < len(text) <= 16 and (LOWERCASE | DIGITS).issuperset(text),
}
