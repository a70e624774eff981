"""Reads numbers and dates as mail platforms, databases and spreadsheets write them.

Imported only for a text that is not in Postcard's own form (`values.py`): most values are. Where a
text has two readings (`1.250`, `5/6/2026`) the locale decides, which imports Babel.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.schema.locales import find_locale

MAX_NUMBER_LENGTH = 60
MAX_DATE_LENGTH = 100

_ASCII = {
    **dict.fromkeys(map(ord, "\u200e\u200f\u061c\u200b"), ""),
    **dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2013\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4`"), "'"),
}


def _to_ascii(text: str) -> str:
    """The text with plain digits, spaces, minus signs and apostrophes."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text.translate(_ASCII))
    digits = (str(unicodedata.decimal(char)) if char.isdecimal() else char for char in plain)
    return re.sub(r"\s+", " ", "".join(digits)).strip()


# Numbers

_SIGN = r"(?P<sign>[+-]?)"
_DECIMAL = lazy_regex(
    rf"{_SIGN}(?P<whole>[0-9]{{0,15}})(?:(?P<point>[.,\u066b])(?P<fraction>[0-9]{{1,20}}))?"
)
_GROUPED = lazy_regex(
    rf"{_SIGN}(?P<whole>[1-9][0-9]{{0,2}}(?P<group>[ '.,\u066c])"
    r"[0-9]{3}(?:(?P=group)[0-9]{3}){0,4})"
    r"(?:(?!(?P=group))(?P<point>[.,\u066b])(?P<fraction>[0-9]{1,20}))?"
)
_GROUPED_IN_PAIRS = lazy_regex(  # as in India: 12,34,567.50
    rf"{_SIGN}(?P<whole>[1-9][0-9]?(?:,[0-9]{{2}}){{1,6}},[0-9]{{3}})"
    r"(?:\.(?P<fraction>[0-9]{1,20}))?"
)


def read_localized_number(given: str, locale: str) -> float | None:
    """The number, rounded to six decimals; None if the text has no reading as a number.

    >>> read_localized_number("1.250,50", "en"), read_localized_number("1 250", "en")
    (1250.5, 1250.0)
    >>> read_localized_number("1.250", "en"), read_localized_number("1.250", "de")
    (1.25, 1250.0)
    """
    if len(given) > MAX_NUMBER_LENGTH:
        return None
    text = _to_ascii(given)
    decimal = _DECIMAL.fullmatch(text)
    grouped = _GROUPED.fullmatch(text) or _GROUPED_IN_PAIRS.fullmatch(text)
    match = decimal or grouped
    if decimal and grouped:  # 1.250 or 1,250
        match = decimal if decimal["point"] == decimal_separator(locale) else grouped
    if match is None:
        return None
    whole, fraction = re.sub(r"[^0-9]", "", match["whole"]), match["fraction"] or "0"
    if not match["whole"] and not match["fraction"]:
        return None
    number = float(f"{whole or '0'}.{fraction}")
    return round(-number if match["sign"] == "-" else number, 6)


def decimal_separator(locale: str) -> str:
    """What the locale writes before decimals in Latin digits: `.` or `,`."""
    if _is_american(locale) or (found := find_locale(locale)) is None:
        return "."
    symbols = found.number_symbols
    latin = symbols.get("latn") or symbols[found.default_numbering_system]
    return "," if latin["decimal"] == "," else "."


# Dates

