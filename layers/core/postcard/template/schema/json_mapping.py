"""Maps the template's dataclasses to and from JSON.

The classes are plain dataclasses, so that rendering imports no validation library. The metadata in
their annotations says the rest: bounds (`constraints`), `Validator` for further checks,
`TaggedUnion` for unions, `Liquid` for texts that may hold Liquid. pydantic reads the same metadata
at publish (`validation.parse`); `from_json` trusts a published document and validates nothing.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from postcard.runtime.lazy_dataclass import dataclass

Reader = Callable[[Any], Any]
T = TypeVar("T")
F = TypeVar("F", bound=Callable[[Any], Any])


def _cache(function: F) -> F:
    """`functools.cache` that keeps the function's signature: mypy takes types as not hashable."""
    cached: Any = cache(function)
    return cached  # type: ignore[no-any-return]


def json_name(attribute: str) -> str:
    """The JSON key of an attribute; attributes named like a Python keyword end in `_`.

    >>> json_name("if_"), json_name("schema_"), json_name("size")
    ('if', '$schema', 'size')
    """
    return "$schema" if attribute == "schema_" else attribute.removesuffix("_")


PYDANTIC_CONFIG = {
    "extra": "forbid",
    "strict": True,
    "alias_generator": json_name,
    "allow_inf_nan": False,
}
"""pydantic's configuration of every class of the document (as `__pydantic_config__`)."""


@dataclass(frozen=True, slots=True)
class Liquid:
    """Annotates a text that may hold Liquid, with the type of value that it yields."""

    value_type: Literal["text", "plain", "color", "image", "locale", "zone", "date", "number"] = (
        "plain"
    )

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> Any:
        """The value's schema with `x-liquid`, and the format of what the Liquid yields."""
        hint = SchemaHint(_FORMATS_OF_LIQUID.get(self.value_type))
        return hint.add_to({**handler(core_schema), "x-liquid": self.value_type})


_FORMATS_OF_LIQUID = {
    "color": "color",
    "image": "asset",
    "locale": "locale",
    "zone": "time-zone",
    "date": "moment",
}


@dataclass(frozen=True, slots=True)
class SchemaHint:
    """Annotates a value with JSON Schema keywords for an editor's form; it validates nothing."""

    format: str | None = None  # what a text is: `paint font condition …`
    unit: str | None = None  # of a number: `px deg em`

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> Any:
        """The value's schema with `format` and `x-unit`."""
        return self.add_to(handler(core_schema))

    def add_to(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema with the hint."""
        hints = {"format": self.format, "x-unit": self.unit}
        return {**schema, **{name: hint for name, hint in hints.items() if hint is not None}}


@dataclass(frozen=True, slots=True)
class Validator:
    """Annotates a value that pydantic checks at publish; `check` raises ValueError."""

    check: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of `source` with the check after it."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self._validate, handler(source))

    def _validate(self, value: T) -> T:
        self.check(value)
        return value


@dataclass(frozen=True, slots=True)
class TaggedUnion:
    """Annotates a union whose members are told apart by the JSON type or an object's `type`."""

    default_type: str | None = None  # of an object without `type`

    def tag(self, value: Any) -> str:
        """The JSON type of a value: `<text>`, `<list>`, …, or `{type}` for an object."""
        if isinstance(value, dict):
            return f"{{{value.get('type', self.default_type)}}}"
        return _JSON_TAGS.get(type(value), "<other>")

    def members(self, union: Any) -> dict[str, Any]:
        """The union's members by their tag."""
        return {tag: member for member in get_args(union) for tag in _tags(member)}

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of a union with `tag` as its discriminator."""
        from pydantic_core import core_schema

        schemas = {
            tag: handler.generate_schema(member) for tag, member in self.members(source).items()
        }
        return core_schema.tagged_union_schema(schemas, self.tag)


_JSON_TAGS = {
    str: "<text>",
    bool: "<boolean>",
    int: "<number>",
    float: "<number>",
    list: "<list>",
    tuple: "<list>",
}


def _tags(member: Any) -> tuple[str, ...]:
    bare = _strip_annotated(member)
    if is_dataclass(bare):
        type_field = next((f for f in fields(bare) if f.name == "type"), None)
        return (f"{{{type_field.default}}}",) if type_field else ("{None}",)
    if get_origin(bare) is Literal:
        return ("<text>",)
    return (_JSON_TAGS[get_origin(bare) or bare],)


def _strip_annotated(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _tagged_union(hint: Any) -> TaggedUnion | None:
    metadata = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((each for each in metadata if isinstance(each, TaggedUnion)), None)


@_cache
def annotations_by_key(cls: Any) -> Mapping[str, Any]:
    """The annotations of a dataclass by JSON key, in field order."""
    hints = get_type_hints(cls, include_extras=True)
    return {json_name(f.name): hints[f.name] for f in fields(cls) if f.init}


def without_nulls(value: Any) -> Any:
    """The JSON without members that are null, which mean the same as absent ones."""
    if isinstance(value, dict):
        return {
            k: v if k == "meta" else without_nulls(v) for k, v in value.items() if v is not None
        }
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def from_json(cls: type[T], value: Mapping[str, Any]) -> T:
    """An instance of `cls` from a trusted JSON object without nulls."""
    instance: T = reader_for(cls)(value)
    return instance


def resolve_union(hint: Any, value: Any) -> Any:
    """The annotation of `value` itself: its member of a union, without `| None`."""
    bare = _strip_annotated(hint)
    if tagged_union := _tagged_union(hint):
        return resolve_union(tagged_union.members(bare).get(tagged_union.tag(value)), value)
    if get_origin(bare) in (Union, types.UnionType):
        return resolve_union(next(m for m in get_args(bare) if m is not type(None)), value)
    return bare


@_cache
def reader_for(hint: Any) -> Reader:
    """The function that reads trusted JSON of an annotation."""
    bare, origin = _strip_annotated(hint), get_origin(_strip_annotated(hint))
    if tagged_union := _tagged_union(hint):
        return _union_reader(tagged_union, bare)
    if origin in (Union, types.UnionType):
        return reader_for(next(m for m in get_args(bare) if m is not type(None)))
    if is_dataclass(bare):
        return _object_reader(bare)
    if origin is tuple:
        return _tuple_reader(get_args(bare))
    if origin in (dict, Mapping):
        return _mapping_reader(get_args(bare)[1])
    return float if bare is float else _read_unchanged


def _read_unchanged(value: Any) -> Any:
    return value


def _union_reader(tagged_union: TaggedUnion, union: Any) -> Reader:
    members = tagged_union.members(union)

    def read_member(value: Any) -> Any:
        return reader_for(members[tagged_union.tag(value)])(value)

    return read_member


def _object_reader(cls: Any) -> Reader:
    attributes = {json_name(f.name): f.name for f in fields(cls) if f.init}

    def read_object(value: Any) -> Any:
        annotations = annotations_by_key(cls)
        return cls(**{attributes[k]: reader_for(annotations[k])(v) for k, v in value.items()})

    return read_object


def _tuple_reader(members: tuple[Any, ...]) -> Reader:
    if members[-1] is Ellipsis:
        return lambda value: tuple(reader_for(members[0])(item) for item in value)
    return lambda value: tuple(reader_for(m)(item) for m, item in zip(members, value, strict=True))


def _mapping_reader(member: Any) -> Reader:
    return lambda value: {k: reader_for(member)(v) for k, v in value.items()}
