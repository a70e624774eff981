"""How the template's dataclasses are written in JSON.

The classes are plain dataclasses, so drawing needs no validation library. The marks in their
annotations say the rest: bounds, `Rule` for what a written value must keep, `Choice` for unions,
`Liquid` for what may hold Liquid. pydantic reads the same marks at the door
(`document.parse`); `read` trusts a stored document and only gives it its types.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from postcard.runtime.lazy_dataclass import dataclass

Reader = Callable[[Any], Any]
T = TypeVar("T")


def json_name(attribute: str) -> str:
    """The JSON key of an attribute: Python's own words end in `_` here.

    >>> written_name("if_"), written_name("schema_"), written_name("size")
    ('if', '$schema', 'size')
    """
    return "$schema" if attribute == "schema_" else attribute.removesuffix("_")


PYDANTIC_CONFIG = {
    "extra": "forbid",
    "strict": True,
    "alias_generator": json_name,
    "allow_inf_nan": False,
}
"""What pydantic is told about every class of the document (as `__pydantic_config__`)."""


@dataclass(frozen=True, slots=True)
class Liquid:
    """Marks a text that may hold Liquid, and the kind of value that it yields."""

    value_type: Literal["text", "plain", "color", "image", "locale", "zone", "date", "number"] = (
        "plain"
    )


@dataclass(frozen=True, slots=True)
class Validator:
    """What a written value must keep, asked at the door only: `holds` raises ValueError."""

    check: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of `source` with the rule behind it."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self._validate, handler(source))

    def _validate(self, value: T) -> T:
        self.check(value)
        return value


@dataclass(frozen=True, slots=True)
class TaggedUnion:
    """Tells the members of a union apart by the kind of JSON that is written."""

    default_type: str | None = None  # the `type` of an object that does not say one

    def tag(self, value: Any) -> str:
        """The kind of a JSON value: `<text>`, `<list>`, … and for an object its `{type}`."""
        if isinstance(value, dict):
            return f"{{{value.get('type', self.default_type)}}}"
        return _JSON_TAGS.get(type(value), "<other>")

    def members(self, union: Any) -> dict[str, Any]:
        """The union's members by their tag."""
        return {tag: member for member in get_args(union) for tag in _tags(member)}

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """A union told apart by `tag`."""
        from pydantic_core import core_schema

        choices = {
            tag: handler.generate_schema(member) for tag, member in self.members(source).items()
        }
        return core_schema.tagged_union_schema(choices, self.tag)


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
        kind = next((f for f in fields(bare) if f.name == "type"), None)
        return (f"{{{kind.default}}}",) if kind else ("{None}",)
    if get_origin(bare) is Literal:
        return ("<text>",)
    return (_JSON_TAGS[get_origin(bare) or bare],)


def _strip_annotated(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def annotations_by_key(cls: Any) -> Mapping[str, Any]:
    """The annotations of a class by JSON key, in their order."""
    return _cached_annotations(cls)


@cache
def _cached_annotations(cls: Any) -> Mapping[str, Any]:
    known = get_type_hints(cls, include_extras=True)
    return {json_name(f.name): known[f.name] for f in fields(cls) if f.init}


def without_nulls(value: Any) -> Any:
    """The same JSON without the members that are null (null is the same as not given)."""
    if isinstance(value, dict):
        return {
            k: v if k == "meta" else without_nulls(v) for k, v in value.items() if v is not None
        }
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def from_json(cls: type[T], value: Mapping[str, Any]) -> T:
    """A trusted JSON object (without nulls) as an instance of `cls`."""
    built: T = reader_for(cls)(value)
    return built


def resolve_union(hint: Any, value: Any) -> Any:
    """The annotation that holds for `value` itself: unions and `| None` resolved."""
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    bare = _strip_annotated(hint)
    choice = next((mark for mark in marks if isinstance(mark, TaggedUnion)), None)
    if choice:
        return resolve_union(choice.members(bare).get(choice.tag(value)), value)
    if get_origin(bare) in (Union, types.UnionType):
        return resolve_union(next(m for m in get_args(bare) if m is not type(None)), value)
    return bare


def reader_for(hint: Any) -> Reader:
    """What reads the JSON of an annotation; made once for each."""
    return _build_reader(hint)


@cache
def _build_reader(hint: Any) -> Reader:
    bare, origin = _strip_annotated(hint), get_origin(_strip_annotated(hint))
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    tagged_union = next((mark for mark in marks if isinstance(mark, TaggedUnion)), None)
    if tagged_union:
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
        known = annotations_by_key(cls)
        return cls(**{attributes[k]: reader_for(known[k])(v) for k, v in value.items()})

    return read_object


def _tuple_reader(members: tuple[Any, ...]) -> Reader:
    if members[-1] is Ellipsis:
        return lambda value: tuple(reader_for(members[0])(item) for item in value)
    return lambda value: tuple(reader_for(m)(item) for m, item in zip(members, value, strict=True))


def _mapping_reader(member: Any) -> Reader:
    return lambda value: {k: reader_for(member)(v) for k, v in value.items()}
