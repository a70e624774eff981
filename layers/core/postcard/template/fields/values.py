"""Reads a field's value from a request, link or document.

Four steps, the same for every source: clean the text, decide whether it is missing, read its type,
check its bounds. Test cases are in `docs/contract/value-vectors.json`.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Container, Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final, NamedTuple

from postcard.color import INVALID_COLOR_MESSAGE, parse_color
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.fields.field_types import (
    DEFAULT_MAX_LENGTH,
    AnyField,
    DateField,
    ImageField,
    NumberField,
    SingleField,
    TextField,
)
from postcard.template.schema.delimiters import without_delimited
from postcard.template.schema.graphemes import (
    MAX_COMBINING_MARKS,
    limit_combining_runs,
    longest_mark_run,
    shorten_graphemes,
    too_many_graphemes,
)
from postcard.template.schema.validators import check_image_reference, is_allowed_image, matches_re2

Value = str | int | float | bool | date  # a datetime is a date, too
Item = Mapping[str, Value | None]  # an item of a list: a value for each of its fields
AnyValue = Value | tuple[Item, ...]


class BadValue(ValueError):
    """A value of the wrong type or out of bounds; the message says what is wrong."""


class TooLong(BadValue):
    """A text over its field's `max_length`, which `shorten` can cut."""


class ValueSource(NamedTuple):
    """Where a value comes from, which decides how numbers and dates are read.

    `zone` is the template's. `locale` is that of the template for values of a request: they may be
    written as mail platforms write them. None stands for a document, whose values are strict.
    `signed`: Postcard wrote a link's value itself, so `1.250` has one reading only. `shortens`:
    texts that are too long are cut where their field says so.
    """

    zone: tzinfo = UTC
    locale: str | None = None
    signed: bool = False
    shortens: bool = False


DOCUMENT = ValueSource()


