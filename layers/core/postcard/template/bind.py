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
    SingleField,
    TextField,
)
from postcard.template.fields.list_values import (
    ItemFault,
    ItemFieldRef,
    ParsedList,
    read_list,
)
from postcard.template.fields.values import (
    AnyValue,
    BadValue,
    Value,
    ValueSource,
    check_asset,
    clean_value,
    forbids_default,
    read_boolean,
    read_color,
    read_date,
    read_image,
    read_or_shorten,
    read_request_number,
    to_link_text,
    value_to_json,
)
from postcard.template.layers.base import BaseLayer
from postcard.template.modifications import Modifications

BindMode = Literal["error", "default", "link"]
LayerModifications = Mapping[str, Mapping[str, str | bool]]
BaseValues = Mapping[str, AnyValue | None]
NO_NAMES: frozenset[str] = frozenset()
_LAYER_TEXT = TextField(max_length=5000)


@dataclass(frozen=True, slots=True)
class BoundValues:
    """A template's values for one picture.

    `values` has every field (None: missing and without default), `explicit_values` only those
    that the request gave, `layers` the modified properties of layers by name. `missing_required`
    are required fields without any value: a link then shows the fallback picture. `rejected` are
    faults of values whose fields let no default be shown instead. `ignored_count` is the number of
    a link's values that were bad or unknown, `shortened_count` that of texts that were cut.
    `restricted_fields` are fields whose values may not choose among all assets, by Liquid either.
    """

    values: Mapping[str, AnyValue | None]
    layers: LayerModifications = field(default_factory=dict)
    explicit_values: Mapping[str, AnyValue] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    missing_required: tuple[str, ...] = ()
    rejected: tuple[Fault, ...] = ()
    ignored_count: int = 0
    shortened_count: int = 0
    restricted_fields: frozenset[str] = NO_NAMES

    @property
    def needs_fallback(self) -> bool:
        """Whether no picture may be drawn of these values, but only the fallback picture shown."""
        return bool(self.missing_required or self.rejected)

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
    from_link: bool = False,
    base: BaseValues | None = None,
) -> BoundValues:
    """Validates the modifications and fills in defaults.

    Mode `error` raises `BadRequest` with every fault. Modes `default` and `link` use the default
    instead of a bad value: `default` returns `warnings`, `link` only counts (`ignored_count`).
    They cut texts that are too long, where the field says so.
    Values of `restricted` names (as in a link: `products_2_photo`) come from readers of a link or
    from a key that is limited to templates: they name only assets that the template names.
    `from_link`, which mode `link` implies: values that are not restricted are signed.
    `base` are values of fields that the modifications do not name; with it no value is required.
    """
    signed = from_link or mode == "link"
    binder = _Binder(template, modifications, mode, restricted, signed=signed, base=base)
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


def read_layer_value(
    layer: BaseLayer, key: str, raw: Any, source: ValueSource
) -> tuple[str | bool | None, str]:
    """Reads a request's value for a layer's property, and how it was shortened.

    None if it is missing, `BadValue` if it is bad. Codes are never shortened.
    """
    cleaned = clean_value(raw)
    if cleaned is None:
        return None, ""
    if key == "visible":
        return read_boolean(cleaned), ""
    if key in ("color", "background"):
        return read_color(cleaned), ""
    if layer.type == "image":
        return read_image(cleaned), ""
    if layer.type in ("progress", "rating"):
        return to_link_text(read_request_number(cleaned, source)), ""
    shortens = source.shortens and layer.type == "text"
    text, shortening = read_or_shorten(_LAYER_TEXT, cleaned, source._replace(shortens=shortens))
    try:
        layer.check_value(str(text))
    except ValueError as error:
        raise BadValue(str(error)) from None
    return str(text), shortening


