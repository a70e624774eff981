"""Binds a request's changes to a template: cleaned, typed, bounded, defaults in their places."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Literal

from postcard.errors import Fault, raise_faults
from postcard.json_text import canonical_json, parse_json
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.evaluator import render_alt
from postcard.template.fields.field_types import (
    AnyField,
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
    clean_text,
    is_missing,
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
_LAYER_TEXT = TextField(max_length=5000)
_LAYER_NUMBER = NumberField()


@dataclass(frozen=True, slots=True)
class BoundValues:
    """A template's values for one picture.

    `values` has every field (None: missing, no default); `given` those that the request said
    itself. `missing_required` are required fields without a value: by link the fallback picture.
    `counted` is how many values a link had that were bad or unknown.
    """

    values: Mapping[str, AnyValue | None]
    layers: LayerModifications = field(default_factory=dict)
    explicit_values: Mapping[str, AnyValue] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    missing_required: tuple[str, ...] = ()
    ignored_count: int = 0

    def to_canonical_json(self) -> str:
        """One text for one picture's values: for image ids, and to `restore` from."""
        values = {n: value_to_json(v) for n, v in self.values.items() if v is not None}
        return canonical_json({"layers": self.layers, "values": values})

    @classmethod
    def from_canonical_json(cls, template: Template, canonical_json: str) -> "BoundValues":
        """The values that `canonical` told; they were bound once and are trusted."""
        stored = parse_json(canonical_json)
        raw = stored["values"]
        values = {n: _value_from_json(f, raw.get(n)) for n, f in template.document.fields.items()}
        required = (n for n, f in template.document.fields.items() if f.required)
        missing = tuple(n for n in required if values[n] is None)
        return cls(values, stored["layers"], missing_required=missing)

    def alt_text(self, template: Template) -> str:
        """The text beside the picture."""
        return render_alt(template, self.values)

    def link_fields(self) -> dict[str, str]:
        """What the request gave, as a link writes it: `name` and `name.property`."""
        fields = dict(_flat_values(self.explicit_values))
        for name, properties in self.layers.items():
            for key, value in properties.items():
                fields[name if key == "value" else f"{name}.{key}"] = to_link_text(value)
        return fields


def bind(template: Template, modifications: Modifications, *, mode: BindMode) -> BoundValues:
    """The values of a picture.

    `error` raises `BadRequest` with every fault; `default` and `link` put defaults in their place
    and tell by `warnings`, `missing_required` and `counted`.
    """
    binder = _Binder(template, modifications, mode)
    for name in template.document.fields:
        binder.bind_field(name)
    for name, properties in modifications.layers.items():
        for key, raw in properties.items():
            binder.bind_layer_property(name, key, raw)
    if mode == "error":
        raise_faults(binder.faults)
    return binder.result()


def bind_defaults(template: Template) -> BoundValues:
    """Every field at its default."""
    return bind(template, Modifications(), mode="link")


def bind_examples(template: Template) -> BoundValues:
    """Every field at its example, or else its default: what is drawn at publish."""
    fields = template.document.fields
    shown = {n: example for n, f in fields.items() if (example := example_value(f)) is not None}
    return bind(template, Modifications(shown), mode="link")


def read_layer_value(layer: BaseLayer, key: str, raw: Any) -> str | bool | None:
    """A layer's property as a request gives it; None if blank, `BadValue` if bad."""
    given = clean_text(raw) if isinstance(raw, str) else raw
    if given is None or (isinstance(given, str) and is_missing(given)):
        return None
    if key == "visible":
        return read_boolean(given)
    if key in ("color", "background"):
        return read_color(given)
    if layer.type == "image":
        return read_image(given)
    if layer.type in ("progress", "rating"):
        return to_link_text(read_value(_LAYER_NUMBER, given) or 0)
    text = str(read_value(_LAYER_TEXT, given))
    try:
        layer.check_value(text)
    except ValueError as error:
        raise BadValue(str(error)) from None
    return text


