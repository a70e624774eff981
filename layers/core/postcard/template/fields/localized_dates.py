"""Reads dates as mail platforms, databases and spreadsheets write them.

Imported only for a text that is not in Postcard's own form (`values.py`): most values are. Where a
text has two readings (`5/6/2026`) the locale decides. Names of months and the forms of a language
(`31 בדצמבר 2026`, `2026年12月31日木曜日 午後8:00`) come from CLDR, through Babel.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.fields.ascii_digits import to_ascii
from postcard.template.schema.locales import find_locale, find_zone, is_american

MAX_DATE_LENGTH = 100
FIRST_YEAR = 1700  # a year before it is one of another calendar (1405, 1448)

_UNIX_TIME = lazy_regex(  # in milli-, micro- or nanoseconds, too, and as .NET's JSON
    r"(?:/Date\()?(?P<seconds>[0-9]{10})(?P<digits>(?:[0-9]{3}){0,3})(?:\.(?P<fraction>[0-9]+))?"
    r"(?:(?:[+ -][0-9]{4})?\)/)?"
)
_COMPACT = lazy_regex(  # 20261231, 20261231T200000Z, 20261231200000
    r"(?P<year>(?:19|20|21)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:[T ]?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ZONE_HOURS = {  # of RFC 5322, and others that have one meaning
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1,
    "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AEST": 10,
    "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_ZONE_NAME = (
    r"(?:[Zz]|(?:UTC|GMT|UT|Coordinated Universal Time|Greenwich Mean Time"
    rf"|{'|'.join(_ZONE_HOURS)})(?![A-Za-z]))"
)
_OFFSET_DIGITS = (
    r"(?P<offset_hours>[0-9]{2}|(?<=[TCtc][+-])[0-9](?![0-9]))(?::?(?P<offset_minutes>[0-9]{2}))?"
)


def _zone(offset_sign: str) -> str:
    """A regular expression for a zone's name, offset or both, behind a time."""
    return (
        rf"(?: ?(?P<zone>{_ZONE_NAME}))?"
        rf"(?:(?P<offset_sign>{offset_sign}){_OFFSET_DIGITS})?"
        rf"(?:(?<=[0-9]) {_ZONE_NAME})?"  # as Go writes it: +0100 CET
        r"(?: ?(?:\((?P<comment>[^()]*)\)|\[(?P<region>[^\[\]]*)\]"
        r"|(?P<area>[A-Z][a-z]+/[A-Za-z_/-]+)))?"
    )