class _Binder:
    """Collects the values and faults of one `bind`."""

    def __init__(
        self,
        template: Template,
        modifications: Modifications,
        mode: BindMode,
        restricted: Container[str],
        *,
        signed: bool,
        base: BaseValues | None,
    ) -> None:
        self.template, self.modifications, self.mode = template, modifications, mode
        self.restricted, self.base = restricted, base
        self.values: dict[str, AnyValue | None] = {}
        self.explicit_values: dict[str, AnyValue] = {}
        self.layers: dict[str, dict[str, str | bool]] = {}
        self.faults: list[Fault] = []
        self.missing_required: list[str] = []
        self.rejected: list[Fault] = []
        self.bad_count = self.shortened_count = 0
        self.source = ValueSource(
            template.zone, template.value_locale, signed, shortens=mode != "error"
        )

    def result(self) -> BoundValues:
        return BoundValues(
            self.values,
            self.layers,
            self.explicit_values,
            warnings=tuple(self.faults) if self.mode == "default" else (),
            missing_required=tuple(self.missing_required),
            rejected=tuple(self.rejected),
            shortened_count=self.shortened_count,
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
        self.values[name] = self._base_value(name)
        if self.values[name] is None and spec.required and self.base is None:
            self.missing_required.append(name)
        if self._has_fault_inside(pointer):
            return
        if spec.required and self.base is None:
            self._add_fault("missing_value", pointer, f"{name} is required and has no value.")
        elif raw is not None and self.mode == "default":
            self._add_fault("missing_value", pointer, f"{name} has no value; its default is shown.")

    def _base_value(self, name: str) -> AnyValue | None:
        """The value of a field that got none: a field that the request names has its default."""
        is_named = name in self.modifications.fields
        values = self.template.default_values if is_named or self.base is None else self.base
        return values[name]

    def bind_layer_property(self, name: str, key: str, raw: object) -> None:
        """Binds one property of a named layer; a missing value leaves the document's own."""
        try:
            layer = self.template.addressable_layers[name]
            value, shortening = read_layer_value(layer, key, raw, self._source_of(name))
            if layer.type == "image" and key == "value" and value is not None:
                self._check_asset(None, name, str(value))
        except BadValue as error:
            self.bad_count += 1
            self._add_fault(
                "invalid_value", self.modifications.pointer_to(name, key), f"{name}.{key} {error}."
            )
            return
        if shortening:
            self._add_shortened(name, self.modifications.pointer_to(name, key), shortening)
        if value is not None:
            self.layers.setdefault(name, {})[key] = value

    def _bind_explicit(self, name: str, spec: AnyField, raw: object, pointer: str) -> bool:
        """Binds the request's value of a field; returns whether it gave one."""
        try:
            if isinstance(spec, ListField):
                self._bind_items(name, spec, raw)
            else:
                self._bind_single(name, spec, raw, pointer)
        except BadValue as error:
            self.bad_count += 1
            self._add_fault("invalid_value", pointer, f"{name} {error}.")
            if forbids_default(spec, error):
                self.rejected.append(self.faults[-1])
        return name in self.explicit_values

    def _bind_single(self, name: str, spec: SingleField, raw: object, pointer: str) -> None:
        value, shortening = read_or_shorten(spec, raw, self._source_of(name))
        if shortening:
            self._add_shortened(name, pointer, shortening)
        if isinstance(spec, ImageField) and value is not None:
            self._check_asset(spec, name, str(value))
        if value is not None:
            self.explicit_values[name] = self.values[name] = value

    def _bind_items(self, name: str, spec: ListField, raw: object) -> None:
        def check_value(index: int, key: str, value: Value) -> None:
            if isinstance(item_spec := spec.items[key], ImageField):
                flat_name = ItemFieldRef(name, index, key).flat_name
                self._check_asset(item_spec, flat_name, str(value))

        def source_of(index: int, key: str) -> ValueSource:
            return self._source_of(ItemFieldRef(name, index, key).flat_name)

        parsed = read_list(spec, raw, source_of=source_of, check_value=check_value)
        if parsed is None:
            return
        for fault in self._faults_of(parsed):
            item_field = ItemFieldRef(name, fault.item_index, fault.key)
            self.bad_count += fault.code == "invalid_value"
            self.shortened_count += fault.code == "shortened"
            self._add_fault(
                fault.code,
                self.modifications.pointer_to_item_field(item_field),
                f"{item_field.flat_name} {fault.detail}.",
            )
            if fault.forbids_default or (
                fault.code == "invalid_value" and spec.on_bad == "fallback"
            ):
                self.rejected.append(self.faults[-1])
        self._add_missing_items(name, parsed)
        if parsed.items:
            self.values[name] = tuple(parsed.items)
            self.explicit_values[name] = tuple(parsed.explicit_items)

    def _faults_of(self, parsed: ParsedList) -> list[ItemFault]:
        """The faults of a list's items; with a base no value is required."""
        if self.base is None:
            return parsed.faults
        return [fault for fault in parsed.faults if fault.code != "missing_value"]

    def _add_missing_items(self, name: str, parsed: ParsedList) -> None:
        if self.base is None:
            self.missing_required += [
                ItemFieldRef(name, index, key).flat_name for index, key in parsed.missing_required
            ]

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

    def _source_of(self, name: str) -> ValueSource:
        """How the value of a name in a link is read: an open one was not written by Postcard."""
        if self.source.signed and name in self.restricted:
            return self.source._replace(signed=False)
        return self.source

    def _add_shortened(self, name: str, pointer: str, shortening: str) -> None:
        self.shortened_count += 1
        self._add_fault("shortened", pointer, f"{name} {shortening}.")

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
