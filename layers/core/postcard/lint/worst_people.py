"""Makes seven people with edge-case values, from the bounds of a template's fields.

Their values are those that a mailing meets sooner or later: none at all, the shortest, the widest,
other scripts, emoji sequences, and merge tags that the mail platform did not fill in.
"""

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

from postcard.lint.text_overflow import wide_letters
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import example_value
from postcard.template.compiled import Template
from postcard.template.fields.field_types import (
    AnyField,
    BooleanField,
    DateField,
    ListField,
    NumberField,
    TextField,
)
from postcard.template.fields.values import BadValue, format_number, read_value
from postcard.template.schema.graphemes import count_graphemes, first_graphemes

UNBOUNDED_LENGTH = 100  # graphemes of a text whose field has no maximum
_UNBOUNDED_NUMBER = 1_234_567.89
_WIDE_DATE = "2027-09-29T23:45"  # a Wednesday in September, the longest in English
_SHORT_DATE = "2026-05-01"
_UNFILLED_TAG = "{{ first_name }}"
_ARABIC = "عبد الرحمن بن محمد الشريف الأندلسي "
_THAI = "ศรีสุวรรณ กุลธิดา ณ กรุงเทพมหานคร "
_EMOJI = "👩🏽‍🚀 Zoë 👨‍👩‍👧‍👦 🇳🇴 🏳️‍🌈"

TextMaker = Callable[[int], str]

WORST_PEOPLE_COUNT = 7


@dataclass(frozen=True, slots=True)
class WorstPerson:
    """A person with edge-case values; `modifications` are as a request has them."""

    name: str
    modifications: tuple[dict[str, Any], ...]


def worst_people(template: Template) -> list[WorstPerson]:
    """The seven people: `nothing shortest widest arabic thai emoji unfilled`.

    Values that a field cannot have, such as Arabic for one with a pattern, are its example.
    """
    values: dict[str, Callable[[AnyField], Any]] = {
        "nothing": lambda field: None,
        "shortest": _shortest,
        "widest": _widest,
        "arabic": lambda field: _in_script(field, lambda length: _repeated(_ARABIC, length)),
        "thai": lambda field: _in_script(field, lambda length: _repeated(_THAI, length)),
        "emoji": lambda field: _in_script(
            field, lambda length: first_graphemes(_EMOJI, length).strip()
        ),
        "unfilled": _unfilled,
    }
    return [
        WorstPerson(name, tuple(_modifications(template, value_of)))
        for name, value_of in values.items()
    ]


def _modifications(
    template: Template, value_of: Callable[[AnyField], Any]
) -> Iterator[dict[str, Any]]:
    for name, field in template.fields.items():
        if (value := value_of(field)) is not None:
            yield {"name": name, "value": value}


def _shortest(field: AnyField) -> Any:
    if isinstance(field, TextField):
        short = min(field.choices, key=len) if field.choices else "I"
        return _if_valid(field, short)
    if isinstance(field, NumberField):
        return _number(field, min)
    if isinstance(field, DateField):
        return _if_valid(field, _SHORT_DATE, field.min, field.max)
    if isinstance(field, BooleanField):
        return False
    return _items(field, _shortest, 1) if isinstance(field, ListField) else example_value(field)


def _widest(field: AnyField) -> Any:
    if isinstance(field, TextField):
        choices = field.choices
        return _if_valid(
            field, max(choices, key=len) if choices else wide_letters(_max_length(field))
        )
    if isinstance(field, NumberField):
        return _number(field, max)
    if isinstance(field, DateField):
        return _if_valid(field, _WIDE_DATE, field.max, field.min)
    if isinstance(field, BooleanField):
        return True
    if isinstance(field, ListField):
        return _items(field, _widest, field.max_items)
    return example_value(field)


def _in_script(field: AnyField, text: TextMaker) -> Any:
    """A text in a script; the example of any other field."""
    if isinstance(field, TextField):
        return _if_valid(field, text(_max_length(field)))
    if isinstance(field, ListField):
        count = len(example_value(field) or field.default or [{}])
        return _items(field, lambda inner: _in_script(inner, text), count)
    return example_value(field)


def _unfilled(field: AnyField) -> Any:
    if isinstance(field, ListField):
        return [dict.fromkeys(field.items, _UNFILLED_TAG)]
    return _UNFILLED_TAG


def _items(field: ListField, value_of: Callable[[AnyField], Any], count: int) -> Any:
    """So many items; a value that is missing is that of the example's item."""
    samples = cycle(example_value(field) or field.default or [{}])
    made = {key: value_of(inner) for key, inner in field.items.items()}
    made = {key: value for key, value in made.items() if value is not None}
    items = [{**sample, **made} for sample in islice(samples, min(count, field.max_items))]
    return items if any(items) else None


def _max_length(field: TextField) -> int:
    return field.max_length or UNBOUNDED_LENGTH


def _number(field: NumberField, choose: Callable[..., Any]) -> Any:
    """The number with the fewest or the most characters within the bounds."""
    low, high = field.min, field.max
    bounds = [bound for bound in (low, high) if bound is not None]
    if choose is min and (low is None or low <= 0) and (high is None or high >= 0):
        bounds.append(0)
    if choose is max and high is None:
        bounds.append(max(_UNBOUNDED_NUMBER, 0 if low is None else low))
    if not bounds:
        return 0
    return choose(bounds, key=lambda number: len(format_number(number)))


def _if_valid(field: AnyField, *values: Any) -> Any:
    """The first of the values that the field takes, else its example."""
    assert not isinstance(field, ListField)
    for value in values:
        if value is not None and _is_valid(field, value):
            return value
    return field.example


def _is_valid(field: Any, value: Any) -> bool:
    try:
        return read_value(field, value) is not None
    except BadValue:
        return False


def _repeated(words: str, length: int) -> str:
    """The words again and again, up to so many graphemes."""
    times = length // count_graphemes(words) + 1
    return first_graphemes(words * times, length).strip()
