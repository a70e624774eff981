"""What bar codes can say, and their bars."""

import re
from functools import lru_cache
from typing import Literal

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

Symbology = Literal["code128", "ean13", "ean8", "upca"]
BarcodeText = tuple[str, int, int]  # a text, its first module, how many modules it lies under

MAX_CODE128_LENGTH = 80  # characters
_CODE128_CHARACTERS = lazy_regex("[ -~]+")
_DATA_DIGITS = {"ean13": 12, "ean8": 7, "upca": 11}  # without the check digit
_QUIET_ZONES = {"code128": (10, 10), "ean13": (11, 7), "ean8": (7, 7), "upca": (9, 9)}
_MIN_MODULES = {"code128": 46, "ean13": 95, "ean8": 67, "upca": 95}
_DIGIT_MODULES = 7  # modules
_SIDE_GUARD_MODULES, _CENTER_GUARD_MODULES = 3, 5  # modules of the guards
_DIGIT_GROUPS = {"ean13": (1, 6, 6, 0), "ean8": (0, 4, 4, 0), "upca": (1, 5, 5, 1)}


@dataclass(frozen=True, slots=True)
class LinearBarcode:
    """A code with its quiet zones, a number a module, 1 is dark.

    `guards` are those bars alone that reach down between the digits.
    """

    modules: tuple[int, ...]
    guard_bars: tuple[int, ...]
    texts: tuple[BarcodeText, ...]


@lru_cache(maxsize=256)
def encode_barcode(symbology: Symbology, value: str) -> LinearBarcode:
    """The bars of a value; ValueError with the end of a sentence if it is a bad one."""
    value = value.strip()
    if symbology == "code128":
        return _encode_code128(value)
    return _encode_retail(symbology, _with_check_digit(symbology, value))


def min_modules(symbology: Symbology) -> int:
    """The modules of the shortest code, its quiet zones included."""
    return _MIN_MODULES[symbology] + sum(_QUIET_ZONES[symbology])


def check_digit(digits: str) -> str:
    """The last digit of an EAN or UPC, whose others are `digits`.

    >>> check_digit("400638133393"), check_digit("03600029145")
    ('1', '2')
    """
    odd, even = sum(map(int, digits[::-2])), sum(map(int, digits[-2::-2]))
    return str(-(3 * odd + even) % 10)


def _with_check_digit(symbology: Symbology, value: str) -> str:
    """All digits of an EAN or UPC; spaces and hyphens between them do not count."""
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
    code = _add_quiet_zones("code128", Code128(value).build()[0])
    before, after = _QUIET_ZONES["code128"]
    text = (value, before, len(code) - before - after)
    return LinearBarcode(code, tuple(0 for _ in code), (text,))


def _encode_retail(symbology: Symbology, digits: str) -> LinearBarcode:
    from barcode.ean import EAN8, EAN13  # type: ignore[import-untyped]
    from barcode.upc import UPCA  # type: ignore[import-untyped]

    codes = {"ean13": EAN13, "ean8": EAN8, "upca": UPCA}
    code = _add_quiet_zones(symbology, codes[symbology](digits).build()[0])
    long, first = _QUIET_ZONES[symbology][0], _DIGIT_GROUPS[symbology][0]
    side = _SIDE_GUARD_MODULES + (
        _DIGIT_MODULES if symbology == "upca" else 0
    )  # whose outer digits' bars are long, too
    middle = len(code) - sum(_QUIET_ZONES[symbology])
    half = long + middle // 2
    end = long + middle
    guards = tuple(
        dark if index < long + side or index >= end - side or abs(index - half) <= 2 else 0
        for index, dark in enumerate(code)
    )
    return LinearBarcode(
        code, guards, tuple(_digit_texts(symbology, digits, first, (long, half, end)))
    )


def _add_quiet_zones(symbology: Symbology, bars: str) -> tuple[int, ...]:
    before, after = _QUIET_ZONES[symbology]
    return (*(0,) * before, *map(int, bars), *(0,) * after)


def _digit_texts(
    symbology: Symbology, digits: str, first: int, places: tuple[int, int, int]
) -> list[BarcodeText]:
    """Each digit under its bars; those before and after stand in the quiet zone."""
    start, half, end = places
    _, left, right, last = _DIGIT_GROUPS[symbology]
    inset = _SIDE_GUARD_MODULES + (_DIGIT_MODULES if symbology == "upca" else 0)
    cells = [start - _DIGIT_MODULES - 2] * first
    cells += [start + inset + _DIGIT_MODULES * index for index in range(left)]
    cells += [half + 3 + _DIGIT_MODULES * index for index in range(right)]
    cells += [end + 2] * last
    return [(digit, cell, _DIGIT_MODULES) for digit, cell in zip(digits, cells, strict=True)]
