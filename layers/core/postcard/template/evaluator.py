"""A template's values as its Liquid sees them."""

from collections.abc import Iterator, Mapping
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
from postcard.template.liquid.context import LiquidContext, LiquidFailed
from postcard.template.liquid.dates import ZonedDate
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.template.liquid.loops import Iteration, iteration_values
from postcard.template.liquid.text_markers import mark_emphasis, strip_markers
from postcard.template.liquid_slots import LiquidSlot, replace_at, reset_to_default
from postcard.template.model import Document
from postcard.template.schema.locales import find_locale, find_zone
from postcard.template.schema.validators import has_liquid

Values = Mapping[str, AnyValue | None]
NO_CLOCK = 0.0  # where the time of drawing is not asked for
_ALL_PROPERTIES = frozenset(f.name for f in fields(Document))
_LOCALE_PROPERTIES = frozenset(("locale", "time_zone"))
_COUNTDOWN_PROPERTIES = frozenset(("countdown",))
_OTHER_PROPERTIES = _ALL_PROPERTIES - _LOCALE_PROPERTIES - _COUNTDOWN_PROPERTIES


class Evaluator:
    """Runs the Liquid of one picture: its values, its locale and zone, its time of drawing.

    `now` is that of an animation's first picture; this one is shown `second` seconds later.

    What fails is told to `warn` (code, pointer, detail) and counts as empty.
    """

    def __init__(
        self, template: Template, values: Values, now: float, warn: Any, *, elapsed_seconds: int = 0
    ) -> None:
        self.template, self.values, self.now, self.warn = template, values, now, warn
        self.document = template.document
        self.iteration: Iteration | None = None  # in a repeated group
        self._build_contexts()
        self._resolve_properties(_LOCALE_PROPERTIES)
        self._resolve_properties(_COUNTDOWN_PROPERTIES)
        if elapsed_seconds:
            self.now = now + elapsed_seconds
            self._build_contexts()
        self._resolve_properties(_OTHER_PROPERTIES)

    def _resolve_properties(self, properties: frozenset[str]) -> None:
        """Runs the Liquid of these properties of the document, in the words of those before."""
        slots = self.template.liquid_slots.get("", ())
        if any(slot.path[0] in properties for slot in slots):
            self.document = self.resolve(self.document, "", skip=_ALL_PROPERTIES - properties)
            self._build_contexts()

    def _build_contexts(self) -> None:
        """Sets the speeches: for lines of text, for dates, and for everything else."""
        document, template = self.document, self.template
        self.zone = find_zone(document.time_zone) or template.zone
        wording = LocaleFilters(document.locale, self.zone, document.numerals == "native")
        marked = self._liquid_values(mark_emphasis)
        plain = self._liquid_values(lambda text: strip_markers(mark_emphasis(text)))
        self.text_context = LiquidContext(marked, wording, isolate_text=True)
        self.plain_context = LiquidContext(plain, wording)
        self.date_context = LiquidContext(plain, wording, iso_dates=True)

    @property
    def countdown_end(self) -> float | None:
        """When the countdown is over; None if there is none, or no clock."""
        countdown = self.document.countdown
        if countdown is None or self.now == NO_CLOCK or not countdown.to:
            return None
        if has_liquid(countdown.to):  # not run yet
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
                    k: self._liquid_value(spec.items[k], one, convert_emphasis)
                    for k, one in item.items()
                }
                for item in value
            ]
        if isinstance(value, date):
            return ZonedDate(value, self.zone)
        if isinstance(spec, TextField) and spec.emphasis and isinstance(value, str):
            return convert_emphasis(value)
        return value

    def iterations(self, group: GroupLayer) -> "Iterator[Evaluator]":
        """One for each item of the list that a group repeats."""
        assert group.repeat is not None
        for index in range(len(self.plain_context.values.get(group.repeat) or ())):
            yield self._for_iteration(Iteration(group.repeat, group.item_name, index))

    def _for_iteration(self, iteration: Iteration) -> "Evaluator":
        other = copy(self)
        other.iteration = iteration
        other.text_context, other.plain_context, other.date_context = (
            replace(speech, values=iteration_values(speech.values, iteration))
            for speech in (self.text_context, self.plain_context, self.date_context)
        )
        return other

    def resolve(self, target: Any, where: str, skip: frozenset[str] = frozenset()) -> Any:
        """A layer or the document with its Liquid run, but for the properties `kept`."""
        for slot in self.template.liquid_slots.get(where, ()):
            if slot.path[0] not in skip:
                target = self._resolve_slot(target, slot, where)
        return target

    def is_visible(self, where: str) -> bool:
        """Whether the layer's `if` is true; one that fails is not."""
        condition = self.template.conditions.get(where)
        try:
            return condition is None or condition.evaluate(self.plain_context)
        except LiquidFailed as error:
            self.warn("liquid_error", f"{where}/if", f"{error}.")
            return False

    def _context_for(self, slot: LiquidSlot) -> LiquidContext:
        if slot.value_type == "text":
            return self.text_context
        return self.date_context if slot.value_type == "date" else self.plain_context

    def _resolve_slot(self, target: Any, slot: LiquidSlot, where: str) -> Any:
        try:
            text = slot.liquid_template.render(self._context_for(slot))
        except LiquidFailed as error:
            self.warn("liquid_error", f"{where}{slot.pointer}", f"{error}.")
            text = ""
        if slot.value_type in ("text", "plain"):
            return replace_at(target, slot.path, text)
        text = text.strip()
        try:
            if text:
                return replace_at(target, slot.path, _VALUE_READERS[slot.value_type](text))
        except BadValue as error:
            self.warn("invalid_value", f"{where}{slot.pointer}", f"{text[:60]!r} {error}.")
        if slot.value_type in _EMPTY_IF_INVALID:
            return replace_at(target, slot.path, "")
        return reset_to_default(target, slot.path)


def _read_date_text(text: str) -> str:
    read_date(text)
    return text


def render_alt(template: Template, values: Values) -> str:
    """The text beside a picture."""
    evaluator = Evaluator(template, values, NO_CLOCK, lambda *_: None)
    try:
        return template.alt_text.render(evaluator.plain_context).strip()
    except LiquidFailed:
        return ""


def _read_locale(text: str) -> str:
    if find_locale(text) is None:
        raise BadValue("is no locale")
    return text


def _read_zone(text: str) -> str:
    if find_zone(text) is None:
        raise BadValue("is no time zone")
    return text


_EMPTY_IF_INVALID = ("date", "image")  # properties without a default: empty is none
_VALUE_READERS = {
    "color": read_color,
    "date": _read_date_text,
    "image": read_image,
    "locale": _read_locale,
    "number": read_number,
    "zone": _read_zone,
}
