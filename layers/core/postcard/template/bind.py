"""Binds a request's modifications to a template: validates values and fills in the defaults."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import field
from typing import Any, Literal

from postcard.errors import Fault, raise_faults
from postcard.json_text import canonical_json, parse_json
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.evaluator import render_alt
from postcard.template.fields.field_types import (
    AnyField,
    ImageField,
    ListField,
    NumberField,
    SingleField,
    TextField,
)
from postcard.template.fields.list_values import ItemFieldRef, read_list
from postcard.template.fields.values import (
    AnyValue,
    BadValue,
    Value,
    check_asset,
    clean_value,
    read_boolean,
    read_color,
    read_date,
    read_image,
    read_value,
    to_link_text,
    value_to_json,
)
from postcard.template.layers.base import BaseLayer
from postcard.template.modifications import Modifications

BindMode = Literal["error", "default", "link"]
LayerModifications = Mapping[str, Mapping[str, str | bool]]
NO_NAMES: frozenset[str] = frozenset()
_LAYER_TEXT = TextField(max_length=5000)
_LAYER_NUMBER = NumberField()


@dataclass(frozen=True, slots=True)
class BoundValues:
    """A template's values for one picture.

    `values` has every field (None: missing and without default), `explicit_values` only those
    that the request gave, `layers` the modified properties of layers by name. `missing_required`
    are required fields without any value: a link then shows the fallback picture. `ignored_count`
    is the number of a link's values that were bad or unknown. `restricted_fields` are fields whose
    values may not choose among all assets, by Liquid either.
    """

    values: Mapping[str, AnyValue | None]
    layers: LayerModifications = field(default_factory=dict)
    explicit_values: Mapping[str, AnyValue] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    missing_required: tuple[str, ...] = ()
    ignored_count: int = 0
    restricted_fields: frozenset[str] = NO_NAMES

    def to_canonical_json(self) -> str:
        """The same text for equal values; image ids are made from it."""
        values = {n: value_to_json(v) for n, v in self.values.items() if v is not None}
        return canonical_json({"layers": self.layers, "values": values})

    @classmethod
    def from_canonical_json(cls, template: Template, canonical_json: str) -> "BoundValues":
        """The values of `to_canonical_json`; they are trusted and not validated again."""
        stored = parse_json(canonical_json)
        raw = stored["values"]
        values = {n: _value_from_json(f, raw.get(n)) for n, f in template.document.fields.items()}
        required = (n for n, f in template.document.fields.items() if f.required)
        missing = tuple(n for n in required if values[n] is None)
        return cls(values, stored["layers"], missing_required=missing)

    def alt_text(self, template: Template) -> str:
        """The picture's alternative text."""
        return render_alt(template, self.values)

    def link_fields(self) -> dict[str, str]:
        """The values that the request gave as a link's parameters: `name` and `name.property`."""
        fields = dict(_flat_values(self.explicit_values))
        for name, properties in self.layers.items():
            for key, value in properties.items():
                fields[name if key == "value" else f"{name}.{key}"] = to_link_text(value)
        return fields


class EveryName(Container[str]):
    """Contains every name of a field or layer."""

    def __contains__(self, name: object) -> bool:
        return True


def bind(
    template: Template,
    modifications: Modifications,
    *,
    mode: BindMode,
    restricted: Container[str] = NO_NAMES,
) -> BoundValues:
    """Validates the modifications and fills in defaults.

    Mode `error` raises `BadRequest` with every fault. Modes `default` and `link` use the default
    instead of a bad value: `default` returns `warnings`, `link` only counts (`ignored_count`).
    Values of `restricted` names (as in a link: `products_2_photo`) come from readers of a link or
    from a key that is limited to templates: they name only assets that the template names.
    """
    binder = _Binder(template, modifications, mode, restricted)
    for name in template.document.fields:
        binder.bind_field(name)
    for name, properties in modifications.layers.items():
        for key, raw in properties.items():
            binder.bind_layer_property(name, key, raw)
    if mode == "error":
        raise_faults(binder.faults)
    return binder.result()


def bind_defaults(template: Template) -> BoundValues:
    """Binds every field's default."""
    return bind(template, Modifications(), mode="link")


def bind_examples(template: Template) -> BoundValues:
    """Binds every field's example or else its default, as rendered at publish."""
    fields = template.document.fields
    examples = {n: example for n, f in fields.items() if (example := example_value(f)) is not None}
    return bind(template, Modifications(examples), mode="link")


def read_layer_value(layer: BaseLayer, key: str, raw: Any) -> str | bool | None:
    """Reads a request's value for a layer's property: None if it is missing, `BadValue` if bad."""
    cleaned = clean_value(raw)
    if cleaned is None:
        return None
    if key == "visible":
        return read_boolean(cleaned)
    if key in ("color", "background"):
        return read_color(cleaned)
    if layer.type == "image":
        return read_image(cleaned)
    if layer.type in ("progress", "rating"):
        return to_link_text(read_value(_LAYER_NUMBER, cleaned) or 0)
    text = str(read_value(_LAYER_TEXT, cleaned))
    try:
        layer.check_value(text)
    except ValueError as error:
        raise BadValue(str(error)) from None
    return text


