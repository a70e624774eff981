"""The fields and layers that a request may address in a template."""

from dataclasses import fields

from postcard.ports import JsonObject
from postcard.template.compiled import Template
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.layers.base import BaseLayer

COMMON_PROPERTIES = ("type", "required", "open", "default", "example", "label")
VALUE_PROPERTY = {"text": "text", "image": "image_url"}


def field_list(template: Template) -> JsonObject:
    """Fields with their bounds, and named layers with the properties that they take."""
    listed = template.document.fields.items()
    return {
        "items": [_field(name, spec) for name, spec in listed],
        "layers": [_layer(name, layer) for name, layer in template.addressable_layers.items()],
    }


def _field(name: str, spec: AnyField) -> JsonObject:
    bounds = {
        f.name: getattr(spec, f.name)
        for f in fields(spec)
        if f.name not in (*COMMON_PROPERTIES, "items")
        and getattr(spec, f.name) not in (None, False)
    }
    if isinstance(spec, ListField):
        bounds["items"] = [_field(key, inner) for key, inner in spec.items.items()]
    common = {word: getattr(spec, word) for word in COMMON_PROPERTIES}
    return {"name": name, **common, **{k: _json(v) for k, v in bounds.items()}}


def _layer(name: str, layer: BaseLayer) -> JsonObject:
    words = [
        VALUE_PROPERTY.get(layer.type, "value") if w == "value" else w for w in layer.modifiable
    ]
    return {"name": name, "type": layer.type, "properties": [*words, "visible"]}


def _json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
