"""Encodes the checks of a day as text: a character for each minute.

A character is a hexadecimal digit with a bit for each unavailable dependency, so `0` is a minute in
which all of them worked. `.` is a minute without a check.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

DEPENDENCIES: Mapping[str, int] = MappingProxyType(
    {"table": 1, "pictures": 2, "store": 4, "keys": 8}  # the numbers are stored: never change them
)
NOT_CHECKED = "."


def with_minute(minutes: str, minute: int, unavailable: Collection[str]) -> str:
    """The text with the check of a minute (from 0) added; two checks of a minute are combined.

    >>> with_minute("00", 3, ["table", "keys"])
    '00.9'
    """
    number = sum(DEPENDENCIES[name] for name in DEPENDENCIES if name in unavailable)
    return merged(minutes, f"{NOT_CHECKED * minute}{number:x}")


def merged(first: str, second: str) -> str:
    """Two texts of the same day as one.

    >>> merged("0.1", "2204")
    '2234'
    """
    length = max(len(first), len(second))
    pairs = zip(first.ljust(length, NOT_CHECKED), second.ljust(length, NOT_CHECKED), strict=True)
    return "".join(one if one == other else _both(one, other) for one, other in pairs)


def _both(one: str, other: str) -> str:
    if NOT_CHECKED in (one, other):
        return other if one == NOT_CHECKED else one
    return f"{int(one, 16) | int(other, 16):x}"


def checked_minutes(minutes: str) -> int:
    """How many minutes were checked."""
    return len(minutes) - minutes.count(NOT_CHECKED)


def unavailable_minutes(minutes: str) -> dict[str, int]:
    """In how many minutes each dependency was unavailable; without those that never were.

    >>> unavailable_minutes("00.993")
    {'table': 3, 'pictures': 1, 'keys': 2}
    """
    counts = {digit: minutes.count(digit) for digit in set(minutes) - {NOT_CHECKED, "0"}}
    sums = {
        name: sum(count for digit, count in counts.items() if int(digit, 16) & number)
        for name, number in DEPENDENCIES.items()
    }
    return {name: count for name, count in sums.items() if count}
