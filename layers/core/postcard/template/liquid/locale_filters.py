"""Liquid filters for a locale: `number`, `currency`, `date`, `time` and `initials`."""

import re
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import BadValue, clean_text, read_date, read_number
from postcard.template.liquid.dates import ZonedDate
from postcard.template.liquid.text_markers import strip_markers
from postcard.template.schema.graphemes import first_graphemes
from postcard.template.schema.locales import find_locale

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

CLDR_FORMATS = ("short", "medium", "long", "full")
_MAX_PATTERN_LENGTH = 100
FILTER_NAMES = ("number", "currency", "date", "time", "initials")
_ZERO_DIGITS = {  # CLDR numbering systems that are ten digits in a row
    "arab": 0x660, "arabext": 0x6F0, "beng": 0x9E6, "deva": 0x966, "gujr": 0xAE6, "guru": 0xA66,
    "khmr": 0x17E0, "knda": 0xCE6, "laoo": 0xED0, "mlym": 0xD66, "mymr": 0x1040, "orya": 0xB66,
    "tamldec": 0xBE6, "telu": 0xC66, "thai": 0xE50, "tibt": 0xF20, "cakm": 0x11136,
    "adlm": 0x1E950, "olck": 0x1C50, "nkoo": 0x7C0,
}  # fmt: skip


class FilterError(ValueError):
    """A value or argument that a filter cannot format; the message says why."""


@dataclass(frozen=True)
class LocaleFilters:
    """The filters for one locale and time zone. Each returns None for None."""

    locale_tag: str
    zone: tzinfo
    native_digits: bool = False

    @cached_property
    def locale(self) -> "Locale":
        """Babel's locale of the tag, else of its language, else English."""
        locale: Locale = find_locale(self.locale_tag) or find_locale("en")
        return locale

    def number(self, value: Any, decimals: Any = None) -> str | None:
        """A number such as `1,840.5`, with exactly `decimals` decimals or else up to three."""
        if value is None:
            return None
        amount, places = _round_half_up(value, 3 if decimals is None else decimals)
        exact = None if decimals is None else places
        return self._format_number(self.locale.decimal_formats[None], amount, exact)

    def currency(self, value: Any, code: Any = None, decimals: Any = None) -> str | None:
        """An amount such as `€12.50`, with `decimals` decimals or as many as the currency has."""
        if value is None:
            return None
        if not isinstance(code, str) or not re.fullmatch("[A-Z]{3}", code):
            raise FilterError('write a currency like currency: "EUR"')
        from babel.numbers import get_currency_precision

        precision = get_currency_precision(code) if decimals is None else decimals
        amount, places = _round_half_up(value, precision)
        return self._format_number(self.locale.currency_formats["standard"], amount, places, code)

    def date(self, value: Any, pattern: Any = "medium") -> str | None:
        """A date; the pattern is `short medium long full`, a CLDR pattern, or strftime codes."""
        if value is None:
            return None
        from babel.dates import format_date

        if len(str(pattern)) > _MAX_PATTERN_LENGTH:
            raise FilterError(f"a pattern has at most {_MAX_PATTERN_LENGTH} characters")
        moment = self._zoned_date(value).local_datetime
        if pattern in CLDR_FORMATS:
            return self.localize_digits(format_date(moment, pattern, self.locale))
        if "%" in str(pattern):
            return self.localize_digits(self._format_strftime(moment, str(pattern)))
        return self.localize_digits(self._format_cldr(moment, str(pattern)))

    def time(self, value: Any, pattern: Any = "short") -> str | None:
        """The time of day of a date; None if the date has none."""
        if value is None or (zoned := self._zoned_date(value)).date_only:
            return None
        from babel.dates import format_time

        if pattern not in CLDR_FORMATS:
            return self.date(value, pattern)
        return self.localize_digits(format_time(zoned.local_datetime, pattern, locale=self.locale))

    def initials(self, value: Any) -> str | None:
        """The first letters of the first and the last word, in upper case."""
        if value is None:
            return None
        words = re.findall(r"[^\W_][^\s]*", strip_markers(str(value)))
        first_and_last = words if len(words) < 2 else [words[0], words[-1]]
        return "".join(first_graphemes(word, 1).upper() for word in first_and_last)

    def _zoned_date(self, value: Any) -> ZonedDate:
        if isinstance(value, ZonedDate):
            return value
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return ZonedDate(datetime.fromtimestamp(value, UTC), self.zone)
            return ZonedDate(read_date(clean_text(str(value))), self.zone)
        except (BadValue, ValueError, OverflowError, OSError):
            raise FilterError(f"{shown(value)} is not a date") from None

    def _format_number(
        self, pattern: "NumberPattern", amount: Decimal, places: int | None, code: str | None = None
    ) -> str:
        """The amount in the locale's pattern, with exactly `places` decimals if given."""
        pattern = copy(pattern)
        if places is not None:
            pattern.frac_prec = (places, places)
        text = pattern.apply(
            amount,
            self.locale,
            currency=code,
            currency_digits=False,
            numbering_system=self._numbering_system,
        )
        return self.localize_digits(text)

    @property
    def _numbering_system(self) -> str:
        return self.locale.default_numbering_system if self.native_digits else "latn"

    def localize_digits(self, text: str) -> str:
        """The text with the locale's own digits, if `native_digits` is set."""
        zero = (
            _ZERO_DIGITS.get(self.locale.default_numbering_system) if self.native_digits else None
        )
        return text if zero is None else text.translate({48 + n: zero + n for n in range(10)})

    def _format_strftime(self, day: datetime, pattern: str) -> str:
        return re.sub(
            r"%(-?)([A-Za-z%])",
            lambda m: self._format_strftime_code(day, m[2], bool(m[1])),
            pattern,
        )

    def _format_cldr(self, day: datetime, pattern: str) -> str:
        """A date in a CLDR pattern. Some locales lack names for day periods or zones."""
        from babel.dates import format_datetime

        try:
            return str(format_datetime(day, pattern, None, self.locale))
        except (LookupError, ValueError):
            raise FilterError(f"{self.locale} cannot format a date with {pattern[:40]!r}") from None

    def _format_strftime_code(self, day: datetime, code: str, unpadded: bool) -> str:
        if code == "%":
            return "%"
        if code == "s":
            return str(int(day.timestamp()))
        if code not in _STRFTIME_TO_CLDR:
            raise FilterError(f"unknown date code %{code}")
        full, short = _STRFTIME_TO_CLDR[code]
        return self._format_cldr(day, short if unpadded else full)


