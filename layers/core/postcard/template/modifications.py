"""What a request changes about a template: fields' values, and named layers' properties."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from postcard.errors import Fault, refuse
from postcard.json_text import pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.fields.list_values import Place, place_of

__all__ = ["VALUES", "Changes", "changes_from_link", "changes_from_modifications", "refuse"]

MAX_MODIFICATIONS = 200
VALUES = ("text", "image_url", "value")  # three words for the value, for one field or layer
PROPERTIES = ("color", "background", "visible")


@dataclass(frozen=True, slots=True)
class Changes:
    """Values as they were given, not yet cleaned.

    `fields`: field → raw value. `layers`: layer → (`value`, `color`, `background`, `visible`) →
    raw value. `pointers` says where in the request each was written, for faults; `left_out` are
    the names of a link that its template does not know.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    pointers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    left_out: Sequence[str] = ()

    def where(self, name: str, key: str = "value") -> str:
        """The JSON pointer of a field's value (key `""`) or of a layer's property."""
        return self.pointers.get((name, key), "/modifications")

    def where_of(self, name: str, fields: Fields) -> str:
        """The JSON pointer of a value by the name that a link gives it."""
        place = None if name in fields else place_of(fields, name)
        return self.where_in(place) if place else self.where(name, "")

    def where_in(self, place: Place) -> str:
        """The JSON pointer of an item, or of one of its fields."""
        if (flat := self.pointers.get((place.flat, ""))) is not None:
            return flat
        steps = (place.at, place.key) if place.key else (place.at,)
        whole = self.pointers.get((place.list, ""))
        return "/modifications" if whole is None else f"{whole}{pointer(*steps)}"


def changes_from_modifications(
    template: Template, modifications: Sequence[Mapping[str, Any]]
) -> Changes:
    """What `modifications` change; `BadRequest` with every fault and its pointer."""
    reading = _Reading(template)
    if len(modifications) > MAX_MODIFICATIONS:
        reading.fault("too_many", "/modifications", f"More than {MAX_MODIFICATIONS} modifications.")
    else:
        for index, entry in enumerate(modifications):
            reading.entry(pointer("modifications", index), entry)
    refuse(reading.faults)
    return reading.changes()


def changes_from_link(template: Template, fields: Mapping[str, str]) -> Changes:
    """What a link changes. Never raises: what the template does not know is left out."""
    reading = _Reading(template)
    left_out = []
    for name, value in fields.items():
        target, _, key = name.partition(".")
        before = len(reading.faults)
        reading.put("", target, key or "value", value, known=PROPERTIES if key else VALUES)
        if len(reading.faults) > before:
            left_out.append(name)
    return reading.changes(left_out)


class _Reading:
    """Collects values by the rules of template.md, "Addressing by a request"."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.faults: list[Fault] = []
        self.fields: dict[str, object] = {}
        self.items: dict[str, dict[int, dict[str, object]]] = {}
        self.layers: dict[str, dict[str, object]] = {}
        self.pointers: dict[tuple[str, str], str] = {}

    def changes(self, left_out: Sequence[str] = ()) -> Changes:
        lists = {
            name: [items.get(index, {}) for index in range(max(items) + 1)]
            for name, items in self.items.items()
        }
        return Changes({**self.fields, **lists}, self.layers, self.pointers, tuple(left_out))

    def fault(self, code: str, where: str, detail: str) -> None:
        self.faults.append(Fault(code, where, detail))

    def entry(self, where: str, entry: Mapping[str, Any]) -> None:
        """One modification."""
        name = entry.get("name")
        if not isinstance(name, str):
            self.fault("missing_value", f"{where}/name", "Say which field or layer is meant.")
            return
        if not self._known(name):
            self.fault("unknown_name", f"{where}/name", self.template.unknown(name))
            return
        given = {k: v for k, v in entry.items() if k != "name"}
        if not given:
            self.fault("missing_value", where, "Give text, image_url, value or a property.")
        for key, value in given.items():
            self.put(f"{where}{pointer(key)}", name, key, value, known=(*VALUES, *PROPERTIES))

    def put(self, where: str, name: str, key: str, value: object, *, known: Sequence[str]) -> None:
        """One value or property for one name."""
        fields = self.template.document.fields
        if key not in known:
            self.fault("unknown_name", where, f"Unknown property; there are {', '.join(known)}.")
        elif key in VALUES and name in fields:
            self._field(where, name, key, value)
        elif key in VALUES and (place := place_of(fields, name)):
            self._item(where, place, key, value)
        else:
            self._layer(where, name, key, value)

    def _field(self, where: str, name: str, key: str, value: object) -> None:
        kind = self.template.document.fields[name].type
        if name in self.items:
            self.fault(
                "invalid_request", where, f"{name} has items already: give it whole or flat."
            )
        elif self._fits(where, name, key, kind) and self._once(where, name, ""):
            self.fields[name] = value

    def _item(self, where: str, place: Place, key: str, value: object) -> None:
        spec = self.template.document.fields[place.list]
        assert isinstance(spec, ListField)
        if place.list in self.fields:
            first = self.pointers[place.list, ""]
            self.fault(
                "invalid_request", where, f"{place.list} is given whole already, at {first}."
            )
        elif self._fits(where, place.flat, key, spec.items[place.key].type) and self._once(
            where, place.flat, ""
        ):
            self.items.setdefault(place.list, {}).setdefault(place.at, {})[place.key] = value

    def _fits(self, where: str, name: str, key: str, kind: str) -> bool:
        """Whether the word for the value is one for this type of field."""
        if kind == "list" and not where:
            self.fault("unknown_name", where, f"A link writes {name} item by item.")
        elif kind == "list" and key != "value":
            self.fault("bad_value", where, f"{name} is a list field: give its value.")
        elif key == "image_url" and kind != "image":
            self.fault("bad_value", where, f"{name} is a {kind} field: give its text or value.")
        else:
            return True
        return False

    def _known(self, name: str) -> bool:
        fields = self.template.document.fields
        return name in fields or name in self.template.named or place_of(fields, name) is not None

    def _layer(self, where: str, name: str, key: str, value: object) -> None:
        layer = self.template.named.get(name)
        slot = "value" if key in VALUES else key
        if layer is None:
            self.fault(
                "unknown_name", where, self.template.unknown(name, layers_only=slot != "value")
            )
        elif slot != "visible" and slot not in layer.takes:
            self.fault("unknown_name", where, f"A {layer.type} layer has no {key}.")
        elif key == "image_url" and layer.type != "image":
            self.fault("bad_value", where, f"{name} is a {layer.type} layer and takes no picture.")
        elif self._once(where, name, slot):
            self.layers.setdefault(name, {})[slot] = value

    def _once(self, where: str, name: str, slot: str) -> bool:
        if (name, slot) in self.pointers:
            first = self.pointers[name, slot]
            self.fault("invalid_request", where, f"{name} has this already, at {first}.")
            return False
        self.pointers[name, slot] = where
        return True