_NONCHARACTERS = {
    *range(0xFDD0, 0xFDF0),
    *(plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)),
}
_UNDRAWABLE: Final[dict[int, str | None]] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_NONCHARACTERS, 0xFEFF, 0xFFFC]),
    0x09: " ",
    0x0A: "\n",
}
_REMOVED_FROM_VALUES: Final[dict[int, str | None]] = {
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)]),
    **_UNDRAWABLE,
}
_LINE_ENDS = lazy_regex("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATES = lazy_regex("[\ud800-\udfff]")


def clean_text(raw: str) -> str:
    """Step 1: normalises a text and removes control and direction characters.

    Unicode NFC, single spaces, at most one blank line; no characters that break or reorder a line.

    >>> clean_text(" a\\t b \\r\\n\\r\\n\\r\\n\\u202ec ")
    'a b\\n\\nc'
    """
    if raw.isascii() and raw.isprintable() and "  " not in raw:
        return raw.strip(" ")
    text = _SURROGATES.sub("", _LINE_ENDS.sub("\n", raw)).translate(_REMOVED_FROM_VALUES)
    text = unicodedata.normalize("NFC", limit_combining_runs(text))
    text = re.sub(" *\n *", "\n", re.sub(" {2,}", " ", text))
    return re.sub("\n{3,}", "\n\n", text).strip()


def strip_control_characters(text: str) -> str:
    """A template's own text without control characters; its spaces stay as written.

    >>> strip_control_characters("a  b\\r\\nc\\x00") == "a  b\\nc"
    True
    """
    if text.isprintable():
        return text
    return _SURROGATES.sub("", _LINE_ENDS.sub("\n", text)).translate(_UNDRAWABLE)


_INVISIBLE = lazy_regex(  # white space and characters that fonts draw nothing for
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_NULL_WORDS = frozenset(
    (
        *("", "null", "NULL", "nil", "undefined", "Undefined", "UNDEFINED", "None"),
        *("NaN", "nan", "NaT", "N/A", "n/a", "inf"),
        *("nullnull", "NULLNULL", "undefinedundefined", "NoneNone", "NaNNaN"),
    )
)
_NULL_BEGINNINGS = frozenset(  # of texts that `null_words.py` looks at
    (
        *("nul", "nil", "und", "non", "nan", "nat", "n/a", "n.a", "n\\a", "inv", "00/", "000"),
        *("err", "sys", "opt"),
    )
)
_INVALID_TIMES = frozenset(
    f"invalid {word}" for word in ("date", "datetime", "time", "time value", "number")
)
_TAG_NAMES = frozenset(("FNAME", "LNAME", "FirstName", "LastName", "firstName", "lastName"))
_TAG_BEGINNINGS = frozenset(  # of texts that `unfilled_tags.py` looks at without any sign before
    ("fir", "las", "fna", "lna", "nam", "con", "sub", "cus", "rec", "use", "def", "mer")
)
_MERGE_TAG_OPENING = lazy_regex(r"(?=(\{\{|\{%|\*\||%%|<%|<\?|<#|\$\{|\[\[|\{\$|\[%))")
_MERGE_TAG_CLOSING = {
    "{{": "}}", "{%": "%}", "*|": "|*", "%%": "%%", "<%": "%>",
    "<?": "?>", "<#": "#>", "${": "}", "[[": "]]", "{$": "}", "[%": "%]",
}  # fmt: skip


def is_missing(text: str) -> bool:
    """Step 2: whether a cleaned text is invisible, a null word or an unfilled merge tag."""
    return _is_null(text) or _has_only_merge_tags(text)


def is_unfilled_tag(raw: str) -> bool:
    """Whether a value is missing because the mail platform left its merge tag unfilled.

    >>> is_unfilled_tag("{{ first_name }}"), is_unfilled_tag("null"), is_unfilled_tag("Ann")
    (True, False, False)
    """
    text = clean_text(raw)
    return not _is_null(text) and _has_only_merge_tags(text)


def _is_null(text: str) -> bool:
    if text.isalnum() and text not in _NULL_WORDS:
        return not text.isascii() and _INVISIBLE.sub("", text) in _NULL_WORDS
    if "\ufffd" in text or _INVISIBLE.sub("", text) in _NULL_WORDS:
        return True
    if text.replace(" ", "").isalpha():  # most names
        return text.lower() in _INVALID_TIMES or _NULL_WORDS.issuperset(text.split())
    if text[:3].lower() in _NULL_BEGINNINGS or not text[0].isalnum():
        from postcard.template.fields.null_words import is_null_text  # seldom needed

        return is_null_text(_INVISIBLE.sub(" ", text).strip())
    return False


def _has_only_merge_tags(text: str) -> bool:
    if text in _TAG_NAMES:
        return True
    if text.isalnum() or text.replace(" ", "").isalpha():
        return False
    rest = without_delimited(text, _MERGE_TAG_OPENING, _MERGE_TAG_CLOSING)
    beginning = text[:3].lower()
    if len(rest) == len(text) and text[0].isalnum() and beginning not in _TAG_BEGINNINGS:
        return False
    if any(map(str.isalnum, rest)):
        from postcard.template.fields.unfilled_tags import without_unfilled_tags  # seldom needed

        rest = without_unfilled_tags(rest)
    return len(rest) < len(text) and not any(map(str.isalnum, rest))


def clean_value(raw: Any) -> Any:
    """Steps 1 and 2 for a raw value of any type: the cleaned value, None if it is missing."""
    if not isinstance(raw, str):
        return raw
    text = clean_text(raw)
    return None if is_missing(text) else text


def read_value(field: SingleField, raw: Any, *, source: ValueSource = DOCUMENT) -> Value | None:
    """All four steps: the value, None if it is missing; raises `BadValue` if it is bad."""
    cleaned = clean_value(raw)
    if cleaned is None:
        return None
    if isinstance(cleaned, float) and not math.isfinite(cleaned):
        raise BadValue("is not a finite number")
    return _READERS[field.type](field, cleaned, source)


def read_or_shorten(field: SingleField, raw: Any, source: ValueSource) -> tuple[Value | None, str]:
    """The same, and how the value was shortened: a text that is too long may be cut."""
    try:
        return read_value(field, raw, source=source), ""
    except TooLong as error:
        assert isinstance(field, TextField)
        if not source.shortens or field.too_long != "shorten" or not isinstance(raw, str):
            raise
        return _shorten(field, clean_text(raw), source), f"{error} and was shortened"


def forbids_default(field: AnyField, error: BadValue) -> bool:
    """Whether no default may be shown instead of this bad value, but only the fallback picture."""
    if isinstance(error, TooLong) and isinstance(field, TextField) and field.too_long == "error":
        return True
    return field.on_bad == "fallback"


def _shorten(field: TextField, text: str, source: ValueSource) -> str:
    """The start of a text with an ellipsis; `BadValue` if that is no value of the field."""
    limit = field.max_length or DEFAULT_MAX_LENGTH
    shortened = shorten_graphemes(text, limit)
    if shortened is not None and field.emphasis and shortened.count("*") % 2:
        room = shorten_graphemes(text, limit - 1) or ""
        shortened = f"{room}*" if room.count("*") % 2 else shortened  # ends the emphasis
    return _read_text_field(field, text if shortened is None else shortened, source)


def value_to_json(value: AnyValue | None) -> Any:
    """The JSON of a value, which reads as the same value again."""
    if isinstance(value, tuple):
        return [{k: value_to_json(v) for k, v in item.items() if v is not None} for item in value]
    return value.isoformat() if isinstance(value, date) else value


def to_link_text(value: Value) -> str:
    """A value as the text of a link's parameter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_number(value)
    return value if isinstance(value, str) else value.isoformat()


def format_number(number: float) -> str:
    """A number in decimal notation with at most six decimals.

    >>> format_number(1e-05), format_number(3), format_number(2.50), format_number(-0.0)
    ('0.00001', '3', '2.5', '0')
    """
    if isinstance(number, int):
        return str(number)
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _read_text_field(field: SingleField, given: Any, source: ValueSource) -> str:
    assert isinstance(field, TextField)
    if isinstance(given, bool | int | float):
        given = to_link_text(given)
    text = _require_text(given, "a text")
    if field.choices is not None and text not in _cleaned_choices(field.choices):
        more = " …" if len(field.choices) > _MAX_LISTED_CHOICES else ""
        raise BadValue(f"is none of: {', '.join(field.choices[:_MAX_LISTED_CHOICES])}{more}")
    if too_many_graphemes(text, limit := field.max_length or DEFAULT_MAX_LENGTH):
        raise TooLong(f"is longer than {limit} characters")
    if longest_mark_run(text) > MAX_COMBINING_MARKS:
        raise BadValue(f"has more than {MAX_COMBINING_MARKS} combining marks on one letter")
    if field.pattern is not None and not matches_re2(field.pattern, text):
        raise BadValue(f"does not match {field.pattern}")
    return text


_MAX_LISTED_CHOICES = 20


@lru_cache(maxsize=16)
def _cleaned_choices(choices: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(clean_text, choices))


_NUMBER = lazy_regex(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)
_TWO_READINGS = lazy_regex(r"-?[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)  # 1.250, which may be 1250


def read_number(given: Any) -> int | float:
    """A number from a JSON number or a link's text; an int if it is whole."""
    if isinstance(given, str) and _NUMBER.fullmatch(given):
        number = float(given) if "." in given else int(given)
    elif isinstance(given, int | float) and not isinstance(given, bool):
        number = round(given, 6)
    else:
        raise BadValue("is not a number such as 1200.5")
    if abs(number) >= 1e15:
        raise BadValue("has more than 15 digits")
    return int(number) if number == int(number) else number


def read_request_number(given: Any, source: ValueSource) -> int | float:
    """A number from a request, also as mail platforms write it: `1,250.50`."""
    if source.locale is None or not isinstance(given, str):
        return read_number(given)
    if _NUMBER.fullmatch(given) and (source.signed or not _TWO_READINGS.fullmatch(given)):
        return read_number(given)
    from postcard.template.fields.localized_numbers import read_localized_number  # seldom needed

    number = read_localized_number(given, source.locale)
    return read_number(given if number is None else number)


def _read_number_field(field: SingleField, given: Any, source: ValueSource) -> int | float:
    assert isinstance(field, NumberField)
    number = read_request_number(given, source)
    if field.min is not None and number < field.min:
        raise BadValue(f"is under {format_number(field.min)}")
    if field.max is not None and number > field.max:
        raise BadValue(f"is over {format_number(field.max)}")
    return number


_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def read_boolean(given: Any) -> bool:
    """A boolean from a JSON boolean or one of eight words such as `yes`, in any case."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in _BOOLEANS:
        return _BOOLEANS[given.lower()]
    raise BadValue("is not a boolean such as true or false")


def _read_boolean_field(field: SingleField, given: Any, source: ValueSource) -> bool:
    return read_boolean(given)


_DATE = lazy_regex(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,6})?\d{0,3}(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_UNIX_SECONDS = lazy_regex(r"[0-9]{10}", re.ASCII)


def read_date(given: Any) -> date:
    """A date or a datetime, which is aware if given with an offset or as Unix seconds."""
    text = str(given) if type(given) in (int, str) else ""
    if _UNIX_SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    if not (match := _DATE.fullmatch(text)):
        raise BadValue("is not a date such as 2026-11-22 or 2026-11-22T20:00")
    day, minutes, seconds, fraction, offset = match.groups()
    try:
        if minutes is None:
            return date.fromisoformat(day)
        clock = f"{minutes}{seconds or ':00'}{(fraction or '.0').ljust(7, '0')}"
        moment = datetime.fromisoformat(f"{day}T{clock}{(offset or '').replace('Z', '+00:00')}")
        moment.astimezone(UTC)  # raises OverflowError outside the calendar
    except (ValueError, OverflowError):
        raise BadValue("is no day or time of the calendar") from None
    return moment


def to_aware_datetime(day: date, zone: tzinfo) -> datetime:
    """The aware datetime of a date (at midnight) or datetime; `zone` if it has no offset."""
    if not isinstance(day, datetime):
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    return day if day.tzinfo else day.replace(tzinfo=zone)


def read_request_date(given: Any, source: ValueSource) -> date:
    """A date from a request, also as mail platforms write it: `Dec 31, 2026`."""
    try:
        return read_date(given)
    except BadValue:
        if source.locale is None or type(given) not in (int, str):
            raise
        from postcard.template.fields.localized_dates import read_localized_date  # seldom needed

        day = read_localized_date(str(given), source.locale)
        if day is None:
            raise
        return day


def _read_date_field(field: SingleField, given: Any, source: ValueSource) -> date:
    assert isinstance(field, DateField)
    day, zone = read_request_date(given, source), source.zone
    if field.min is not None and to_aware_datetime(day, zone) < to_aware_datetime(
        read_date(field.min), zone
    ):
        raise BadValue(f"is before {field.min}")
    if field.max is not None and to_aware_datetime(day, zone) > to_aware_datetime(
        read_date(field.max), zone
    ):
        raise BadValue(f"is after {field.max}")
    return day


def read_color(given: Any) -> str:
    """The text of a colour."""
    try:
        parse_color(_require_text(given, "a colour"))
    except ValueError:  # its message quotes the value, which may be personal data
        raise BadValue(f"is {INVALID_COLOR_MESSAGE}") from None
    return str(given)


def _read_color_field(field: SingleField, given: Any, source: ValueSource) -> str:
    return read_color(given)


def read_image(given: Any) -> str:
    """An image reference: `https://…` or `asset:ID`."""
    try:
        check_image_reference(text := _require_text(given, "the address of a picture"))
    except ValueError as error:
        raise BadValue(str(error)) from None
    return text


def _read_image_field(field: SingleField, given: Any, source: ValueSource) -> str:
    assert isinstance(field, ImageField)
    text = read_image(given)
    if field.allowed_hosts is not None and not is_allowed_image(text, field.allowed_hosts):
        raise BadValue(f"is at none of the hosts {', '.join(field.allowed_hosts)}")
    return text


def check_asset(
    field: ImageField | None, reference: str, named_assets: Container[str], *, restricted: bool
) -> None:
    """`BadValue` if a value may not name this asset, whether the asset exists or not.

    `named_assets` are the references of assets in the document. `restricted`: the value comes from
    an open part of a link or from a key that is limited to templates.
    """
    if not reference.startswith("asset:") or reference in named_assets:
        return
    allowed = field.allowed_assets if field is not None else None
    if restricted if allowed is None else reference.removeprefix("asset:") not in allowed:
        raise BadValue("is none of the assets that the template names for it")


def _require_text(given: Any, expected: str) -> str:
    if not isinstance(given, str):
        raise BadValue(f"is not {expected}")
    return given


_READERS: Mapping[str, Callable[[Any, Any, ValueSource], Value]] = {
    "text": _read_text_field,
    "number": _read_number_field,
    "boolean": _read_boolean_field,
    "date": _read_date_field,
    "color": _read_color_field,
    "image": _read_image_field,
}