class _Binder:
    """Collects the values and faults of one `bind`."""

    def __init__(
        self,
        template: Template,
        modifications: Modifications,
        mode: BindMode,
        restricted: Container[str],
    ) -> None:
        self.template, self.modifications, self.mode = template, modifications, mode
        self.restricted = restricted
        self.values: dict[str, AnyValue | None] = {}
        self.explicit_values: dict[str, AnyValue] = {}
        self.layers: dict[str, dict[str, str | bool]] = {}
        self.faults: list[Fault] = []
        self.missing_required: list[str] = []
        self.bad_count = 0

    def result(self) -> BoundValues:
        return BoundValues(
            self.values,
            self.layers,
            self.explicit_values,
            warnings=tuple(self.faults) if self.mode == "default" else (),
            missing_required=tuple(self.missing_required),
            ignored_count=self.bad_count + len(self.modifications.ignored_names),
            restricted_fields=frozenset(filter(self._is_restricted, self.explicit_values)),
        )

    def bind_field(self, name: str) -> None:
        """Binds one field's value from the request, or its default."""
        spec = self.template.document.fields[name]
        raw = self.modifications.fields.get(name)
        pointer = self.modifications.pointer_to(name, "")
        if self._bind_explicit(name, spec, raw, pointer):
            return
        self.values[name] = self.template.default_values[name]
        if self.values[name] is None and spec.required:
            self.missing_required.append(name)
        if self._has_fault_inside(pointer):
            return
        if spec.required:
            self._add_fault("missing_value", pointer, f"{name} is required and has no value.")
        elif raw is not None and self.mode == "default":
            self._add_fault("missing_value", pointer, f"{name} has no value; its default is shown.")

    def bind_layer_property(self, name: str, key: str, raw: object) -> None:
        """Binds one property of a named layer; a missing value leaves the document's own."""
        try:
            layer = self.template.addressable_layers[name]
            value = read_layer_value(layer, key, raw)
            if layer.type == "image" and key == "value" and value is not None:
                self._check_asset(None, name, str(value))
        except BadValue as error:
            self.bad_count += 1
            self._add_fault(
                "invalid_value", self.modifications.pointer_to(name, key), f"{name}.{key} {error}."
            )
            return
        if value is not None:
            self.layers.setdefault(name, {})[key] = value

    def _bind_explicit(self, name: str, spec: AnyField, raw: object, pointer: str) -> bool:
        """Binds the request's value of a field; returns whether it gave one."""
        try:
            if isinstance(spec, ListField):
                self._bind_items(name, spec, raw)
            else:
                self._bind_single(name, spec, raw)
        except BadValue as error:
            self.bad_count += 1
            self._add_fault("invalid_value", pointer, f"{name} {error}.")
        return name in self.explicit_values

    def _bind_single(self, name: str, spec: SingleField, raw: object) -> None:
        value = read_value(spec, raw, zone=self.template.zone)
        if isinstance(spec, ImageField) and value is not None:
            self._check_asset(spec, name, str(value))
        if value is not None:
            self.explicit_values[name] = self.values[name] = value

    def _bind_items(self, name: str, spec: ListField, raw: object) -> None:
        def check_value(index: int, key: str, value: Value) -> None:
            if isinstance(item_spec := spec.items[key], ImageField):
                flat_name = ItemFieldRef(name, index, key).flat_name
                self._check_asset(item_spec, flat_name, str(value))

        parsed = read_list(spec, raw, zone=self.template.zone, check_value=check_value)
        if parsed is None:
            return
        for fault in parsed.faults:
            item_field = ItemFieldRef(name, fault.item_index, fault.key)
            self.bad_count += fault.code == "invalid_value"
            self._add_fault(
                fault.code,
                self.modifications.pointer_to_item_field(item_field),
                f"{item_field.flat_name} {fault.detail}.",
            )
        self.missing_required += [
            ItemFieldRef(name, index, key).flat_name for index, key in parsed.missing_required
        ]
        if parsed.items:
            self.values[name] = tuple(parsed.items)
            self.explicit_values[name] = tuple(parsed.explicit_items)

    def _check_asset(self, spec: ImageField | None, name: str, reference: str) -> None:
        """`BadValue` if the value of a field or layer may not name this asset."""
        named_assets = self.template.named_assets
        check_asset(spec, reference, named_assets, restricted=name in self.restricted)

    def _is_restricted(self, name: str) -> bool:
        value = self.explicit_values[name]
        names = (flat_name for flat_name, _ in _flat_values({name: value}))
        return any(flat_name in self.restricted for flat_name in names)

    def _has_fault_inside(self, pointer: str) -> bool:
        """Whether the last fault is about this value or a part of it."""
        if not self.faults or pointer == "/modifications":  # the pointer of an absent value
            return False
        return f"{self.faults[-1].pointer}/".startswith(f"{pointer}/")

    def _add_fault(self, code: str, pointer: str, detail: str) -> None:
        self.faults.append(Fault(code, pointer, detail))


def example_value(spec: AnyField) -> Any:
    """A field's example as JSON; for a list without one, an item of its fields' examples."""
    if spec.example is not None or not isinstance(spec, ListField):
        return spec.example
    item = {key: field.example for key, field in spec.items.items() if field.example is not None}
    return [item] if item and spec.default is None else None


def _flat_values(values: Mapping[str, AnyValue]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if not isinstance(value, tuple):
            yield name, to_link_text(value)
            continue
        for index, item in enumerate(value):
            for key, item_value in item.items():
                if item_value is not None:
                    yield ItemFieldRef(name, index, key).flat_name, to_link_text(item_value)


def _value_from_json(spec: AnyField, raw: Any) -> AnyValue | None:
    if raw is None or not isinstance(spec, ListField):
        return _single_value_from_json(spec, raw)
    return tuple(
        {k: _single_value_from_json(f, item.get(k)) for k, f in spec.items.items()} for item in raw
    )


def _single_value_from_json(spec: AnyField, raw: Any) -> Value | None:
    return read_date(raw) if spec.type == "date" and raw is not None else raw
