"""Reads a request's modifications: values of fields and properties of named layers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from postcard.errors import Fault, raise_faults
from postcard.json_text import json_pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.compiled import Template
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.fields.list_values import ItemFieldRef, may_be_unsigned, parse_flat_name

MAX_MODIFICATIONS = 200
VALUE_KEYS = ("text", "image_url", "value")  # all three set the value of a field or layer
_HTML_ENTITY = lazy_regex(
    "&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE
)
PROPERTY_KEYS = ("color", "background", "visible")


@dataclass(frozen=True, slots=True)
class Modifications:
    """A request's raw values, not yet cleaned or validated.

    `fields`: field name → raw value. `layers`: layer name → property (`value`, `color`,
    `background`, `visible`) → raw value. `pointers`: (name, property) → JSON pointer in the
    request, for faults. `ignored_names` are a link's names that the template does not know.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    pointers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ignored_names: Sequence[str] = ()

    def pointer_to(self, name: str, key: str = "value") -> str:
        """The JSON pointer of a field's value (key `""`) or of a layer's property."""
        return self.pointers.get((name, key), "/modifications")

    def pointer_to_link_name(self, name: str, fields: Fields) -> str:
        """The JSON pointer of a field's value, given a field's name or a flat name."""
        item_field = None if name in fields else parse_flat_name(fields, name)
        return self.pointer_to_item_field(item_field) if item_field else self.pointer_to(name, "")

    def pointer_to_item_field(self, item_field: ItemFieldRef) -> str:
        """The JSON pointer of an item's field, or of the item if the key is empty."""
        if (pointer := self.pointers.get((item_field.flat_name, ""))) is not None:
            return pointer
        steps = (
            (item_field.item_index, item_field.key) if item_field.key else (item_field.item_index,)
        )
        list_pointer = self.pointers.get((item_field.list_name, ""))
        return "/modifications" if list_pointer is None else f"{list_pointer}{json_pointer(*steps)}"


def modifications_from_json(
    template: Template, modifications: Sequence[Mapping[str, Any]]
) -> Modifications:
    """Reads a JSON body's `modifications`; raises `BadRequest` with every fault."""
    reader = _ModificationReader(template)
    if len(modifications) > MAX_MODIFICATIONS:
        reader.add_fault(
            "too_many_items", "/modifications", f"More than {MAX_MODIFICATIONS} modifications."
        )
    else:
        for index, entry in enumerate(modifications):
            reader.add_entry(json_pointer("modifications", index), entry)
    raise_faults(reader.faults)
    return reader.result()


def modifications_from_link(template: Template, link_fields: Mapping[str, str]) -> Modifications:
    """Reads a link's parameters. Never raises: unknown names are ignored and listed.

    HTML entities are undone in fields that a merge link may fill in, also where the link signs the
    value: the two links have the same cache path.
    """
    fields = template.document.fields
    reader = _ModificationReader(template)
    ignored_names = []
    for name, value in link_fields.items():
        target, _, key = name.partition(".")
        if "&" in value and not key and may_be_unsigned(fields, name):
            value = undo_html_entities(value)
        faults_before = len(reader.faults)
        reader.add_value(
            "", target, key or "value", value, allowed_keys=PROPERTY_KEYS if key else VALUE_KEYS
        )
        if len(reader.faults) > faults_before:
            ignored_names.append(name)
    return reader.result(ignored_names)


def undo_html_entities(text: str) -> str:
    """Undoes HTML escaping, up to three times: platforms escape, and so did their data."""
    import html  # its table of entities takes a millisecond to load

    for _ in range(3):
        before = text
        text = _HTML_ENTITY.sub(lambda entity: html.unescape(entity[0].lower()), text)
        if text == before:
            break
    return text


class _ModificationReader:
    """Collects values by the rules in template.md, "Addressing by a request".

    `where` is the JSON pointer of a value in a JSON body, empty for a link's parameter.
    """

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
        """Adds one entry of a JSON body's `modifications`."""
        name = entry.get("name")
        if not isinstance(name, str):
            detail = "Give the name of a field or layer."
            self.add_fault("missing_value", f"{where}/name", detail)
            return
        if not self._is_known(name):
            self.add_fault(
                "unknown_name", f"{where}/name", self.template.unknown_target_message(name)
            )
            return
        values = {k: v for k, v in entry.items() if k != "name"}
        if not values:
            self.add_fault("missing_value", where, "Give text, image_url, value or a property.")
        for key, value in values.items():
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
        """Adds one value or property of a field or layer."""
        fields = self.template.document.fields
        if key not in allowed_keys:
            from postcard.name_suggestions import closest_name  # only a wrong name needs it

            similar = closest_name(key, allowed_keys)
            hint = (
                f"did you mean {similar}?" if similar else f"there are {', '.join(allowed_keys)}."
            )
            self.add_fault("unknown_name", where, f"Unknown property; {hint}")
        elif key in VALUE_KEYS and name in fields:
            self._add_field_value(where, name, key, value)
        elif key in VALUE_KEYS and (item_field := parse_flat_name(fields, name)):
            self._add_item_value(where, item_field, key, value)
        else:
            self._add_layer_property(where, name, key, value)

    def _add_field_value(self, where: str, name: str, key: str, value: object) -> None:
        field_type = self.template.document.fields[name].type
        if name in self.item_values:
            detail = f"{name} has items already: give it whole or item by item."
            self.add_fault("invalid_request", where, detail)
        elif self._key_fits_type(where, name, key, field_type) and self._record_once(
            where, name, ""
        ):
            self.field_values[name] = value

    def _add_item_value(
        self, where: str, item_field: ItemFieldRef, key: str, value: object
    ) -> None:
        spec = self.template.document.fields[item_field.list_name]
        assert isinstance(spec, ListField)
        list_name, index, key_in_item = item_field
        if list_name in self.field_values:
            first = self.pointers[list_name, ""]
            self.add_fault(
                "invalid_request", where, f"{list_name} is given whole already, at {first}."
            )
        elif self._key_fits_type(
            where, item_field.flat_name, key, spec.items[key_in_item].type
        ) and self._record_once(where, item_field.flat_name, ""):
            items = self.item_values.setdefault(list_name, {})
            items.setdefault(index, {})[key_in_item] = value

    def _key_fits_type(self, where: str, name: str, key: str, field_type: str) -> bool:
        """Whether this one of `VALUE_KEYS` may set a field of this type; if not, adds a fault."""
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
        property_ = "value" if key in VALUE_KEYS else key
        if layer is None:
            self.add_fault(
                "unknown_name",
                where,
                self.template.unknown_target_message(name, layers_only=property_ != "value"),
            )
        elif property_ != "visible" and property_ not in layer.modifiable:
            self.add_fault("unknown_name", where, f"A {layer.type} layer has no {key}.")
        elif key == "image_url" and layer.type != "image":
            self.add_fault(
                "invalid_value", where, f"{name} is a {layer.type} layer and takes no picture."
            )
        elif self._record_once(where, name, property_):
            self.layer_properties.setdefault(name, {})[property_] = value

    def _record_once(self, where: str, name: str, key: str) -> bool:
        """Records the pointer of a value; adds a fault and returns False if it has one already."""
        if (name, key) in self.pointers:
            first = self.pointers[name, key]
            self.add_fault("invalid_request", where, f"{name} has this already, at {first}.")
            return False
        self.pointers[name, key] = where
        return True
