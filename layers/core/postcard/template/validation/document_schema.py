"""The JSON Schema of template documents, with what a form needs to offer each property.

Beside pydantic's own keywords it has `title` and `x-group` of each property, `x-unit` of numbers,
`x-liquid` and `format` of texts, and `x-default` of a property whose absence has a meaning of its
own. A new layer type needs nothing here: its properties are grouped by what they are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from postcard.template.layers.base import BaseLayer
from postcard.template.properties.text_style import TextProperties
from postcard.template.schema.json_mapping import annotations_by_key, json_name
from postcard.template.validation.parse import document_adapter
from postcard.text.style import ParagraphStyle, TextStyle

Schema = dict[str, Any]
TEXT_PROPERTIES = frozenset(json_name(field.name) for field in fields(TextProperties))
_GROUPS = {
    **dict.fromkeys(("type", "name", "if", "meta"), "layer"),
    **dict.fromkeys(("x", "y", "width", "height", "rotation"), "box"),
    **dict.fromkeys(("opacity", "blend", "shadow", "filter"), "effects"),
    **dict.fromkeys(("style", "emphasis"), "text"),
    **dict.fromkeys(("flow", "gap", "align", "justify", "padding", "clip"), "layout"),
}
_DOCUMENT_GROUPS = {
    **dict.fromkeys(("width", "height", "background", "color", "font", "direction"), "canvas"),
    **dict.fromkeys(("locale", "time_zone", "numerals", "countdown"), "language"),
    **dict.fromkeys(("alt", "format", "quality", "max_bytes"), "file"),
    **dict.fromkeys(("fallback", "ended"), "fallbacks"),
}
_PAINT_FORMATS = ("paint", "color", "radius")
_PAINT_TYPES = ("Stroke", "Border")
_TITLES = {
    "d": "Path data",
    "if": "Shown if",
    "as": "Item name",
    "alt": "Alternative text",
    "color": "Colour",
    "valign": "Vertical align",
    "min_size": "Smallest size",
    "max_lines": "Most lines",
    "max_bytes": "Most bytes",
    "max_length": "Longest value",
}


@cache
def document_schema() -> Schema:
    """The schema, built once a process: do not change it."""
    return describe_schema(document_adapter().json_schema(by_alias=True))


@cache
def document_schema_text() -> str:
    """The schema as JSON text, built once a process."""
    return json.dumps(document_schema(), ensure_ascii=False)


def describe_schema(schema: Schema) -> Schema:
    """Pydantic's schema of a document with titles, groups and the defaults of text properties."""
    layer_properties = set(annotations_by_key(BaseLayer))
    definitions = {}
    for name, definition in schema.get("$defs", {}).items():
        properties = definition.get("properties", {})
        is_layer = layer_properties <= properties.keys()
        has_text = len(TEXT_PROPERTIES & properties.keys()) > 1
        described = {
            key: _describe(key, inner, is_layer=is_layer, has_text=has_text)
            for key, inner in properties.items()
        }
        definitions[name] = {**definition, "properties": described} if properties else definition
    root = {
        key: {**inner, "title": _title(key), "x-group": _DOCUMENT_GROUPS.get(key, "document")}
        for key, inner in schema["properties"].items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Postcard template",
        "properties": root,
        "$defs": definitions,
    }


def _describe(name: str, schema: Schema, *, is_layer: bool, has_text: bool) -> Schema:
    described = {**schema, "title": _title(name)}
    is_text_property = has_text and name in TEXT_PROPERTIES
    if is_layer:
        described["x-group"] = "text" if is_text_property else _group(name, schema)
    if is_text_property and name in _text_defaults():
        described["x-default"] = _text_defaults()[name]
    return described


def _title(name: str) -> str:
    """The words of a property's name.

    >>> _title("letter_spacing")
    'Letter spacing'
    """
    return _TITLES.get(name) or name.lstrip("$").replace("_", " ").capitalize()


def _group(name: str, schema: Schema) -> str:
    if name in _GROUPS:
        return _GROUPS[name]
    parts = list(_alternatives(schema))
    types = [part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part]
    is_paint = any(part.get("format") in _PAINT_FORMATS for part in parts)
    return "paint" if is_paint or any(one in _PAINT_TYPES for one in types) else "content"


def _alternatives(schema: Schema) -> Iterator[Schema]:
    """A property's schema and those of which it is a union."""
    yield schema
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _alternatives(inner)


@cache
def _text_defaults() -> Mapping[str, Any]:
    """What a text has whose properties, style and document state nothing."""
    defaults = {**TextStyle._field_defaults, **ParagraphStyle._field_defaults}
    simple = {n: v for n, v in defaults.items() if isinstance(v, str | int | float) and v != ""}
    return {**simple, "transform": "none"}
