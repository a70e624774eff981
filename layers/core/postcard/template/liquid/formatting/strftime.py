"""Writes dates by the codes of Ruby's strftime, which Liquid's `date` filter takes."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from postcard.template.schema.text_transform import apply_text_transform

# flags, a width, colons (which Ruby takes before or behind it), E or O, the code
_CODE = re.compile(
    "%(?P<flags>[-_0^#]*)(?P<width>[0-9]{0,2})(?P<colons>:{0,3})(?P<modifier>[EO]?)(?P<code>.?)"
)
_CODES_OF_A_DAY = frozenset("cdeDFvx+")
_NAMES = {
    "a": "EEE",
    "A": "EEEE",
    "b": "MMM",
    "h": "MMM",
    "B": "MMMM",
    "p": "a",
    "P": "a",
    "Z": "z",
}
_Number = tuple[Callable[[datetime], int], int, str]  # the number, its digits, its padding
_NUMBERS: dict[str, _Number] = {
    "C": (lambda day: day.year // 100, 2, "0"),
    "d": (lambda day: day.day, 2, "0"),
    "e": (lambda day: day.day, 1, " "),
    "g": (lambda day: day.isocalendar().year % 100, 2, "0"),
    "G": (lambda day: day.isocalendar().year, 4, "0"),
    "H": (lambda day: day.hour, 2, "0"),
    "I": (lambda day: day.hour % 12 or 12, 2, "0"),
    "j": (lambda day: day.timetuple().tm_yday, 3, "0"),
    "k": (lambda day: day.hour, 1, " "),
    "l": (lambda day: day.hour % 12 or 12, 1, " "),
    "m": (lambda day: day.month, 2, "0"),
    "M": (lambda day: day.minute, 2, "0"),
    "s": (lambda day: int(day.timestamp()), 1, "0"),
    "S": (lambda day: day.second, 2, "0"),
    "u": (lambda day: day.isoweekday(), 1, "0"),
    "U": (lambda day: _week_of_year(day, day.isoweekday() % 7), 2, "0"),
    "V": (lambda day: day.isocalendar().week, 2, "0"),
    "w": (lambda day: day.isoweekday() % 7, 1, "0"),
    "W": (lambda day: _week_of_year(day, day.weekday()), 2, "0"),
    "y": (lambda day: day.year % 100, 2, "0"),
    "Y": (lambda day: day.year, 4, "0"),
}
_SHORTHANDS = {
    "c": "%a %b %e %H:%M:%S %Y", "D": "%m/%d/%y", "F": "%Y-%m-%d", "r": "%I:%M:%S %p",
    "R": "%H:%M", "T": "%H:%M:%S", "v": "%e-%^b-%Y", "x": "%m/%d/%y", "X": "%H:%M:%S",
    "+": "%a %b %e %H:%M:%S %Z %Y",
}  # fmt: skip
_SIGNS = {"%": "%", "n": "\n", "t": " "}
_DIGITS_OF_PADDED = {"e": 2, "k": 2, "l": 2}  # these are padded only if a flag says so
_NANOSECOND_DIGITS = {"L": 3, "N": 9}
_SHORTEST_OFFSET = 3  # colons
_CODES = {*_NUMBERS, *_NAMES, *_SHORTHANDS, *_SIGNS, *_NANOSECOND_DIGITS}  # all but z


class UnknownDateCode(ValueError):
    """A code that strftime does not have; the text is the code."""


def format_strftime(
    day: datetime, pattern: str, language: str, format_cldr: Callable[[str], str]
) -> str:
    """The date in a pattern; names come from `format_cldr`. Raises `UnknownDateCode`.

    >>> format_strftime(datetime(2027, 1, 1), "%-d/%_m/%0e week %V", "en", str)
    '1/ 1/01 week 53'
    """
    has_day = any(match["code"] in _CODES_OF_A_DAY for match in _CODE.finditer(pattern))
    return _CODE.sub(_Writer(day, language, format_cldr, has_day).write, pattern)


class _Writer(NamedTuple):
    """Writes the codes of one date. `has_day`: there is a day, which a month's name goes with."""

    day: datetime
    language: str
    format_cldr: Callable[[str], str]
    has_day: bool = True

    def write(self, match: re.Match[str]) -> str:
        """A code's text; raises `UnknownDateCode`."""
        code, flags, width = match["code"], match["flags"], int(match["width"] or 0)
        if not _is_known(match):
            raise UnknownDateCode(match.group())
        if code in _NUMBERS:
            return _padded_number(_NUMBERS[code], code, self.day, flags, width)
        if code in _NANOSECOND_DIGITS:
            digits = f"{self.day.microsecond * 1000:09d}"
            return digits.ljust(width, "0")[: width or _NANOSECOND_DIGITS[code]]
        if code == "z":
            return _utc_offset(self.day, flags, len(match["colons"]), width)
        text = self._words(code, flags, match["modifier"])
        if "-" in flags and code not in _SHORTHANDS:
            return text
        return text.rjust(width, "0" if _last_padding(flags) == "0" else " ")

    def _words(self, code: str, flags: str, modifier: str) -> str:
        if code in _SIGNS:
            return _SIGNS[code]
        if code in _NAMES:
            name = _NAMES[code]
            if modifier == "O" or not self.has_day:  # "январь 2027", but "1 января"
                name = name.replace("M", "L").replace("E", "c")
            return _cased(self.format_cldr(name), code, flags, self.language)
        return _cased(_CODE.sub(self.write, _SHORTHANDS[code]), "", flags, self.language)