_ZONE = _zone(" ?[+-]| ")
_ZONE_OF_TIME_FIRST = _zone(" ?[+-]")  # a space is none before a day
_CLOCK = (  # 20:00:00.0, 20h00, 20時00分00秒
    r"(?:(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})"
    r"(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?(?: ?(?:uhr|น\.|h|hrs?)(?!\w))?"
    r"|(?P<hour_h>[0-9]{1,2}) ?(?:(?:h|hrs?|uhr|giờ)(?![^\W\d])|[時时點点시]|นาฬิกา|ໂມງ)"
    r"(?: ?(?P<minute_h>[0-9]{1,2})(?: ?(?:[分분]|min|นาที|ນາທີ))?"
    r"(?: ?(?P<second_h>[0-9]{1,2}) ?(?:[秒초]|s|วินาที|ວິນາທີ))?)?)"
)
_GLUE_WORDS = (  # of some forty languages
    r"at|um|kl|klo|kell|v|в|во|о|у|à|a l[ae]s|a las?|às|alle(?: ore)?|ore|om|op|ob|u|o|w|ve|saat"
    r"|la|în|në|ag|στις|pukul|pada|lúc|nang|ที่|เวลา|في(?: الساعة)?|الساعة|ساعت|کو|को|रोजी|এ|அன்று"
    r"|ರಂದು|בשעה|នៅម៉ោង"
)
_GLUE = rf"(?:[ ,،·:/-]|t(?=[0-9])|(?<!\w)(?:{_GLUE_WORDS})(?![^\W\d])\.?)+"  # between day and time
_AFTER_CLOCK = r"(?: ?-?(?:बजे|वाजता|ч\.?|giờ|ന്|కి|ಸಮಯಕ್ಕೆ))?"
_PARTICLES = lazy_regex(  # words of formal dates that CLDR's patterns leave out
    r"(?:^|(?<=[ ,]))(?:ngày |năm (?=[0-9]{4})|(?:วัน)?ที่ ?(?=[0-9])|يوم (?=\D)"
    r"|ה-?(?=[0-9])|den (?=[0-9]))"
    r"|(?<=[0-9]) ?(?:م|ميلادي[اة]?|לספירה)$"
)
_HAN_DIGITS = "〇一二三四五六七八九"
_HAN_NUMBER = lazy_regex(
    r"[〇零一二三四五六七八九]{4}(?=年)|元(?=年)"
    r"|(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[年月日號号])"
)
_YEARS_BEFORE_ERA = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA_YEAR = lazy_regex(rf"({'|'.join(_YEARS_BEFORE_ERA)}) ?([0-9]{{1,3}}) ?(?=年)")
_ENGLISH_HALVES = {"am": "am", "pm": "pm", "a.m.": "am", "p.m.": "pm", "a": "am", "p": "pm"}
_YEAR_FIRST = lazy_regex(
    r"([0-9]{4})([-/.]) ?([0-9]{1,2})\2 ?([0-9]{1,2})\.?|"
    r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일號号]"
    r"(?: ?\(?(?:星期|週|周)?[一二三四五六日天月火水木金土월화수목금토일](?:曜日?|요일)?\)?)?"
)
_YEAR_LAST = lazy_regex(r"([0-9]{1,2})([-/.]) ?([0-9]{1,2})\2 ?([0-9]{4})\.?")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER_OF_DAY = lazy_regex(r"([0-9]{1,2})(?:st|nd|rd|th|er|[°ºª]|o|a)?")


class DateWords(NamedTuple):
    """The words of dates in one language, folded: months by name, weekdays, and other words."""

    months: dict[str, int]
    weekdays: frozenset[str]
    fillers: frozenset[str]


class LocaleForms(NamedTuple):
    """How one locale writes days and times: patterns for whole texts, folded."""

    days: Sequence[re.Pattern[str]]
    months: Mapping[str, int]
    halves: Mapping[str, str]  # words such as `pm` by the half of the day they mean
    moments: Sequence[re.Pattern[str]]


def read_localized_date(given: str, locale: str) -> date | None:
    """A date or datetime; None if the text has no reading as one.

    A day is `12/31/2026`, `31.12.2026`, `Dec 31, 2026` and the like, with a four-digit year. With
    an offset the datetime is aware.
    """
    if len(given) > MAX_DATE_LENGTH:
        return None
    text = re.sub(" {2,}", " ", to_ascii(given)).strip()
    text = _ERA_YEAR.sub(_year_of_era, _HAN_NUMBER.sub(_from_han, text))
    try:
        return (
            _read_unix_time(text)
            or _read_compact(text)
            or _read_day(text, locale)
            or _read_moment(text, locale)
        )
    except (ValueError, OverflowError):  # no day or time of the calendar
        return None


def _year_of_era(match: re.Match[str]) -> str:
    """The year of a Japanese or Taiwanese era: 令和8 is 2026."""
    return str(_YEARS_BEFORE_ERA[match[1]] + int(match[2]))


def _from_han(match: re.Match[str]) -> str:
    """Digits for Chinese numerals: 二〇二六 is 2026, 三十一 is 31."""
    numerals = match[0].replace("零", "〇").replace("元", "一")
    if "十" not in numerals:
        return "".join(str(_HAN_DIGITS.index(each)) for each in numerals)
    tens, _, ones = numerals.partition("十")
    return str(10 * _HAN_DIGITS.index(tens or "一") + _HAN_DIGITS.index(ones or "〇"))


def _read_unix_time(text: str) -> datetime | None:
    if not (match := _UNIX_TIME.fullmatch(text)):
        return None
    digits = match["digits"] or match["fraction"] or "0"
    seconds = datetime.fromtimestamp(int(match["seconds"]), UTC)
    return seconds + timedelta(microseconds=int(digits[:6].ljust(6, "0")))


