"""The parts of a document, each with what the schema says of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from postcard.template.validation.parse import json_schema

SCHEMA = json_schema()
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
    for said in _alternatives(node):
        yield Part(name, path, said, value)
        for member, key, own in _members(said, value, name):
            yield from _walk(member, value[key], (*path, key), own)


def _alternatives(node: Any) -> Iterator[Any]:
    """What a value may be: references followed, unions taken apart."""
    if "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]
    inner = node.get("anyOf") or node.get("oneOf")
    if not inner:
        yield node
    for one in inner or ():
        yield from _alternatives(one)


def _members(said: Any, value: Any, name: str) -> Iterator[tuple[Any, str | int, str]]:
    """The schemas, keys and names of what is inside a value, if the schema is of its kind."""
    if isinstance(value, list) and said.get("type") == "array":
        places = said.get("prefixItems") or [said.get("items", {})] * len(value)
        for index, place in enumerate(places[: len(value)]):
            yield place, index, f"{name}[{index if 'prefixItems' in said else ''}]"
    elif isinstance(value, dict) and "properties" in said:
        own = said["properties"]
        kind = own.get("type", {})
        if set(value) <= set(own) and value.get("type", kind.get("default")) == kind.get("const"):
            yield from ((own[key], key, f"{said['title']}.{key}") for key in value)
    elif isinstance(value, dict) and isinstance(said.get("additionalProperties"), dict):
        yield from ((said["additionalProperties"], key, name) for key in value)
