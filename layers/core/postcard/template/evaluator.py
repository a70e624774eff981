"""Evaluates a template's Liquid with the values of one picture."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import fields, replace
from datetime import date
from typing import Any

from postcard.template.compiled import Template
from postcard.template.fields.countdown import countdown_values
from postcard.template.fields.field_types import AnyField, ListField, TextField
from postcard.template.fields.values import (
    AnyValue,
    BadValue,
    read_color,
    read_date,
    read_image,
    read_number,
)
from postcard.template.layers.group import GroupLayer
from postcard.template.liquid.bounds import LiquidFailed, StepBudget
from postcard.template.liquid.context import LiquidContext
from postcard.template.liquid.dates import ZonedDate
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.template.liquid.loops import Iteration, iteration_values
from postcard.template.liquid.text_markers import mark_emphasis, strip_markers
from postcard.template.liquid_slots import LiquidSlot, replace_at, reset_to_default
from postcard.template.model import Document
from postcard.template.schema.locales import find_zone
from postcard.template.schema.validators import check_locale, check_time_zone, has_liquid

Values = Mapping[str, AnyValue | None]
NO_CLOCK = 0.0  # a `now` without a time: the countdown then has no values
_ALL_PROPERTIES = frozenset(f.name for f in fields(Document))
_LOCALE_PROPERTIES = frozenset(("locale", "time_zone"))
_COUNTDOWN_PROPERTIES = frozenset(("countdown",))
_OTHER_PROPERTIES = _ALL_PROPERTIES - _LOCALE_PROPERTIES - _COUNTDOWN_PROPERTIES


class Evaluator:
    """Evaluates a template's Liquid for one picture, or for one frame of an animation.

    `now` (Unix seconds) is the time of the animation's first frame, `elapsed_seconds` the time
    from there to this frame. Liquid that fails is empty, and `warn` is called with (code, pointer,
    detail).
    """

    def __init__(
        self, template: Template, values: Values, now: float, warn: Any, *, elapsed_seconds: int = 0
    ) -> None:
        self.template, self.values, self.now, self.warn = template, values, now, warn
        self.document = template.document
        countdown = template.document.countdown
        self.budget = StepBudget.for_frame(countdown.frames if countdown else 1)
        self.iteration: Iteration | None = None  # in a repeated group
        self._build_contexts()
        self._resolve_properties(_LOCALE_PROPERTIES)
        self._resolve_properties(_COUNTDOWN_PROPERTIES)
        if elapsed_seconds:
            self.now = now + elapsed_seconds
            self._build_contexts()
        self._resolve_properties(_OTHER_PROPERTIES)

    def _resolve_properties(self, properties: frozenset[str]) -> None:
        """Resolves these properties of the document; later ones see the resolved earlier ones."""
        slots = self.template.liquid_slots.get("", ())
        if any(slot.path[0] in properties for slot in slots):
            self.document = self.resolve(self.document, "", skip=_ALL_PROPERTIES - properties)
            self._build_contexts()

    def _build_contexts(self) -> None:
        """Sets the contexts for text layers, for dates, and for everything else."""
        document, template = self.document, self.template
        self.zone = find_zone(document.time_zone) or template.zone
        filters = LocaleFilters(document.locale, self.zone, document.numerals == "native")
        marked_values = self._liquid_values(mark_emphasis)
        plain_values = self._liquid_values(lambda text: strip_markers(mark_emphasis(text)))
        self.text_context, self.plain_context, self.date_context = (
            LiquidContext(values, filters, isolate, iso_dates, self.budget)
            for values, isolate, iso_dates in (
                (marked_values, True, False),
                (plain_values, False, False),
                (plain_values, False, True),
            )
        )

    @property
    def countdown_end(self) -> float | None:
        """The end of the countdown in Unix seconds; None without a countdown or a time."""
        countdown = self.document.countdown
        if countdown is None or self.now == NO_CLOCK or not countdown.to:
            return None
        if has_liquid(countdown.to):  # not resolved yet
            return None
        return countdown.end_timestamp(self.zone)

    def _liquid_values(self, convert_emphasis: Any) -> dict[str, Any]:
        fields = self.template.fields
        values: dict[str, Any] = {"now": ZonedDate.from_timestamp(self.now, self.zone)}
        if self.document.countdown is not None:
            values |= countdown_values(self.countdown_end, self.now)
        for name, value in self.values.items():
            values[name] = self._liquid_value(fields[name], value, convert_emphasis)
        return values

    def _liquid_value(self, spec: AnyField, value: AnyValue | None, convert_emphasis: Any) -> Any:
        if isinstance(spec, ListField) and isinstance(value, tuple):
            return [
                {
                    key: self._liquid_value(spec.items[key], item_value, convert_emphasis)
                    for key, item_value in item.items()
                }
                for item in value
            ]
        if isinstance(value, date):
            return ZonedDate(value, self.zone)
        if isinstance(spec, TextField) and spec.emphasis and isinstance(value, str):
            return convert_emphasis(value)
        return value

    def iterations(self, group: GroupLayer) -> "Iterator[Evaluator]":
        """An evaluator for each item of the list that a group repeats."""
        assert group.repeat is not None
        for index in range(len(self.plain_context.values.get(group.repeat) or ())):
            yield self._for_iteration(Iteration(group.repeat, group.item_name, index))

    def _for_iteration(self, iteration: Iteration) -> "Evaluator":
        evaluator = copy(self)
        evaluator.iteration = iteration
        evaluator.text_context, evaluator.plain_context, evaluator.date_context = (
            replace(context, values=iteration_values(context.values, iteration))
            for context in (self.text_context, self.plain_context, self.date_context)
        )
        return evaluator

    def resolve(self, target: Any, pointer: str, skip: frozenset[str] = frozenset()) -> Any:
        """The layer at `pointer`, or the document (`""`), with its Liquid replaced by values.

        The properties `skip` stay as they are.
        """
        for slot in self.template.liquid_slots.get(pointer, ()):
            if slot.path[0] not in skip:
                target = self._resolve_slot(target, slot, pointer)
        return target

    def is_visible(self, pointer: str) -> bool:
        """Whether the layer's `if` is true or absent; a condition that fails is false."""
        condition = self.template.conditions.get(pointer)
        try:
            return condition is None or condition.evaluate(self.plain_context)
        except LiquidFailed as error:
            self.warn("liquid_error", f"{pointer}/if", f"{error}.")
            return False

    def _context_for(self, slot: LiquidSlot) -> LiquidContext:
        if slot.value_type == "text":
            return self.text_context
        return self.date_context if slot.value_type == "date" else self.plain_context

    def _resolve_slot(self, target: Any, slot: LiquidSlot, pointer: str) -> Any:
        try:
            text = slot.liquid_template.render(self._context_for(slot))
        except LiquidFailed as error:
            self.warn("liquid_error", f"{pointer}{slot.pointer}", f"{error}.")
            text = ""
        if slot.value_type in ("text", "plain"):
            return replace_at(target, slot.path, text)
        text = text.strip()
        try:
            if text:
                return replace_at(target, slot.path, _VALUE_READERS[slot.value_type](text))
        except BadValue as error:
            self.warn("invalid_value", f"{pointer}{slot.pointer}", f"{text[:60]!r} {error}.")
        if slot.value_type in _EMPTY_IF_INVALID:
            return replace_at(target, slot.path, "")
        return reset_to_default(target, slot.path)


def render_alt(template: Template, values: Values) -> str:
    """The alternative text of a picture; empty if its Liquid fails."""
    evaluator = Evaluator(template, values, NO_CLOCK, lambda *_: None)
    try:
        return template.alt_text.render(evaluator.plain_context).strip()
    except LiquidFailed:
        return ""


def _checked_text(check: Callable[[str], object]) -> Callable[[str], str]:
    """A reader that returns the text as it is if `check` accepts it, else raises `BadValue`."""

    def read(text: str) -> str:
        try:
            check(text)
        except ValueError as error:
            raise BadValue(str(error)) from None
        return text

    return read


_EMPTY_IF_INVALID = ("date", "image")  # their properties have no default
_VALUE_READERS: Mapping[str, Callable[[str], str | int | float]] = {
    "color": read_color,
    "date": _checked_text(read_date),
    "image": read_image,
    "locale": _checked_text(check_locale),
    "number": read_number,
    "zone": _checked_text(check_time_zone),
}