def _read_compact(text: str) -> date | None:
    if not (match := _COMPACT.fullmatch(text)):
        return None
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    if match["hour"] is None:
        return day
    clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    zone = match["zone"] and datetime.fromisoformat(f"{day}T00:00{match['zone']}").tzinfo
    return _in_calendar(datetime.combine(day, clock, zone or None))


def _in_calendar(moment: datetime) -> datetime:
    moment.astimezone(UTC)  # raises OverflowError outside the calendar
    return moment


def _read_moment(text: str, locale: str) -> datetime | None:
    forms = _forms_of(locale)
    for pattern in forms.moments:
        if not (match := pattern.fullmatch(text)):
            continue
        parts = match.groupdict()
        year = parts.get("year")
        day = _read_day(f"{parts['day']} {year}" if year else parts["day"], locale)
        clock = _read_clock(parts, forms.halves) if day else None
        if day is not None and clock is not None:
            return _in_calendar(datetime.combine(day, clock, _read_zone(parts)))
    return None


def _read_clock(parts: Mapping[str, str | None], halves: Mapping[str, str]) -> time | None:
    hour_text, minute, second = (
        "".join(parts.get(f"{name}{form}") or "" for form in ("", "_h", "_a", "_b"))
        for name in ("hour", "minute", "second")
    )
    half = parts.get("before") or parts.get("after")
    hour: int | None = int(hour_text)
    if half:
        hour = _hour_of_day(int(hour_text), halves[to_ascii(half).casefold()])
    if hour is None:
        return None
    fraction = (parts.get("fraction") or "0")[:6].ljust(6, "0")
    return time(hour, int(minute or 0), int(second or 0), int(fraction))


def _hour_of_day(hour: int, half: str) -> int | None:
    """The hour of 24 for one of 12; `half` is a period of CLDR such as `pm` or `evening1`."""
    if not 0 <= hour <= 12:
        return None
    if half in ("am", "midnight") or half.startswith("morning"):
        return hour % 12
    if half == "noon" and hour == 11:
        return hour
    if half.startswith("night"):
        return hour % 12 + (12 if 6 <= hour < 12 else 0)
    return hour % 12 + 12


def _read_zone(parts: Mapping[str, str | None]) -> tzinfo | None:
    """The offset or zone; a `+` that a link turned into a space is one."""
    if hours := parts["offset_hours"]:
        minutes = int(parts["offset_minutes"] or 0)
        if minutes > 59:
            raise ValueError("no offset")
        offset = timedelta(hours=int(hours), minutes=minutes)
        return timezone(-offset if "-" in (parts["offset_sign"] or "") else offset)
    if zone := parts["zone"]:
        return timezone(timedelta(hours=_ZONE_HOURS.get(zone.upper(), 0)))
    name = parts["comment"] or parts["region"] or parts["area"]
    if not name:
        return None
    if name.upper() in _ZONE_HOURS:
        return timezone(timedelta(hours=_ZONE_HOURS[name.upper()]))
    if (found := find_zone(name)) is None:
        raise ValueError("no zone")
    return found


def _read_day(text: str, locale: str) -> date | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(group) for group in match.groups() if group and group.isdigit())
        return _make_date(year, month, day, locale)
    if match := _YEAR_LAST.fullmatch(text):
        first, separator, second, year_text = match.groups()
        month, day = _month_and_day(int(first), int(second), separator, locale)
        return _make_date(int(year_text), month, day, locale)
    return _read_locale_form(text, locale) or _read_named_month(text, locale)


def _make_date(year: int, month: int, day: int, locale: str, era: str = "") -> date:
    """A day of the Gregorian calendar; Thai years are of the Buddhist era."""
    if "พ" in era or (year >= 2400 and not era and re.split("[-_]", locale)[0].lower() == "th"):
        year -= 543
    if year < FIRST_YEAR:
        raise ValueError("a year of another calendar")
    return date(year, month, day)


