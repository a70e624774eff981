"""Binds a request's changes to a template: cleaned, typed, bounded, defaults in their places."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Literal

from postcard.errors import Fault, refuse
from postcard.json_text import read_json, write_json
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.evaluator import alt
from postcard.template.fields.field_types import (
    AnyField,
    ListField,
    NumberField,
    SingleField,
    TextField,
)
from postcard.template.fields.list_values import Place, read_list
from postcard.template.fields.values import (
    AnyValue,
    BadValue,
    Value,
    clean_text,
    is_missing,
    link_text,
    read_boolean,
    read_color,
    read_date,
    read_image,
    read_value,
    written,
)
from postcard.template.layers.base import BaseLayer
from postcard.template.modifications import Changes

Mode = Literal["error", "default", "link"]
LayerChanges = Mapping[str, Mapping[str, str | bool]]
_LAYER_TEXT = TextField(max_length=5000)
_LAYER_NUMBER = NumberField()


@dataclass(frozen=True, slots=True)
class Bound:
    """A template's values for one picture.

    `values` has every field (None: missing, no default); `given` those that the request said
    itself. `missing_required` are required fields without a value: by link the fallback picture.
    `counted` is how many values a link had that were bad or unknown.
    """

    values: Mapping[str, AnyValue | None]
    layers: LayerChanges = field(default_factory=dict)
    given: Mapping[str, AnyValue] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    missing_required: tuple[str, ...] = ()
    counted: int = 0

    def canonical(self) -> str:
        """One text for one picture's values: for image ids, and to `restore` from."""
        values = {n: written(v) for n, v in self.values.items() if v is not None}
        return write_json({"layers": self.layers, "values": values})

    @classmethod
    def restore(cls, template: Template, canonical: str) -> "Bound":
        """The values that `canonical` told; they were bound once and are trusted."""
        kept = read_json(canonical)
        raw = kept["values"]
        values = {n: _restored(f, raw.get(n)) for n, f in template.document.fields.items()}
        required = (n for n, f in template.document.fields.items() if f.required)
        missing = tuple(n for n in required if values[n] is None)
        return cls(values, kept["layers"], missing_required=missing)

    def alt(self, template: Template) -> str:
        """The text beside the picture."""
        return alt(template, self.values)

    def link_fields(self) -> dict[str, str]:
        """What the request gave, as a link writes it: `name` and `name.property`."""
        fields = dict(_flat(self.given))
        for name, properties in self.layers.items():
            for key, value in properties.items():
                fields[name if key == "value" else f"{name}.{key}"] = link_text(value)
        return fields


def bind(template: Template, changes: Changes, *, mode: Mode) -> Bound:
    """The values of a picture.

    `error` raises `BadRequest` with every fault; `default` and `link` put defaults in their place
    and tell by `warnings`, `missing_required` and `counted`.
    """
    binding = _Binding(template, changes, mode)
    for name in template.document.fields:
        binding.field(name)
    for name, properties in changes.layers.items():
        for key, raw in properties.items():
            binding.layer(name, key, raw)
    if mode == "error":
        refuse(binding.faults)
    return binding.bound()


def defaults(template: Template) -> Bound:
    """Every field at its default."""
    return bind(template, Changes(), mode="link")


def examples(template: Template) -> Bound:
    """Every field at its example, or else its default: what is drawn at publish."""
    fields = template.document.fields
    shown = {n: example for n, f in fields.items() if (example := example_of(f)) is not None}
    return bind(template, Changes(shown), mode="link")


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
        return link_text(read_value(_LAYER_NUMBER, given) or 0)
    text = str(read_value(_LAYER_TEXT, given))
    try:
        layer.check_value(text)
    except ValueError as error:
        raise BadValue(str(error)) from None
    return text


