"""What a request changes about a template: fields' values, and named layers' properties."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from postcard.errors import Fault, raise_faults
from postcard.json_text import json_pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.fields.list_values import ItemFieldRef, parse_flat_name

__all__ = [
    "VALUE_KEYS",
    "Modifications",
    "modifications_from_json",
    "modifications_from_link",
    "raise_faults",
]

MAX_MODIFICATIONS = 200
VALUE_KEYS = ("text", "image_url", "value")  # three words for the value, for one field or layer
PROPERTY_KEYS = ("color", "background", "visible")


@dataclass(frozen=True, slots=True)
class Modifications:
    """Values as they were given, not yet cleaned.

    `fields`: field → raw value. `layers`: layer → (`value`, `color`, `background`, `visible`) →
    raw value. `pointers` says where in the request each was written, for faults; `left_out` are
    the names of a link that its template does not know.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    pointers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ignored_names: Sequence[str] = ()

    def pointer_to(self, name: str, key: str = "value") -> str:
        """The JSON pointer of a field's value (key `""`) or of a layer's property."""
        return self.pointers.get((name, key), "/modifications")

    def pointer_to_link_name(self, name: str, fields: Fields) -> str:
        """The JSON pointer of a value by the name that a link gives it."""
        place = None if name in fields else parse_flat_name(fields, name)
        return self.pointer_to_item_field(place) if place else self.pointer_to(name, "")

    def pointer_to_item_field(self, item_field: ItemFieldRef) -> str:
        """The JSON pointer of an item, or of one of its fields."""
        if (flat := self.pointers.get((item_field.flat_name, ""))) is not None:
            return flat
        steps = (
            (item_field.item_index, item_field.key) if item_field.key else (item_field.item_index,)
        )
        whole = self.pointers.get((item_field.list_name, ""))
        return "/modifications" if whole is None else f"{whole}{json_pointer(*steps)}"


def modifications_from_json(
    template: Template, modifications: Sequence[Mapping[str, Any]]
) -> Modifications:
    """What `modifications` change; `BadRequest` with every fault and its pointer."""
    reading = _ModificationReader(template)
    if len(modifications) > MAX_MODIFICATIONS:
        reading.add_fault(
            "too_many_items", "/modifications", f"More than {MAX_MODIFICATIONS} modifications."
        )
    else:
        for index, entry in enumerate(modifications):
            reading.add_entry(json_pointer("modifications", index), entry)
    raise_faults(reading.faults)
    return reading.result()


def modifications_from_link(template: Template, link_fields: Mapping[str, str]) -> Modifications:
    """What a link changes. Never raises: what the template does not know is left out."""
    reading = _ModificationReader(template)
    left_out = []
    for name, value in link_fields.items():
        target, _, key = name.partition(".")
        before = len(reading.faults)
        reading.add_value(
            "", target, key or "value", value, allowed_keys=PROPERTY_KEYS if key else VALUE_KEYS
        )
        if len(reading.faults) > before:
            left_out.append(name)
    return reading.result(left_out)