_UNIX_TIME = lazy_regex(r"(?P<seconds>[0-9]{10})(?:(?P<millis>[0-9]{3})|\.(?P<fraction>[0-9]+))?")
_COMPACT_DAY = lazy_regex(r"((?:19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})")
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])(?:\.[Mm]\.|[Mm]))?"
)
_ZONE = (
    r"(?: ?(?P<zone>[Zz]|(?:UTC|GMT|UT|[ECMP][SD]T)(?![A-Za-z])))?"
    r"(?:(?P<offset_sign> ?[+-]| )(?P<offset_hours>[0-9]{2})(?::?(?P<offset_minutes>[0-9]{2}))?)?"
    r"(?: ?\([^()]*\)| ?\[[^\[\]]*\])?"  # the zone's name: (Coordinated Universal Time)
)
_MOMENT = lazy_regex(rf"(?P<day>.+?)(?:,? at |,? |[Tt]){_TIME}{_ZONE}")
_MOMENT_BEFORE_YEAR = lazy_regex(  # as Unix and Java write it: Thu Dec 31 20:00:00 UTC 2026
    rf"(?P<day>.+?) {_TIME}(?: (?P<zone>UTC|GMT|[ECMP][SD]T))? (?P<year>[0-9]{{4}})"
)
_ZONE_HOURS = {  # of RFC 5322
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_YEAR_FIRST = lazy_regex(
    r"([0-9]{4})([-/.]) ?([0-9]{1,2})\2 ?([0-9]{1,2})\.?|"
    r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일]"
)
_YEAR_LAST = lazy_regex(r"([0-9]{1,2})([-/.]) ?([0-9]{1,2})\2 ?([0-9]{4})\.?")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER_OF_DAY = lazy_regex(r"([0-9]{1,2})(?:st|nd|rd|th|er|º|o|ª)?")


class DateWords(NamedTuple):
    """The words of dates in one language, folded: months by name, weekdays, and other words."""

    months: dict[str, int]
    weekdays: frozenset[str]
    fillers: frozenset[str]


def read_localized_date(given: str, locale: str) -> date | None:
    """A date or datetime; None if the text has no reading as one.

    A day is `12/31/2026`, `31.12.2026`, `Dec 31, 2026` and the like, with a four-digit year. With
    an offset the datetime is aware.
    """
    if len(given) > MAX_DATE_LENGTH:
        return None
    text = re.sub(" {2,}", " ", _to_ascii(given)).strip()
    try:
        return _read_unix_time(text) or _read_moment(text, locale) or _read_day(text, locale)
    except (ValueError, OverflowError):  # no day or time of the calendar
        return None


def _read_unix_time(text: str) -> datetime | None:
    if not (match := _UNIX_TIME.fullmatch(text)):
        return None
    fraction = (match["millis"] or match["fraction"] or "0")[:6].ljust(6, "0")
    seconds = datetime.fromtimestamp(int(match["seconds"]), UTC)
    return seconds + timedelta(microseconds=int(fraction))


def _read_moment(text: str, locale: str) -> datetime | None:
    match = _MOMENT.fullmatch(text)
    day = _read_day(match["day"], locale) if match else None
    if match is None or day is None:
        match = _MOMENT_BEFORE_YEAR.fullmatch(text)
        day = _read_day(f"{match['day']} {match['year']}", locale) if match else None
    if match is None or day is None:
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    clock = time(hour, int(match["minute"]), int(match["second"] or 0), int(fraction))
    moment = datetime.combine(day, clock, _read_zone(match))
    moment.astimezone(UTC)  # raises OverflowError outside the calendar
    return moment


def _read_zone(match: re.Match[str]) -> timezone | None:
    """The offset; a `+` that a link turned into a space is one."""
    parts = match.groupdict()
    if parts.get("offset_hours"):
        minutes = int(parts.get("offset_minutes") or 0)
        if minutes > 59:
            raise ValueError("no offset")
        offset = timedelta(hours=int(parts["offset_hours"]), minutes=minutes)
        return timezone(-offset if "-" in parts["offset_sign"] else offset)
    if not parts["zone"]:
        return None
    return timezone(timedelta(hours=_ZONE_HOURS.get(parts["zone"].upper(), 0)))


def _read_day(text: str, locale: str) -> date | None:
    if match := _COMPACT_DAY.fullmatch(text):
        return date(*map(int, match.groups()))
    if match := _YEAR_FIRST.fullmatch(text):
        numbers = [int(group) for group in match.groups() if group and group.isdigit()]
        return date(*numbers)
    if match := _YEAR_LAST.fullmatch(text):
        first, separator, second, year = match.groups()
        return _day_of_pair(int(first), int(second), int(year), separator, locale)
    return _read_named_month(text, locale)