class _Binding:
    """One binding at work."""

    def __init__(self, template: Template, changes: Changes, mode: Mode) -> None:
        self.template, self.changes, self.mode = template, changes, mode
        self.values: dict[str, AnyValue | None] = {}
        self.given: dict[str, AnyValue] = {}
        self.layers: dict[str, dict[str, str | bool]] = {}
        self.faults: list[Fault] = []
        self.missing: list[str] = []
        self.bad = 0

    def bound(self) -> Bound:
        warnings = tuple(self.faults) if self.mode == "default" else ()
        counted = self.bad + len(self.changes.left_out)
        return Bound(self.values, self.layers, self.given, warnings, tuple(self.missing), counted)

    def field(self, name: str) -> None:
        """One field's value, or what stands for it."""
        spec = self.template.document.fields[name]
        raw = self.changes.fields.get(name)
        where = self.changes.where(name, "")
        if self._found(name, spec, raw, where):
            return
        self.values[name] = self.template.defaults[name]
        if self.values[name] is None and spec.required:
            self.missing.append(name)
        if self._bad_before(where):
            return
        if spec.required:
            self._fault("missing_value", where, f"{name} is required and has no value.")
        elif raw is not None and self.mode == "default":
            self._fault("missing_value", where, f"{name} has no value; its default is shown.")

    def layer(self, name: str, key: str, raw: object) -> None:
        """One property of a named layer; blank leaves what the document says."""
        try:
            value = read_layer_value(self.template.named[name], key, raw)
        except BadValue as error:
            self.bad += 1
            self._fault("bad_value", self.changes.where(name, key), f"{name}.{key} {error}.")
            return
        if value is not None:
            self.layers.setdefault(name, {})[key] = value

    def _found(self, name: str, spec: AnyField, raw: object, where: str) -> bool:
        """Whether the request gave the field a value."""
        try:
            if isinstance(spec, ListField):
                self._items(name, spec, raw)
            else:
                self._single(name, spec, raw)
        except BadValue as error:
            self.bad += 1
            self._fault("bad_value", where, f"{name} {error}.")
        return name in self.given

    def _single(self, name: str, spec: SingleField, raw: object) -> None:
        value = read_value(spec, raw, zone=self.template.zone)
        if value is not None:
            self.given[name] = self.values[name] = value

    def _items(self, name: str, spec: ListField, raw: object) -> None:
        """A list's items, each with the defaults of its fields."""
        if (read := read_list(spec, raw, zone=self.template.zone)) is None:
            return
        for wrong in read.wrong:
            place = Place(name, wrong.at, wrong.key)
            self.bad += wrong.code == "bad_value"
            self._fault(wrong.code, self.changes.where_in(place), f"{place.flat} {wrong.says}.")
        self.missing += [Place(name, *lacking).flat for lacking in read.lacking]
        if read.values:
            self.values[name], self.given[name] = tuple(read.values), tuple(read.given)

    def _bad_before(self, where: str) -> bool:
        told = bool(self.faults) and where != "/modifications"
        return told and f"{self.faults[-1].pointer}/".startswith(f"{where}/")

    def _fault(self, code: str, where: str, detail: str) -> None:
        self.faults.append(Fault(code, where, detail))


def example_of(spec: AnyField) -> Any:
    """A field's example as it is written; a list without one has an item of its fields' own."""
    if spec.example is not None or not isinstance(spec, ListField):
        return spec.example
    item = {key: inner.example for key, inner in spec.items.items() if inner.example is not None}
    return [item] if item and spec.default is None else None


def _flat(given: Mapping[str, AnyValue]) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        if not isinstance(value, tuple):
            yield name, link_text(value)
            continue
        for index, item in enumerate(value):
            for key, one in item.items():
                if one is not None:
                    yield Place(name, index, key).flat, link_text(one)


def _restored(spec: AnyField, raw: Any) -> AnyValue | None:
    if raw is None or not isinstance(spec, ListField):
        return _restored_one(spec, raw)
    return tuple({k: _restored_one(f, one.get(k)) for k, f in spec.items.items()} for one in raw)


def _restored_one(spec: AnyField, raw: Any) -> Value | None:
    return read_date(raw) if spec.type == "date" and raw is not None else raw
