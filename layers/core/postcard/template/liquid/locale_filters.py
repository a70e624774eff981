"""Numbers, amounts of money, dates and initials in the words of a locale: our Liquid filters."""

import re
from copy import copy
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import BadValue, clean_text, read_date, read_number
from postcard.template.liquid.dates import Moment
from postcard.template.liquid.text_markers import without_marks
from postcard.template.schema.graphemes import first_graphemes
from postcard.template.schema.locales import find_locale

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

WIDTHS = ("short", "medium", "long", "full")
FILTERS = ("number", "currency", "date", "time", "initials")
_ZEROS = {  # CLDR numbering systems that are ten digits in a row
    "arab": 0x660, "arabext": 0x6F0, "beng": 0x9E6, "deva": 0x966, "gujr": 0xAE6, "guru": 0xA66,
    "khmr": 0x17E0, "knda": 0xCE6, "laoo": 0xED0, "mlym": 0xD66, "mymr": 0x1040, "orya": 0xB66,
    "tamldec": 0xBE6, "telu": 0xC66, "thai": 0xE50, "tibt": 0xF20, "cakm": 0x11136,
    "adlm": 0x1E950, "olck": 0x1C50, "nkoo": 0x7C0,
}  # fmt: skip


class WordingError(ValueError):
    """A filter that cannot say its value; the text says why."""


@dataclass(frozen=True)
class Wording:
    """The filters in one locale and zone. Each turns None into None."""

    language: str
    zone: tzinfo
    native: bool = False

    @cached_property
    def locale(self) -> "Locale":
        """Babel's locale; its language's, or else English, if there is none of that name."""
        locale: Locale = find_locale(self.language) or find_locale("en")
        return locale

    def number(self, value: Any, decimals: Any = None) -> str | None:
        """`1,840.5`; `decimals` digits after the point if given, else up to three."""
        if value is None:
            return None
        amount, places = _rounded(value, 3 if decimals is None else decimals)
        exact = None if decimals is None else places
        return self._formatted(self.locale.decimal_formats[None], amount, exact)

    def currency(self, value: Any, code: Any = None, decimals: Any = None) -> str | None:
        """`€12.50`, in the currency's own decimals or as many as are asked for."""
        if value is None:
            return None
        if not isinstance(code, str) or not re.fullmatch("[A-Z]{3}", code):
            raise WordingError('write a currency like currency: "EUR"')
        from babel.numbers import get_currency_precision

        wanted = get_currency_precision(code) if decimals is None else decimals
        amount, places = _rounded(value, wanted)
        return self._formatted(self.locale.currency_formats["standard"], amount, places, code)

    def date(self, value: Any, pattern: Any = "medium") -> str | None:
        """A date: `short medium long full`, a CLDR pattern, or Liquid's `%` codes."""
        if value is None:
            return None
        from babel.dates import format_date

        moment = self._moment(value)
        if pattern in WIDTHS:
            return self.digits(format_date(moment.shown, pattern, self.locale))
        if "%" in str(pattern):
            return self.digits(self._percent(moment.shown, str(pattern)))
        return self.digits(self._patterned(moment.shown, str(pattern)))

    def time(self, value: Any, pattern: Any = "short") -> str | None:
        """The time of a date; nothing for a date that says none."""
        if value is None or (moment := self._moment(value)).whole_day:
            return None
        from babel.dates import format_time

        if pattern not in WIDTHS:
            return self.date(value, pattern)
        return self.digits(format_time(moment.shown, pattern, locale=self.locale))

    def initials(self, value: Any) -> str | None:
        """The first letters of the first and the last word."""
        if value is None:
            return None
        words = re.findall(r"[^\W_][^\s]*", without_marks(str(value)))
        ends = words if len(words) < 2 else [words[0], words[-1]]
        return "".join(first_graphemes(word, 1).upper() for word in ends)

    def _moment(self, value: Any) -> Moment:
        if isinstance(value, Moment):
            return value
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return Moment(datetime.fromtimestamp(value, UTC), self.zone)
            return Moment(read_date(clean_text(str(value))), self.zone)
        except (BadValue, ValueError, OverflowError, OSError):
            raise WordingError(f"{str(value)[:40]!r} is not a date") from None

    def _formatted(
        self, pattern: "NumberPattern", amount: Decimal, places: int | None, code: str | None = None
    ) -> str:
        """The amount in a pattern of the locale, with exactly `places` decimals if given."""
        shown = copy(pattern)
        if places is not None:
            shown.frac_prec = (places, places)
        text = shown.apply(
            amount,
            self.locale,
            currency=code,
            currency_digits=False,
            numbering_system=self._system,
        )
        return self.digits(text)

    @property
    def _system(self) -> str:
        return self.locale.default_numbering_system if self.native else "latn"

    def digits(self, text: str) -> str:
        """A text whose digits are the locale's own, where they are asked for."""
        zero = _ZEROS.get(self.locale.default_numbering_system) if self.native else None
        return text if zero is None else text.translate({48 + n: zero + n for n in range(10)})

    def _percent(self, day: datetime, pattern: str) -> str:
        return re.sub(r"%(-?)([A-Za-z%])", lambda m: self._code(day, m[2], bool(m[1])), pattern)

    def _patterned(self, day: datetime, pattern: str) -> str:
        """A date in a CLDR pattern; its locale may lack the words for parts of the day or zones."""
        from babel.dates import format_datetime

        try:
            return str(format_datetime(day, pattern, None, self.locale))
        except (LookupError, ValueError):
            raise WordingError(f"{self.locale} cannot say {pattern[:40]!r} of a date") from None

    def _code(self, day: datetime, code: str, bare: bool) -> str:
        if code == "%":
            return "%"
        if code == "s":
            return str(int(day.timestamp()))
        if code not in _CODES:
            raise WordingError(f"unknown date code %{code}")
        full, short = _CODES[code]
        return self._patterned(day, short if bare else full)


_CODES = {  # strftime's codes as CLDR patterns, with and without leading zeros
    "a": ("EEE", "EEE"), "A": ("EEEE", "EEEE"), "b": ("MMM", "MMM"), "B": ("MMMM", "MMMM"),
    "h": ("MMM", "MMM"), "d": ("dd", "d"), "e": ("d", "d"), "m": ("MM", "M"), "y": ("yy", "yy"),
    "Y": ("yyyy", "yyyy"), "H": ("HH", "H"), "k": ("H", "H"), "I": ("hh", "h"), "l": ("h", "h"),
    "M": ("mm", "m"), "S": ("ss", "s"), "p": ("a", "a"), "P": ("a", "a"), "j": ("DDD", "D"),
    "u": ("e", "e"), "V": ("ww", "w"), "Z": ("z", "z"), "z": ("xx", "xx"),
    "F": ("yyyy-MM-dd", "yyyy-M-d"), "D": ("MM/dd/yy", "M/d/yy"), "T": ("HH:mm:ss", "H:m:s"),
    "R": ("HH:mm", "H:mm"), "X": ("HH:mm:ss", "H:m:s"), "x": ("MM/dd/yy", "M/d/yy"),
}  # fmt: skip


def _rounded(value: Any, decimals: Any) -> tuple[Decimal, int]:
    """Half up, as people round; Babel's half to even surprises them."""
    if not isinstance(decimals, int) or not 0 <= decimals <= 12:
        raise WordingError("decimals are a whole number from 0 to 12")
    try:
        number = read_number(clean_text(value) if isinstance(value, str) else value)
    except (BadValue, TypeError, OverflowError, ValueError):
        raise WordingError(f"{str(value)[:40]!r} is not a number") from None
    exact = Decimal(repr(number))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), decimals
