"""Walks over a document's values, each with its part of the JSON Schema."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from postcard.template.validation.document_schema import document_schema

SCHEMA = document_schema()
Path = tuple[str | int, ...]


class Part(NamedTuple):
    """A value at `path`; `name` is `Shadow.blur`, or `Image.position[0]` inside a list."""

    name: str
    path: Path
    schema: dict[str, Any]
    value: Any


def walk_parts(document: Any) -> Iterator[Part]:
    """Every part of a document, from the outside inwards."""
    yield from _walk(SCHEMA, document, (), "Document")


def _walk(node: Any, value: Any, path: Path, name: str) -> Iterator[Part]:
    for schema in _alternatives(node):
        yield Part(name, path, schema, value)
        for member_schema, key, member_name in _members(schema, value, name):
            yield from _walk(member_schema, value[key], (*path, key), member_name)


def _alternatives(node: Any) -> Iterator[Any]:
    """The schemas of a node: references are resolved, unions split into their members."""
    if "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]
    inner = node.get("anyOf") or node.get("oneOf")
    if not inner:
        yield node
    for alternative in inner or ():
        yield from _alternatives(alternative)


def _members(schema: Any, value: Any, name: str) -> Iterator[tuple[Any, str | int, str]]:
    """The schema, key and name of each member of a value, if the schema is of the value's type."""
    if isinstance(value, list) and schema.get("type") == "array":
        item_schemas = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        for index, item_schema in enumerate(item_schemas[: len(value)]):
            yield item_schema, index, f"{name}[{index if 'prefixItems' in schema else ''}]"
    elif isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        type_schema = properties.get("type", {})
        if set(value) <= set(properties) and value.get(
            "type", type_schema.get("default")
        ) == type_schema.get("const"):
            yield from ((properties[key], key, f"{schema['title']}.{key}") for key in value)
    elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        yield from ((schema["additionalProperties"], key, name) for key in value)
