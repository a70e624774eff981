"""Binds a request's changes to a template: cleaned, typed, bounded, defaults in their places."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from postcard.dataclass import dataclass
from postcard.errors import Fault
from postcard.json_text import read_json, write_json
from postcard.template.base import BaseLayer
from postcard.template.changes import Changes
from postcard.template.compiled import Template
from postcard.template.fields import AnyField, NumberField, TextField
from postcard.template.refusing import refuse
from postcard.template.speaking import alt
from postcard.template.values import (
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

    values: Mapping[str, Value | None]
    layers: LayerChanges = field(default_factory=dict)
    given: Mapping[str, Value] = field(default_factory=dict)
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
        fields = {name: link_text(value) for name, value in self.given.items()}
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
    shown = {n: f.example for n, f in fields.items() if f.example is not None}
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
        self.values: dict[str, Value | None] = {}
        self.given: dict[str, Value] = {}
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
        value = self._read(name, spec, raw, where)
        if value is not None:
            self.given[name] = self.values[name] = value
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

    def _read(self, name: str, spec: AnyField, raw: object, where: str) -> Value | None:
        try:
            return read_value(spec, raw, zone=self.template.zone)
        except BadValue as error:
            self.bad += 1
            self._fault("bad_value", where, f"{name} {error}.")
            return None

    def _bad_before(self, where: str) -> bool:
        return bool(self.faults) and self.faults[-1].pointer == where and where != "/modifications"

    def _fault(self, code: str, where: str, detail: str) -> None:
        self.faults.append(Fault(code, where, detail))


def _restored(spec: AnyField, raw: Any) -> Value | None:
    return read_date(raw) if spec.type == "date" and raw is not None else raw
