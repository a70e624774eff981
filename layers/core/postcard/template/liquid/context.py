"""What Liquid sees of one picture, and how its values are said."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.countdown import Amount, Figure
from postcard.template.fields.values import number_text
from postcard.template.liquid.dates import Moment
from postcard.template.liquid.locale_filters import Wording, WordingError
from postcard.template.liquid.text_markers import isolated
from postcard.template.schema.graphemes import too_many_graphemes
from postcard.template.schema.validators import MAX_TEXT


class Joined(str):
    """Texts in a row. `shown` is how they stand in a line: each set apart by itself."""

    shown: str


class LiquidFailed(Exception):
    """Liquid that cannot be run with these values; the text says why."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What programs see: `values` by name (None is nil) and the `wording` of their locale.

    `isolate` sets texts apart in their line; `exact` writes moments to the second, in full.
    """

    values: Mapping[str, Any]
    wording: Wording
    isolate: bool = field(default=False)
    exact: bool = field(default=False)

    def spoken(self, value: Any) -> str:
        """A value as text; None is nothing."""
        if value is None or isinstance(value, Mapping):  # an item, or what is not in one
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Amount | Figure):
            return self.wording.digits(str(value))
        if isinstance(value, int | float):
            return number_text(value) if abs(value) < 1e15 else str(value)
        if isinstance(value, list | tuple):
            return "".join(map(self.spoken, value))
        if self.exact and isinstance(value, Moment):
            return value.written
        text = str(value)
        return _in_line(value, text) if self.isolate else text


def _in_line(value: Any, text: str) -> str:
    if isinstance(value, Joined):
        return value.shown
    return text if isinstance(value, Moment) else isolated(text)


def joined(speech: Speech, values: Sequence[Any], between: str) -> Joined:
    """Liquid's `join`: what is missing is nothing."""
    plain = replace(speech, isolate=False)
    text = Joined(between.join(map(plain.spoken, values)))
    text.shown = between.join(map(speech.spoken, values))
    return text


def call_filter(wording: Wording, name: str, value: Any, arguments: Sequence[Any]) -> Any:
    """One of our filters; raises `LiquidFailed`."""
    try:
        return getattr(wording, name)(value, *arguments)
    except WordingError as error:
        raise LiquidFailed(f"{name}: {error}") from None
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        raise LiquidFailed(f"{name} cannot be called like this: {error}") from None


def within_bounds(text: str) -> str:
    """The text; `LiquidFailed` over 5,000 graphemes."""
    if too_many_graphemes(text, MAX_TEXT):
        raise LiquidFailed(f"it yields more than {MAX_TEXT} characters")
    return text