class _ModificationReader:
    """Collects values by the rules of template.md, "Addressing by a request"."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.faults: list[Fault] = []
        self.field_values: dict[str, object] = {}
        self.item_values: dict[str, dict[int, dict[str, object]]] = {}
        self.layer_properties: dict[str, dict[str, object]] = {}
        self.pointers: dict[tuple[str, str], str] = {}

    def result(self, ignored_names: Sequence[str] = ()) -> Modifications:
        lists = {
            name: [items.get(index, {}) for index in range(max(items) + 1)]
            for name, items in self.item_values.items()
        }
        return Modifications(
            {**self.field_values, **lists},
            self.layer_properties,
            self.pointers,
            tuple(ignored_names),
        )

    def add_fault(self, code: str, where: str, detail: str) -> None:
        self.faults.append(Fault(code, where, detail))

    def add_entry(self, where: str, entry: Mapping[str, Any]) -> None:
        """One modification."""
        name = entry.get("name")
        if not isinstance(name, str):
            self.add_fault("missing_value", f"{where}/name", "Say which field or layer is meant.")
            return
        if not self._is_known(name):
            self.add_fault(
                "unknown_name", f"{where}/name", self.template.unknown_target_message(name)
            )
            return
        given = {k: v for k, v in entry.items() if k != "name"}
        if not given:
            self.add_fault("missing_value", where, "Give text, image_url, value or a property.")
        for key, value in given.items():
            self.add_value(
                f"{where}{json_pointer(key)}",
                name,
                key,
                value,
                allowed_keys=(*VALUE_KEYS, *PROPERTY_KEYS),
            )

    def add_value(
        self, where: str, name: str, key: str, value: object, *, allowed_keys: Sequence[str]
    ) -> None:
        """One value or property for one name."""
        fields = self.template.document.fields
        if key not in allowed_keys:
            self.add_fault(
                "unknown_name", where, f"Unknown property; there are {', '.join(allowed_keys)}."
            )
        elif key in VALUE_KEYS and name in fields:
            self._add_field_value(where, name, key, value)
        elif key in VALUE_KEYS and (place := parse_flat_name(fields, name)):
            self._add_item_value(where, place, key, value)
        else:
            self._add_layer_property(where, name, key, value)

    def _add_field_value(self, where: str, name: str, key: str, value: object) -> None:
        kind = self.template.document.fields[name].type
        if name in self.item_values:
            self.add_fault(
                "invalid_request", where, f"{name} has items already: give it whole or flat."
            )
        elif self._key_fits_type(where, name, key, kind) and self._record_once(where, name, ""):
            self.field_values[name] = value

    def _add_item_value(
        self, where: str, item_field: ItemFieldRef, key: str, value: object
    ) -> None:
        spec = self.template.document.fields[item_field.list_name]
        assert isinstance(spec, ListField)
        if item_field.list_name in self.field_values:
            first = self.pointers[item_field.list_name, ""]
            self.add_fault(
                "invalid_request",
                where,
                f"{item_field.list_name} is given whole already, at {first}.",
            )
        elif self._key_fits_type(
            where, item_field.flat_name, key, spec.items[item_field.key].type
        ) and self._record_once(where, item_field.flat_name, ""):
            self.item_values.setdefault(item_field.list_name, {}).setdefault(
                item_field.item_index, {}
            )[item_field.key] = value

    def _key_fits_type(self, where: str, name: str, key: str, field_type: str) -> bool:
        """Whether the word for the value is one for this type of field."""
        if field_type == "list" and not where:
            self.add_fault("unknown_name", where, f"A link writes {name} item by item.")
        elif field_type == "list" and key != "value":
            self.add_fault("invalid_value", where, f"{name} is a list field: give its value.")
        elif key == "image_url" and field_type != "image":
            self.add_fault(
                "invalid_value", where, f"{name} is a {field_type} field: give its text or value."
            )
        else:
            return True
        return False

    def _is_known(self, name: str) -> bool:
        fields = self.template.document.fields
        return (
            name in fields
            or name in self.template.addressable_layers
            or parse_flat_name(fields, name) is not None
        )

    def _add_layer_property(self, where: str, name: str, key: str, value: object) -> None:
        layer = self.template.addressable_layers.get(name)
        slot = "value" if key in VALUE_KEYS else key
        if layer is None:
            self.add_fault(
                "unknown_name",
                where,
                self.template.unknown_target_message(name, layers_only=slot != "value"),
            )
        elif slot != "visible" and slot not in layer.modifiable:
            self.add_fault("unknown_name", where, f"A {layer.type} layer has no {key}.")
        elif key == "image_url" and layer.type != "image":
            self.add_fault(
                "invalid_value", where, f"{name} is a {layer.type} layer and takes no picture."
            )
        elif self._record_once(where, name, slot):
            self.layer_properties.setdefault(name, {})[slot] = value

    def _record_once(self, where: str, name: str, key: str) -> bool:
        if (name, key) in self.pointers:
            first = self.pointers[name, key]
            self.add_fault("invalid_request", where, f"{name} has this already, at {first}.")
            return False
        self.pointers[name, key] = where
        return True