class _Binder:
    """One binding at work."""

    def __init__(self, template: Template, modifications: Modifications, mode: BindMode) -> None:
        self.template, self.modifications, self.mode = template, modifications, mode
        self.values: dict[str, AnyValue | None] = {}
        self.explicit_values: dict[str, AnyValue] = {}
        self.layers: dict[str, dict[str, str | bool]] = {}
        self.faults: list[Fault] = []
        self.missing_required: list[str] = []
        self.bad_count = 0

    def result(self) -> BoundValues:
        warnings = tuple(self.faults) if self.mode == "default" else ()
        counted = self.bad_count + len(self.modifications.ignored_names)
        return BoundValues(
            self.values,
            self.layers,
            self.explicit_values,
            warnings,
            tuple(self.missing_required),
            counted,
        )

    def bind_field(self, name: str) -> None:
        """One field's value, or what stands for it."""
        spec = self.template.document.fields[name]
        raw = self.modifications.fields.get(name)
        where = self.modifications.pointer_to(name, "")
        if self._bind_explicit(name, spec, raw, where):
            return
        self.values[name] = self.template.default_values[name]
        if self.values[name] is None and spec.required:
            self.missing_required.append(name)
        if self._has_fault_inside(where):
            return
        if spec.required:
            self._add_fault("missing_value", where, f"{name} is required and has no value.")
        elif raw is not None and self.mode == "default":
            self._add_fault("missing_value", where, f"{name} has no value; its default is shown.")

    def bind_layer_property(self, name: str, key: str, raw: object) -> None:
        """One property of a named layer; blank leaves what the document says."""
        try:
            value = read_layer_value(self.template.addressable_layers[name], key, raw)
        except BadValue as error:
            self.bad_count += 1
            self._add_fault(
                "invalid_value", self.modifications.pointer_to(name, key), f"{name}.{key} {error}."
            )
            return
        if value is not None:
            self.layers.setdefault(name, {})[key] = value

    def _bind_explicit(self, name: str, spec: AnyField, raw: object, where: str) -> bool:
        """Whether the request gave the field a value."""
        try:
            if isinstance(spec, ListField):
                self._bind_items(name, spec, raw)
            else:
                self._bind_single(name, spec, raw)
        except BadValue as error:
            self.bad_count += 1
            self._add_fault("invalid_value", where, f"{name} {error}.")
        return name in self.explicit_values

    def _bind_single(self, name: str, spec: SingleField, raw: object) -> None:
        value = read_value(spec, raw, zone=self.template.zone)
        if value is not None:
            self.explicit_values[name] = self.values[name] = value

    def _bind_items(self, name: str, spec: ListField, raw: object) -> None:
        """A list's items, each with the defaults of its fields."""
        if (read := read_list(spec, raw, zone=self.template.zone)) is None:
            return
        for wrong in read.faults:
            place = ItemFieldRef(name, wrong.item_index, wrong.key)
            self.bad_count += wrong.code == "invalid_value"
            self._add_fault(
                wrong.code,
                self.modifications.pointer_to_item_field(place),
                f"{place.flat_name} {wrong.detail}.",
            )
        self.missing_required += [
            ItemFieldRef(name, *lacking).flat_name for lacking in read.missing_required
        ]
        if read.items:
            self.values[name], self.explicit_values[name] = (
                tuple(read.items),
                tuple(read.explicit_items),
            )

    def _has_fault_inside(self, where: str) -> bool:
        told = bool(self.faults) and where != "/modifications"
        return told and f"{self.faults[-1].pointer}/".startswith(f"{where}/")

    def _add_fault(self, code: str, where: str, detail: str) -> None:
        self.faults.append(Fault(code, where, detail))


def example_value(spec: AnyField) -> Any:
    """A field's example as it is written; a list without one has an item of its fields' own."""
    if spec.example is not None or not isinstance(spec, ListField):
        return spec.example
    item = {key: inner.example for key, inner in spec.items.items() if inner.example is not None}
    return [item] if item and spec.default is None else None


def _flat_values(values: Mapping[str, AnyValue]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if not isinstance(value, tuple):
            yield name, to_link_text(value)
            continue
        for index, item in enumerate(value):
            for key, one in item.items():
                if one is not None:
                    yield ItemFieldRef(name, index, key).flat_name, to_link_text(one)


def _value_from_json(spec: AnyField, raw: Any) -> AnyValue | None:
    if raw is None or not isinstance(spec, ListField):
        return _single_value_from_json(spec, raw)
    return tuple(
        {k: _single_value_from_json(f, one.get(k)) for k, f in spec.items.items()} for one in raw
    )


def _single_value_from_json(spec: AnyField, raw: Any) -> Value | None:
    return read_date(raw) if spec.type == "date" and raw is not None else raw