_STRFTIME_TO_CLDR = {  # strftime's codes as CLDR patterns, with and without leading zeros
    "a": ("EEE", "EEE"), "A": ("EEEE", "EEEE"), "b": ("MMM", "MMM"), "B": ("MMMM", "MMMM"),
    "h": ("MMM", "MMM"), "d": ("dd", "d"), "e": ("d", "d"), "m": ("MM", "M"), "y": ("yy", "yy"),
    "Y": ("yyyy", "yyyy"), "H": ("HH", "H"), "k": ("H", "H"), "I": ("hh", "h"), "l": ("h", "h"),
    "M": ("mm", "m"), "S": ("ss", "s"), "p": ("a", "a"), "P": ("a", "a"), "j": ("DDD", "D"),
    "u": ("e", "e"), "V": ("ww", "w"), "Z": ("z", "z"), "z": ("xx", "xx"),
    "F": ("yyyy-MM-dd", "yyyy-M-d"), "D": ("MM/dd/yy", "M/d/yy"), "T": ("HH:mm:ss", "H:m:s"),
    "R": ("HH:mm", "H:mm"), "X": ("HH:mm:ss", "H:m:s"), "x": ("MM/dd/yy", "M/d/yy"),
}  # fmt: skip


def shown(value: Any) -> str:
    """A value as a message quotes it.

    >>> shown("soon"), shown(True), shown([1])
    ("'soon'", 'true', 'a list')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | range | Mapping):
        return "an item" if isinstance(value, Mapping) else "a list"
    return repr("" if value is None else str(value)[:40])


def _round_half_up(value: Any, decimals: Any) -> tuple[Decimal, int]:
    """Rounds half up, as readers of amounts expect; Babel rounds half to even."""
    if not isinstance(decimals, int) or not 0 <= decimals <= 12:
        raise FilterError("decimals are a whole number from 0 to 12")
    try:
        number = read_number(clean_text(value) if isinstance(value, str) else value)
    except (BadValue, TypeError, OverflowError, ValueError):
        raise FilterError(f"{shown(value)} is not a number") from None
    exact = Decimal(repr(number))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), decimals
