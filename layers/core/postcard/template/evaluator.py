"""A template's values as its Liquid sees them."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import fields, replace
from datetime import date
from typing import Any

from postcard.template.compiled import Template
from postcard.template.fields.countdown import figures
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
from postcard.template.liquid.context import LiquidFailed, Speech
from postcard.template.liquid.dates import Moment
from postcard.template.liquid.locale_filters import Wording
from postcard.template.liquid.loops import Turn, turn_values
from postcard.template.liquid.text_markers import mark_emphasis, without_marks
from postcard.template.liquid_slots import Slot, put, put_default
from postcard.template.model import Document
from postcard.template.schema.locales import find_locale, find_zone
from postcard.template.schema.validators import has_liquid

Values = Mapping[str, AnyValue | None]
NO_CLOCK = 0.0  # where the time of drawing is not asked for
_ALL = frozenset(f.name for f in fields(Document))
_WORDING = frozenset(("locale", "time_zone"))
_TIME = frozenset(("countdown",))
_REST = _ALL - _WORDING - _TIME


class Speaker:
    """Runs the Liquid of one picture: its values, its locale and zone, its time of drawing.

    `now` is that of an animation's first picture; this one is shown `second` seconds later.

    What fails is told to `warn` (code, pointer, detail) and counts as empty.
    """

    def __init__(
        self, template: Template, values: Values, now: float, warn: Any, *, second: int = 0
    ) -> None:
        self.template, self.values, self.now, self.warn = template, values, now, warn
        self.document = template.document
        self.turn: Turn | None = None  # in a repeated group
        self._say()
        self._settle(_WORDING)
        self._settle(_TIME)
        if second:
            self.now = now + second
            self._say()
        self._settle(_REST)

    def _settle(self, properties: frozenset[str]) -> None:
        """Runs the Liquid of these properties of the document, in the words of those before."""
        slots = self.template.slots.get("", ())
        if any(slot.path[0] in properties for slot in slots):
            self.document = self.resolved(self.document, "", kept=_ALL - properties)
            self._say()

    def _say(self) -> None:
        """Sets the speeches: for lines of text, for dates, and for everything else."""
        document, template = self.document, self.template
        self.zone = find_zone(document.time_zone) or template.zone
        wording = Wording(document.locale, self.zone, document.numerals == "native")
        marked = self._liquid_values(mark_emphasis)
        plain = self._liquid_values(lambda text: without_marks(mark_emphasis(text)))
        self.in_text = Speech(marked, wording, isolate=True)
        self.plain = Speech(plain, wording)
        self.exact = Speech(plain, wording, exact=True)

    @property
    def end(self) -> float | None:
        """When the countdown is over; None if there is none, or no clock."""
        countdown = self.document.countdown
        if countdown is None or self.now == NO_CLOCK or not countdown.to:
            return None
        if has_liquid(countdown.to):  # not run yet
            return None
        return countdown.end(self.zone)

    def _liquid_values(self, emphasis: Any) -> dict[str, Any]:
        fields = self.template.fields
        values: dict[str, Any] = {"now": Moment.at(self.now, self.zone)}
        if self.document.countdown is not None:
            values |= figures(self.end, self.now)
        for name, value in self.values.items():
            values[name] = self._liquid_value(fields[name], value, emphasis)
        return values

    def _liquid_value(self, spec: AnyField, value: AnyValue | None, emphasis: Any) -> Any:
        if isinstance(spec, ListField) and isinstance(value, tuple):
            return [
                {k: self._liquid_value(spec.items[k], one, emphasis) for k, one in item.items()}
                for item in value
            ]
        if isinstance(value, date):
            return Moment(value, self.zone)
        if isinstance(spec, TextField) and spec.emphasis and isinstance(value, str):
            return emphasis(value)
        return value

    def turns(self, group: GroupLayer) -> "Iterator[Speaker]":
        """One for each item of the list that a group repeats."""
        assert group.repeat is not None
        for index in range(len(self.plain.values.get(group.repeat) or ())):
            yield self._at(Turn(group.repeat, group.item_name, index))

    def _at(self, turn: Turn) -> "Speaker":
        other = copy(self)
        other.turn = turn
        other.in_text, other.plain, other.exact = (
            replace(speech, values=turn_values(speech.values, turn))
            for speech in (self.in_text, self.plain, self.exact)
        )
        return other

    def resolved(self, written: Any, where: str, kept: frozenset[str] = frozenset()) -> Any:
        """A layer or the document with its Liquid run, but for the properties `kept`."""
        for slot in self.template.slots.get(where, ()):
            if slot.path[0] not in kept:
                written = self._filled(written, slot, where)
        return written

    def holds(self, where: str) -> bool:
        """Whether the layer's `if` is true; one that fails is not."""
        condition = self.template.conditions.get(where)
        try:
            return condition is None or condition.holds(self.plain)
        except LiquidFailed as error:
            self.warn("liquid_failed", f"{where}/if", f"{error}.")
            return False

    def _speech(self, slot: Slot) -> Speech:
        if slot.yields == "text":
            return self.in_text
        return self.exact if slot.yields == "date" else self.plain

    def _filled(self, written: Any, slot: Slot, where: str) -> Any:
        try:
            text = slot.program.run(self._speech(slot))
        except LiquidFailed as error:
            self.warn("liquid_failed", f"{where}{slot.pointer}", f"{error}.")
            text = ""
        if slot.yields in ("text", "plain"):
            return put(written, slot.path, text)
        text = text.strip()
        try:
            if text:
                return put(written, slot.path, _READ[slot.yields](text))
        except BadValue as error:
            self.warn("bad_value", f"{where}{slot.pointer}", f"{text[:60]!r} {error}.")
        if slot.yields in _NEEDED:
            return put(written, slot.path, "")
        return put_default(written, slot.path)


def _read_date(text: str) -> str:
    read_date(text)
    return text


def alt(template: Template, values: Values) -> str:
    """The text beside a picture."""
    speaker = Speaker(template, values, NO_CLOCK, lambda *_: None)
    try:
        return template.alt_text.run(speaker.plain).strip()
    except LiquidFailed:
        return ""


def _locale(text: str) -> str:
    if find_locale(text) is None:
        raise BadValue("is no locale")
    return text


def _zone(text: str) -> str:
    if find_zone(text) is None:
        raise BadValue("is no time zone")
    return text


_NEEDED = ("date", "image")  # properties without a default: empty is none
_READ = {
    "color": read_color,
    "date": _read_date,
    "image": read_image,
    "locale": _locale,
    "number": read_number,
    "zone": _zone,
}
