"""How links are spelled: percent-encoding, the forms of names and values, what is dropped."""

from collections.abc import Callable, Mapping
from itertools import pairwise

MAX_QUERY_BYTES = 3000
MAX_PARAMETERS = 32
MAX_LINK_BYTES = 4096

DIGITS = frozenset("0123456789")
LOWERCASE = frozenset("abcdefghijklmnopqrstuvwxyz")
NAME_CHARACTERS = LOWERCASE | DIGITS | {"_"}
TEMPLATE_ID_CHARACTERS = NAME_CHARACTERS | {"-"}
CAMPAIGN_CHARACTERS = LOWERCASE | DIGITS | {"-"}
UNRESERVED = NAME_CHARACTERS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ") | frozenset("-.~")

DPR_SPELLINGS = ("1", "1.5", "2", "3")

# What mail software adds to addresses on its own; beside these, everything that begins with utm_.
TRACKING_PARAMETERS = frozenset(
    {
        *("fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "mkt_tok", "_kx", "_ke"),
        *("_hsenc", "_hsmi", "_ga", "_gl", "_bta_tid", "_bta_c"),
    }
)

PERCENT_ENCODED = [chr(b) if chr(b) in UNRESERVED else f"%{b:02X}" for b in range(256)]
PERCENT_DECODED = {
    (a + b).encode(): bytes([int(a + b, 16)])
    for a in "0123456789abcdefABCDEF"
    for b in "0123456789abcdefABCDEF"
}
# WHATWG's windows-1252, where browsers differ from latin-1; the five holes are C1 controls.
WINDOWS_1252 = dict(
    zip(
        (b for b in range(0x80, 0xA0) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)),
        "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ",
        strict=True,
    )
)


def percent_encode(text: str) -> str:
    """Percent-encode all but `A-Z a-z 0-9 - . _ ~`, in upper-case hex. UnicodeEncodeError."""
    if UNRESERVED.issuperset(text):
        return text
    return "".join([PERCENT_ENCODED[b] for b in text.encode()])


def percent_decode(text: str) -> str:
    """Read `+` as a space and `%XX` as a byte. ValueError for a cut escape or bytes not UTF-8."""
    if "%" in text:
        first, *rest = text.replace("+", " ").encode().split(b"%")
        try:
            return b"".join([first, *(PERCENT_DECODED[r[:2]] + r[2:] for r in rest)]).decode()
        except KeyError:
            raise ValueError("a % without two hex digits") from None
    return text.replace("+", " ")


def decode_merge_value(text: str) -> str:
    """Read what a mail platform pasted: never an error, whatever it is."""
    if is_unfilled_tag(text):
        return text
    first, *rest = text.replace("+", " ").encode().split(b"%")
    parts = (PERCENT_DECODED[r[:2]] + r[2:] if r[:2] in PERCENT_DECODED else b"%" + r for r in rest)
    octets = b"".join([first, *parts])
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1").translate(WINDOWS_1252)


def is_unfilled_tag(text: str) -> bool:
    """Whether it is exactly `%name%` or `%%name%%`, which `%DA`te must not decode."""
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


def is_name(text: str) -> bool:
    """Whether it is a field's or layer's name: `[a-z][a-z0-9_]{0,63}`."""
    return len(text) <= 64 and text[:1] in LOWERCASE and NAME_CHARACTERS.issuperset(text)


def is_field_path(text: str) -> bool:
    """Whether it is a name, or a name and a property: `title`, `title.color`."""
    name, dot, prop = text.partition(".")
    return is_name(name) and (not dot or is_name(prop))


def is_tracking_parameter(name: str) -> bool:
    """Whether readers of links throw a parameter of this name away."""
    return name.startswith("utm_") or name in TRACKING_PARAMETERS


def is_template_id(text: str) -> bool:
    """Whether it is a template's id: `[a-z0-9][a-z0-9_-]{0,63}`."""
    return (
        len(text) <= 64
        and text[:1] in NAME_CHARACTERS - {"_"}
        and TEMPLATE_ID_CHARACTERS.issuperset(text)
    )


def _is_positive_integer(text: str, max_digits: int) -> bool:
    return 0 < len(text) <= max_digits and DIGITS.issuperset(text) and text[0] != "0"


def _is_open_list(text: str) -> bool:
    names = text.split(",")
    return all(map(is_name, names)) and all(a < b for a, b in pairwise(names))


# Every reserved parameter but `_sig`, and the form of its value.
RESERVED_PARAMETERS: Mapping[str, Callable[[str], bool]] = {
    "_v": lambda text: _is_positive_integer(text, 6),
    "_w": lambda text: _is_positive_integer(text, 4) and int(text) <= 5000,
    "_d": lambda text: text in DPR_SPELLINGS,
    "_q": lambda text: _is_positive_integer(text, 2) or text == "100",
    "_exp": lambda text: len(text) == 10 and _is_positive_integer(text, 10),
    "_c": lambda text: 0 < len(text) <= 32 and CAMPAIGN_CHARACTERS.issuperset(text),
    "_open": _is_open_list,
    "_kid": lambda text: 0 < len(text) <= 16 and (LOWERCASE | DIGITS).issuperset(text),
}
