"""Encodes Code 128, EAN-13, EAN-8 and UPC-A barcodes: modules, guard bars and printed texts."""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

Symbology = Literal["code128", "ean13", "ean8", "upca"]

MAX_CODE128_LENGTH = 80  # characters
_CODE128_CHARACTERS = lazy_regex("[ -~]+")
_DATA_DIGITS = {"ean13": 12, "ean8": 7, "upca": 11}  # without the check digit
_QUIET_ZONES = {"code128": (10, 10), "ean13": (11, 7), "ean8": (7, 7), "upca": (9, 9)}
_MIN_MODULES = {"code128": 46, "ean13": 95, "ean8": 67, "upca": 95}
_DIGIT_MODULES = 7
_SIDE_GUARD_MODULES = 3
# How many digits are printed in the left quiet zone, in both halves, in the right quiet zone.
_DIGIT_GROUPS = {"ean13": (1, 6, 6, 0), "ean8": (0, 4, 4, 0), "upca": (1, 5, 5, 1)}


class BarcodeText(NamedTuple):
    """A text printed under the bars: its first module, and over how many modules it is centred."""

    text: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class LinearBarcode:
    """A barcode with its quiet zones, one number per module; 1 is dark.

    `guard_bars` has only those bars that extend down between the digits.
    """

    modules: tuple[int, ...]
    guard_bars: tuple[int, ...]
    texts: tuple[BarcodeText, ...]


@lru_cache(maxsize=256)
def encode_barcode(symbology: Symbology, value: str) -> LinearBarcode:
    """Encode a value; ValueError with the rest of a sentence if it is invalid."""
    value = value.strip()
    if symbology == "code128":
        return _encode_code128(value)
    return _encode_retail(symbology, _with_check_digit(symbology, value))


def min_modules(symbology: Symbology) -> int:
    """The modules of the shortest code, with quiet zones."""
    return _MIN_MODULES[symbology] + sum(_QUIET_ZONES[symbology])


def check_digit(digits: str) -> str:
    """The check digit of an EAN or UPC after its other digits.

    >>> check_digit("400638133393"), check_digit("03600029145")
    ('1', '2')
    """
    odd, even = sum(map(int, digits[::-2])), sum(map(int, digits[-2::-2]))
    return str(-(3 * odd + even) % 10)


def _with_check_digit(symbology: Symbology, value: str) -> str:
    """All digits of an EAN or UPC; spaces and hyphens between them are ignored."""
    digits, count = re.sub("[ -]", "", value), _DATA_DIGITS[symbology]
    if not re.fullmatch("[0-9]+", digits) or len(digits) not in (count, count + 1):
        raise ValueError(f"is not {count} digits, or {count + 1} with the check digit")
    check = check_digit(digits[:count])
    if digits[count:] not in ("", check):
        raise ValueError(f"has the check digit {digits[count:]}, which should be {check}")
    return digits[:count] + check


def _encode_code128(value: str) -> LinearBarcode:
    from barcode.codex import Code128  # type: ignore[import-untyped]

    if len(value) > MAX_CODE128_LENGTH or not _CODE128_CHARACTERS.fullmatch(value):
        raise ValueError(f"is not 1 to {MAX_CODE128_LENGTH} letters, digits and signs of ASCII")
    modules = _add_quiet_zones("code128", Code128(value).build()[0])
    before, after = _QUIET_ZONES["code128"]
    text = BarcodeText(value, before, len(modules) - before - after)
    return LinearBarcode(modules, (0,) * len(modules), (text,))


def _encode_retail(symbology: Symbology, digits: str) -> LinearBarcode:
    from barcode.ean import EAN8, EAN13  # type: ignore[import-untyped]
    from barcode.upc import UPCA  # type: ignore[import-untyped]

    encoders = {"ean13": EAN13, "ean8": EAN8, "upca": UPCA}
    modules = _add_quiet_zones(symbology, encoders[symbology](digits).build()[0])
    start, quiet_after = _QUIET_ZONES[symbology]
    end = len(modules) - quiet_after
    center = start + (end - start) // 2
    side = _side_guard_width(symbology)
    guard_bars = tuple(
        dark if index < start + side or index >= end - side or abs(index - center) <= 2 else 0
        for index, dark in enumerate(modules)
    )
    texts = _digit_texts(symbology, digits, start, center, end)
    return LinearBarcode(modules, guard_bars, tuple(texts))


def _side_guard_width(symbology: Symbology) -> int:
    """The modules of long bars at each side; UPC-A's outer digits have long bars, too."""
    return _SIDE_GUARD_MODULES + (_DIGIT_MODULES if symbology == "upca" else 0)


def _add_quiet_zones(symbology: Symbology, bars: str) -> tuple[int, ...]:
    before, after = _QUIET_ZONES[symbology]
    return (*(0,) * before, *map(int, bars), *(0,) * after)


def _digit_texts(
    symbology: Symbology, digits: str, start: int, center: int, end: int
) -> list[BarcodeText]:
    """Each digit under its bars, or in the quiet zone; modules of the bars' start, centre, end."""
    before, left, right, after = _DIGIT_GROUPS[symbology]
    first = start + _side_guard_width(symbology)
    positions = [start - _DIGIT_MODULES - 2] * before
    positions += [first + _DIGIT_MODULES * index for index in range(left)]
    positions += [center + 3 + _DIGIT_MODULES * index for index in range(right)]
    positions += [end + 2] * after
    return [
        BarcodeText(digit, position, _DIGIT_MODULES)
        for digit, position in zip(digits, positions, strict=True)
    ]