def unknown_codes(pattern: str) -> Iterator[str]:
    """The codes of a pattern that `format_strftime` does not know."""
    return (match.group() for match in _CODE.finditer(pattern) if not _is_known(match))


def _is_known(match: re.Match[str]) -> bool:
    return match["code"] == "z" or (match["code"] in _CODES and not match["colons"])


def _padded_number(number: _Number, code: str, day: datetime, flags: str, width: int) -> str:
    read, digits, padding = number
    value = str(read(day))
    flag = _last_padding(flags)
    if "-" in flags:
        return value
    if flag:
        padding = " " if flag == "_" else "0"
        digits = _DIGITS_OF_PADDED.get(code, digits)
    return value.rjust(width or digits, padding)


def _last_padding(flags: str) -> str:
    """The flag for padding that counts: the last one."""
    return flags.replace("^", "").replace("#", "")[-1:]


def _cased(text: str, code: str, flags: str, language: str) -> str:
    """`^` is upper case and `#` the other case, which is lower case for AM, PM and zones."""
    if ("#" in flags and code in ("p", "Z")) or (code == "P" and not {"#", "^"} & {*flags}):
        return apply_text_transform(text, "lowercase", language)
    if "^" in flags or ("#" in flags and code):
        return apply_text_transform(text, "uppercase", language)
    return text


def _utc_offset(day: datetime, flags: str, colons: int, width: int) -> str:
    """The offset with as many colons; with three, as short as it can be."""
    offset = day.utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    hours, rest = divmod(abs(seconds), 3600)
    parts = [f"{rest // 60:02d}", f"{rest % 60:02d}"]
    if colons == _SHORTEST_OFFSET:
        colons = 2 if rest % 60 else 1 if rest else 0
        parts = parts[:colons]
    else:
        parts = parts[: max(1, colons)]
    tail = "".join((":" if colons else "") + part for part in parts)
    sign = "-" if seconds < 0 else "+"
    digits = max(width - len(tail) - 1, 2)
    if _last_padding(flags) == "_":
        return f"{sign}{hours}".rjust(digits + 1) + tail
    return f"{sign}{hours:0{digits}d}{tail}"


def _week_of_year(day: datetime, weekday: int) -> int:
    """The week counted from the year's first day with weekday 0; the days before are week 0."""
    return (day.timetuple().tm_yday + 6 - weekday) // 7
