"""A template's values as its Liquid sees them."""

from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Any

from postcard.template.compiled import Template
from postcard.template.fields import TextField
from postcard.template.locales import find_locale, find_zone
from postcard.template.marks import mark_emphasis, without_marks
from postcard.template.moments import Moment
from postcard.template.properties import Document
from postcard.template.slots import Slot, put, put_default
from postcard.template.speech import LiquidFailed, Speech
from postcard.template.values import BadValue, Value, read_color, read_image, read_number
from postcard.template.wording import Wording

Values = Mapping[str, Value | None]
NO_CLOCK = 0.0  # where the time of drawing is not asked for


class Speaker:
    """Runs the Liquid of one picture: its values, its locale and zone, its time of drawing.

    What fails is told to `warn` (code, pointer, detail) and counts as empty.
    """

    def __init__(self, template: Template, values: Values, now: float, warn: Any) -> None:
        self.template, self.values, self.now, self.warn = template, values, now, warn
        self._say(template.document, template.zone)
        self.document = self.resolved(template.document, "")
        zone = find_zone(self.document.time_zone) or template.zone
        self._say(self.document, zone)

    def _say(self, document: Document, zone: tzinfo) -> None:
        """Sets the two speeches: for lines of text, and for everything else."""
        wording = Wording(document.locale, zone, document.numerals == "native")
        self.zone = zone
        marked = self._liquid_values(mark_emphasis)
        plain = self._liquid_values(lambda text: without_marks(mark_emphasis(text)))
        self.in_text = Speech(marked, wording, isolate=True)
        self.plain = Speech(plain, wording)

    def _liquid_values(self, emphasis: Any) -> dict[str, Any]:
        fields = self.template.fields
        values: dict[str, Any] = {"now": Moment.at(self.now, self.zone)}
        for name, value in self.values.items():
            spec = fields[name]
            if isinstance(value, date):
                values[name] = Moment(value, self.zone)
            elif isinstance(spec, TextField) and spec.emphasis and isinstance(value, str):
                values[name] = emphasis(value)
            else:
                values[name] = value
        return values

    def resolved(self, written: Any, where: str, kept: frozenset[str] = frozenset()) -> Any:
        """A layer or the document with its Liquid run, but for the properties `kept`."""
        for slot in self.template.slots.get(where, ()):
            if slot.path[0] not in kept:
                written = self._filled(written, slot, f"{where}{slot.pointer}")
        return written

    def holds(self, where: str) -> bool:
        """Whether the layer's `if` is true; one that fails is not."""
        condition = self.template.conditions.get(where)
        try:
            return condition is None or condition.holds(self.plain)
        except LiquidFailed as error:
            self.warn("liquid_failed", f"{where}/if", f"{error}.")
            return False

    def _filled(self, written: Any, slot: Slot, where: str) -> Any:
        try:
            text = slot.program.run(self.in_text if slot.yields == "text" else self.plain)
        except LiquidFailed as error:
            self.warn("liquid_failed", where, f"{error}.")
            text = ""
        if slot.yields in ("text", "plain"):
            return put(written, slot.path, text)
        text = text.strip()
        try:
            if text or slot.yields == "image":
                return put(written, slot.path, _READ[slot.yields](text))
        except BadValue as error:
            self.warn("bad_value", where, f"{text[:60]!r} {error}.")
            if slot.yields == "image":
                return put(written, slot.path, "")
        return put_default(written, slot.path)


def alt(template: Template, values: Values) -> str:
    """The text beside a picture."""
    speaker = Speaker(template, values, NO_CLOCK, lambda *_: None)
    try:
        return template.alt_text.run(speaker.plain).strip()
    except LiquidFailed:
        return ""


def _image(text: str) -> str:
    return read_image(text) if text else ""


def _locale(text: str) -> str:
    if find_locale(text) is None:
        raise BadValue("is no locale")
    return text


def _zone(text: str) -> str:
    if find_zone(text) is None:
        raise BadValue("is no time zone")
    return text


_READ = {
    "color": read_color,
    "image": _image,
    "locale": _locale,
    "number": read_number,
    "zone": _zone,
}
