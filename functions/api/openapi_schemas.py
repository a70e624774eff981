"""Writes pydantic's JSON Schemas in the forms that client generators read.

Generators leave out a schema with a number `enum` or a boolean `const`, turn a `default` of a
request into a property that must be sent, and name an inline object after its place.
"""

from collections.abc import Iterator
from typing import Any

JsonSchema = dict[str, Any]
# What they have depends on the request.
_WITH_OPTIONAL = ("Finding", "PatchOperation", "Problem", "PreviewResponse")
_SHARED = ("Modification",)  # titles of inline objects that become schemas of their own


def simplify_schemas(schemas: JsonSchema, *, requests: set[str]) -> JsonSchema:
    """The schemas of `components`; `requests` are the names of those that requests send."""
    shared: JsonSchema = {}
    simplified = {name: _simplify(schema, shared) for name, schema in schemas.items()}
    for name, schema in simplified.items():
        if name in requests:
            _describe_defaults(schema)
        elif "properties" in schema:
            _drop_defaults(schema)
            if name not in _WITH_OPTIONAL:
                schema["required"] = list(schema["properties"])  # may be null, is always there
    return {**simplified, **shared}


def request_schemas(paths: JsonSchema, schemas: JsonSchema) -> set[str]:
    """The names of the schemas of request bodies, and of those inside them."""
    found: set[str] = set()
    waiting = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for operations in paths.values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    while waiting:
        for name in set(_referenced(waiting.pop())) - found:
            found.add(name)
            waiting.append(schemas[name])
    return found


def _referenced(schema: Any) -> Iterator[str]:
    """The names of the schemas that a schema refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _referenced(part)


def _simplify(part: Any, shared: JsonSchema) -> Any:
    if isinstance(part, list):
        return [_simplify(each, shared) for each in part]
    if not isinstance(part, dict):
        return part
    schema = {
        name: value if name in ("examples", "example") else _simplify(value, shared)
        for name, value in part.items()
    }
    if "const" in schema and not isinstance(schema["const"], dict):
        schema |= _constant(schema.pop("const"))
    if schema.get("type") == "number" and "enum" in schema:
        numbers = schema.pop("enum")
        schema.pop("exclusiveMinimum", None)
        schema |= {"minimum": min(numbers), "maximum": max(numbers)}
    if schema.get("type") == "integer":
        schema |= dict(_whole_bounds(schema))
    if schema.get("title") in _SHARED and "properties" in schema:
        shared[schema["title"]] = schema
        return {"$ref": f"#/components/schemas/{schema['title']}"}
    return schema


def _constant(value: Any) -> JsonSchema:
    if isinstance(value, bool):
        return {"type": "boolean", "examples": [value]}
    return {"type": "string", "enum": [value]}


def _whole_bounds(schema: JsonSchema) -> Iterator[tuple[str, int]]:
    for name in ("minimum", "maximum"):
        if name in schema:
            yield name, int(schema[name])


def _describe_defaults(schema: JsonSchema) -> None:
    """Say defaults in words: a client that sends what its caller left out cannot be extended."""
    for details in schema.get("properties", {}).values():
        if "default" not in details:
            continue
        default = details.pop("default")
        words = str(default).lower() if isinstance(default, bool) else default
        if default not in ([], {}) and "Default:" not in details.get("description", ""):
            said = details.get("description")
            details["description"] = f"{said} Default: {words}." if said else f"Default: {words}."


def _drop_defaults(schema: JsonSchema) -> None:
    for details in schema["properties"].values():
        details.pop("default", None)