def _month_and_day(first: int, second: int, separator: str, locale: str) -> tuple[int, int]:
    """Month and day of `12/31/2026`: by the locale's order if both numbers could be the month.

    With dots the day is first everywhere.
    """
    if max(first, second) > 12:
        month_first = second > 12
    else:
        month_first = separator != "." and is_month_first(locale)
    return (first, second) if month_first else (second, first)


def is_month_first(locale: str) -> bool:
    """Whether the locale writes the month before the day where the year is last."""
    if is_american(locale) or (found := find_locale(locale)) is None:
        return True
    pattern = str(found.date_formats["short"].pattern)
    if pattern.lstrip("G ").startswith("y"):
        pattern = str(found.datetime_skeletons.get("Md", "d/M"))
        if "-" in pattern:  # ISO 8601, which says nothing about days before years
            return False
    return pattern.find("M") < pattern.find("d")


def _read_named_month(text: str, locale: str) -> date | None:
    words = [word for word in re.split(r"[\s,،./()-]+", _fold(text)) if word]
    numbers = [word for word in words if word[0].isdigit()]
    names = [word for word in words if not word[0].isdigit()]
    if len(numbers) != 2 or not 1 <= len(names) <= 8:
        return None
    month = _month_of(names, _words_of(locale)) or _month_of(names, _ENGLISH)
    years = [number for number in numbers if len(number) == 4 and number.isdecimal()]
    days = [match for number in numbers if (match := _NUMBER_OF_DAY.fullmatch(number))]
    if month is None or len(years) != 1 or len(days) != 1:
        return None
    return _make_date(int(years[0]), month, int(days[0][1]), locale)


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


_FILLERS = ("del", "den", "года", "року", "r", "roku")  # which CLDR leaves out


@lru_cache(maxsize=16)
def _words_of(locale: str) -> DateWords:
    found = None if is_american(locale) else find_locale(locale)
    if found is None or found.language == "en":
        return _ENGLISH
    weekdays = (word for name in _weekday_names(found) for word in re.split(r"[\s.-]+", name))
    patterns = " ".join(found.date_formats[length].pattern for length in ("long", "full"))
    literals = to_ascii(" ".join(re.findall("'([^']+)'", patterns))).casefold()
    return DateWords(
        _month_numbers(found),
        frozenset(word for word in weekdays if word),
        frozenset((*re.split(r"[\s,./-]+", literals), *_FILLERS)),
    )


# The forms of a locale


def _month_numbers(found: Any) -> dict[str, int]:
    return {
        _fold(name): number
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in found.months[context][width].items()
    }


def _weekday_names(found: Any) -> set[str]:
    return {
        _fold(name)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for name in found.days[context][width].values()
    }


def _fold(name: str) -> str:
    """In lower case, with one `i` for the four of Turkish."""
    return to_ascii(name).casefold().replace("i\u0307", "i").replace("ı", "i").strip(". ")


_SKELETONS = ("yMMMd", "yMMMEd", "yMMMMd", "yMMMMEd", "yMEd")
_SPACE = r"[ ,،./-]{0,3}"


@lru_cache(maxsize=16)
def _forms_of(locale: str) -> LocaleForms:
    found = None if is_american(locale) else find_locale(locale)
    halves, months = dict(_ENGLISH_HALVES), {}
    days: list[re.Pattern[str]] = []
    if found is not None:
        months = _month_numbers(found)
        halves = {**_half_names(found), **halves}
        patterns = dict.fromkeys(str(each.pattern) for each in _date_patterns(found))
        days = [re.compile(form) for each in patterns if (form := _day_form(each, found, months))]
    return LocaleForms(days, months, halves, _moment_patterns(halves))


def _date_patterns(found: Any) -> Iterator[Any]:
    yield from (found.date_formats[length] for length in ("medium", "long", "full"))
    skeletons = found.datetime_skeletons
    yield from (skeletons[name] for name in _SKELETONS if name in skeletons)


