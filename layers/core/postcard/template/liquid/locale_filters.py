"""Liquid filters for a locale: `number`, `currency`, `date`, `time` and `initials`."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import BadValue, clean_text, read_date, read_number
from postcard.template.liquid.dates import ZonedDate
from postcard.template.liquid.text_markers import strip_markers
from postcard.template.schema.locales import find_locale

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

CLDR_FORMATS = ("short", "medium", "long", "full")
_MAX_PATTERN_LENGTH = 100
CASE_FILTERS = {"upcase": str.upper, "downcase": str.lower, "capitalize": str.capitalize}
_LANGUAGES_WITH_OWN_CASE = ("tr", "az", "lt", "el", "nl", "hy")
FILTER_NAMES = ("number", "currency", "date", "time", "initials")
_USUAL_DECIMALS = {"COP": 0, "HUF": 0, "IDR": 0, "PKR": 0}  # their hundredths are out of use
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
        least = 0 if decimals is None else places
        return self._format_number(self.locale.decimal_formats[None], amount, (least, places))

    def currency(self, value: Any, code: Any = None, decimals: Any = None) -> str | None:
        """An amount such as `€12.50`, with `decimals` decimals or as many as the currency has."""
        if value is None:
            return None
        if not isinstance(code, str) or not re.fullmatch("[A-Z]{3}", code):
            raise FilterError('write a currency like currency: "EUR"')
        from babel.numbers import get_currency_precision

        usual = _USUAL_DECIMALS.get(code)
        precision = get_currency_precision(code) if usual is None else usual
        precision = precision if decimals is None else decimals
        amount, places = _round_half_up(value, precision)
        pattern = self.locale.currency_formats["standard"]
        return self._format_number(pattern, amount, (places, places), code)

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
        """The first letters of the first and the last word, in the language's upper case."""
        if value is None:
            return None
        from postcard.template.schema.text_transform import initial

        words = re.findall(r"[^\W_\u02b0-\u02ff]\S*", strip_markers(str(value)))
        first_and_last = words if len(words) < 2 else [words[0], words[-1]]
        return "".join(initial(word, self.locale_tag) for word in first_and_last)

    def change_case(self, name: str, text: str) -> str:
        """Liquid's `upcase`, `downcase` and `capitalize`, by the rules of the language."""
        language = re.split("[-_]", self.locale_tag)[0].lower()
        if language not in _LANGUAGES_WITH_OWN_CASE:
            return CASE_FILTERS[name](text)
        from postcard.template.schema.text_transform import apply_text_transform, capitalize_first

        if name == "upcase":
            return apply_text_transform(text, "uppercase", language)
        lower = apply_text_transform(text, "lowercase", language)
        return lower if name == "downcase" else capitalize_first(lower, language)

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
        self,
        pattern: "NumberPattern",
        amount: Decimal,
        places: tuple[int, int],
        currency: str | None = None,
    ) -> str:
        from postcard.template.liquid.formatting.number_formatting import (
            format_number,  # needs Babel's data
        )

        return self.localize_digits(
            format_number(amount, places, pattern, self.locale, self._numbering_system, currency)
        )

    @property
    def _numbering_system(self) -> str:
        return self.locale.default_numbering_system if self.native_digits else "latn"

    def localize_digits(self, text: str) -> str:
        """The text with the locale's own digits, if `native_digits` is set."""
        zero = (
            _ZERO_DIGITS.get(self.locale.default_numbering_system) if self.native_digits else None
        )
        return text if zero is None else text.translate({48 + n: zero + n for n in range(10)})

    def _format_strftime(self, moment: datetime, pattern: str) -> str:
        from postcard.template.liquid.formatting.strftime import UnknownDateCode, format_strftime

        def format_cldr(part: str) -> str:
            return self._format_cldr(moment, part)

        try:
            return format_strftime(moment, pattern, self.locale_tag, format_cldr)
        except UnknownDateCode as error:
            raise FilterError(f"unknown date code {error}") from None

    def _format_cldr(self, day: datetime, pattern: str) -> str:
        """A date in a CLDR pattern. Some locales lack names for day periods or zones."""
        from babel.dates import format_datetime

        try:
            return str(format_datetime(day, pattern, None, self.locale))
        except (LookupError, ValueError):
            raise FilterError(f"{self.locale} cannot format a date with {pattern[:40]!r}") from None


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
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded + 0, decimals  # -0 becomes 0
