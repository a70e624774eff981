"""The variables and filters that Liquid has for one picture, and how a value becomes text."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.countdown import LocalizedDigits, LocalizedInt
from postcard.template.fields.values import format_number
from postcard.template.liquid.bounds import LiquidFailed, StepBudget, check_length
from postcard.template.liquid.dates import ZonedDate
from postcard.template.liquid.locale_filters import FilterError, LocaleFilters
from postcard.template.liquid.text_markers import isolate
from postcard.template.schema.graphemes import too_many_graphemes
from postcard.template.schema.validators import MAX_TEXT_GRAPHEMES

_LOCALE_FILTER_STEPS = 10  # and one for each character of a date's pattern


class JoinedText(str):
    """Joined texts. `isolated` is the same with each text between Unicode's isolate characters."""

    isolated: str


@dataclass(frozen=True, slots=True)
class LiquidContext:
    """Liquid's variables by name (None is nil) and the filters of its locale.

    `isolate_text` puts text values between Unicode's isolate characters, so that their direction
    does not reorder the line around them; `iso_dates` writes dates as ISO 8601. All contexts of a
    picture share one `budget`.
    """

    values: Mapping[str, Any]
    filters: LocaleFilters
    isolate_text: bool = field(default=False)
    iso_dates: bool = field(default=False)
    budget: StepBudget = field(default_factory=StepBudget)

    def to_text(self, value: Any) -> str:
        """A value as text; empty for None and for a list's item."""
        if value is None or isinstance(value, Mapping):
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, LocalizedInt | LocalizedDigits):
            return self.filters.localize_digits(str(value))
        if isinstance(value, int | float):
            value += 0  # -0.0 becomes 0.0
            return format_number(value) if abs(value) < 1e15 else str(value)
        if isinstance(value, list | tuple):
            return "".join(map(self.to_text, value))
        if self.iso_dates and isinstance(value, ZonedDate):
            return value.iso_text
        text = str(value)
        return _isolated_text(value, text) if self.isolate_text else text


def _isolated_text(value: Any, text: str) -> str:
    if isinstance(value, JoinedText):
        return value.isolated
    return text if isinstance(value, ZonedDate) else isolate(text)


def join_values(context: LiquidContext, values: Sequence[Any], separator: str) -> JoinedText:
    """Liquid's `join`; None is an empty text."""
    check_length(len(separator) * (len(values) - 1))
    plain = replace(context, isolate_text=False)
    text = JoinedText(separator.join(map(plain.to_text, values)))
    text.isolated = separator.join(map(context.to_text, values))
    return text


def call_filter(context: LiquidContext, name: str, value: Any, arguments: Sequence[Any]) -> Any:
    """Calls a filter of `LocaleFilters`; raises `LiquidFailed`."""
    argument_lengths = sum(len(each) for each in arguments if isinstance(each, str))
    context.budget.spend(_LOCALE_FILTER_STEPS + argument_lengths)
    try:
        return getattr(context.filters, name)(value, *arguments)
    except FilterError as error:
        raise LiquidFailed(f"{name}: {error}") from None
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
        raise LiquidFailed(misuse(name, value, arguments)) from None


def misuse(name: str, value: Any, arguments: Sequence[Any]) -> str:
    """The message for a filter that cannot work on a value with these arguments.

    >>> misuse("slice", "Anna", ["x", None])
    'slice cannot be used like this, on a text with a text and nothing'
    """
    given = " and ".join(map(_noun, arguments[:5]))
    return f"{name} cannot be used like this, on {_noun(value)}" + (given and f" with {given}")


def _noun(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    return next((noun for noun, kinds in _NOUNS.items() if isinstance(value, kinds)), "nothing")


_NOUNS: dict[str, tuple[type, ...]] = {
    "a text": (str,),
    "a number": (int, float),
    "a date": (ZonedDate,),
    "a list": (list, tuple, range),
    "an item": (Mapping,),
}


def check_output_length(text: str) -> str:
    """Returns the text; raises `LiquidFailed` if it has more than 5,000 graphemes."""
    if too_many_graphemes(text, MAX_TEXT_GRAPHEMES):
        raise LiquidFailed(f"it yields more than {MAX_TEXT_GRAPHEMES} characters")
    return text