def _half_names(found: Any) -> dict[str, str]:
    """The words for the halves of a day, and for morning, evening and the like."""
    names: dict[str, str] = {}
    for context in ("stand-alone", "format"):
        for width in ("abbreviated", "wide"):
            for half, name in found.day_periods.get(context, {}).get(width, {}).items():
                names[to_ascii(name).casefold()] = half
    return {name: half for name, half in names.items() if name}


def _alternatives(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(
        re.escape(word).replace(r"\.", r"\.?").replace(r"\ ", " ?") for word in longest_first
    )


def _day_form(pattern: str, found: Any, months: Mapping[str, int]) -> str | None:
    """A regular expression of a CLDR pattern; None for one of numbers alone."""
    from babel.dates import tokenize_pattern

    parts: list[str] = []
    fields = {
        "y": "(?P<year>[0-9]{4})",
        "d": "(?P<day>[0-9]{1,2})",
        "E": f"(?:{_alternatives(_weekday_names(found))})",
        "G": "(?P<era>[^0-9]{0,12}?)",
        "M": "(?P<number>[0-9]{1,2})",
        "MMM": f"(?P<month>{_alternatives(months)})",
    }
    for _, token in tokenize_pattern(pattern):
        if isinstance(token, str):
            literal = re.sub(r"[ ,،.\/\-]+", " ", to_ascii(token) or " ").casefold()
            parts += [re.escape(word) for word in literal.split()] or [_SPACE]
            continue
        letter = token[0].replace("L", "M").replace("c", "E")
        name = "MMM" if letter == "M" and token[1] >= 3 else letter
        if name not in fields:
            return None
        parts.append(fields[name])
    return _SPACE.join(parts) + r"[. ]{0,2}"


def _moment_patterns(halves: Mapping[str, str]) -> list[re.Pattern[str]]:
    half = _alternatives(halves)
    first = _alternatives(half for half in halves if half not in _ENGLISH_HALVES) or "(?!)"
    before, after = rf"(?P<before>{first}|(?-i:[AP]M)) ?", rf" ?(?P<after>{half})(?!\w)"
    clock = rf"(?:{before})?{_CLOCK}(?:{after})?"
    alone = rf"(?:(?:{before})(?P<hour_b>[0-9]{{1,2}})|(?P<hour_a>[0-9]{{1,2}})(?:{after}))"  # 8 PM
    between = rf"(?:{_GLUE}|(?<=[一-龯가-힣)]))"
    texts = (
        rf"(?P<day>.+?){between}[( ]*{clock}{_AFTER_CLOCK}{_ZONE}{_AFTER_CLOCK}\)?",
        rf"(?:lúc )?{clock}{_ZONE_OF_TIME_FIRST}{_GLUE}(?P<day>.+)",
        rf"(?P<day>.+?){between}{alone}{_AFTER_CLOCK}{_ZONE}",
        rf"(?P<day>.+?) {clock}{_ZONE_OF_TIME_FIRST} (?P<year>[0-9]{{4}})",
    )
    return [re.compile(text, re.IGNORECASE) for text in texts]


def _read_locale_form(text: str, locale: str) -> date | None:
    forms, folded = _forms_of(locale), _PARTICLES.sub("", _fold(text))
    for pattern in forms.days:
        if match := pattern.fullmatch(folded):
            parts = match.groupdict()
            named = parts.get("month")
            month = forms.months[_fold_month(named, forms)] if named else int(parts["number"])
            return _make_date(
                int(parts["year"]), month, int(parts["day"]), locale, parts.get("era") or ""
            )
    return None


def _fold_month(named: str, forms: LocaleForms) -> str:
    """The month's name as CLDR spells it: a text may leave out dots and spaces."""
    plain = {re.sub("[. ]", "", name): name for name in forms.months}
    return plain[re.sub("[. ]", "", named)]


def accepted_forms(locale: str) -> str:
    """A sentence about the forms of a date, with what one of them means in the locale."""
    month = "May 6" if is_month_first(locale) else "June 5"
    return (
        "2026-12-31, 12/31/2026, 31.12.2026, Dec 31, 2026 (each also with a time), or as Unix "
        f"seconds or milliseconds; 5/6/2026 is {month} in the locale {locale}."
    )