def _day_of_pair(first: int, second: int, year: int, separator: str, locale: str) -> date | None:
    """The day of `12/31/2026`: by the locale's order if both numbers could be the month.

    With dots the day is first everywhere.
    """
    if max(first, second) > 12:
        month_first = second > 12
    else:
        month_first = separator != "." and is_month_first(locale)
    month, day = (first, second) if month_first else (second, first)
    return date(year, month, day)


def is_month_first(locale: str) -> bool:
    """Whether the locale writes the month before the day where the year is last."""
    if _is_american(locale) or (found := find_locale(locale)) is None:
        return True
    pattern = str(found.date_formats["short"].pattern)
    if pattern.lstrip("G ").startswith("y"):
        pattern = str(found.datetime_skeletons.get("Md", "d/M"))
        if "-" in pattern:  # ISO 8601, which says nothing about days before years
            return False
    return pattern.find("M") < pattern.find("d")


def _is_american(locale: str) -> bool:
    return locale.lower() in ("en", "en-us")


def _read_named_month(text: str, locale: str) -> date | None:
    words = [word for word in re.split(r"[\s,./-]+", text.casefold()) if word]
    numbers = [word for word in words if word[0].isdigit()]
    names = [word for word in words if not word[0].isdigit()]
    if len(numbers) != 2 or not 1 <= len(names) <= 6:
        return None
    month = _month_of(names, _ENGLISH) or _month_of(names, _words_of(locale))
    years = [number for number in numbers if len(number) == 4 and number.isdecimal()]
    days = [match for number in numbers if (match := _NUMBER_OF_DAY.fullmatch(number))]
    if month is None or len(years) != 1 or len(days) != 1:
        return None
    return date(int(years[0]), month, int(days[0][1]))


def _month_of(names: Sequence[str], words: DateWords) -> int | None:
    """The month among the words of a date; None unless every word is one of a date."""
    months = list(dict.fromkeys(name for name in names if name in words.months))
    if len(months) > 1:  # in French `mar` is Tuesday, in Spanish March, too
        months = [name for name in months if name not in words.weekdays]
    known = (*months, *words.weekdays, *words.fillers)
    if len(months) != 1 or any(name not in known for name in names):
        return None
    return words.months[months[0]]


_ENGLISH = DateWords(
    {
        **{name: number for number, name in enumerate(_MONTHS, 1)},
        **{name[:3]: number for number, name in enumerate(_MONTHS, 1)},
        "sept": 9,
    },
    frozenset((*_DAYS, *(name[:3] for name in _DAYS), "tues", "thur", "thurs")),
    frozenset(("of", "the")),
)


@lru_cache(maxsize=16)
def _words_of(locale: str) -> DateWords:
    found = find_locale(locale)
    if found is None or found.language == "en":
        return _ENGLISH
    months: dict[str, int] = {}
    weekdays: set[str] = set()
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in found.months[context][width].items():
                months[name.casefold().strip(". ")] = number
            weekdays.update(
                name.casefold().strip(". ") for name in found.days[context][width].values()
            )
    patterns = " ".join(found.date_formats[length].pattern for length in ("long", "full"))
    literals = " ".join(re.findall("'([^']+)'", patterns)).casefold()
    return DateWords(months, frozenset(weekdays), frozenset(re.split(r"[\s,./-]+", literals)))


def accepted_forms(field_type: str, locale: str) -> str:
    """A sentence about the forms of a number or date, with what two of them mean in the locale."""
    if field_type == "number":
        dot, comma = (read_localized_number(text, locale) for text in ("1.250", "1,250"))
        return (
            "1250, 1 250, 1'250, 1,250.50 or 1.250,50; "
            f"1.250 is {dot:g} and 1,250 is {comma:g} in the locale {locale}."
        )
    month = "May 6" if is_month_first(locale) else "June 5"
    return (
        "2026-12-31, 12/31/2026, 31.12.2026, Dec 31, 2026 (each also with a time), or as Unix "
        f"seconds or milliseconds; 5/6/2026 is {month} in the locale {locale}."
    )
