"""Finds the properties of a document that hold Liquid, and replaces their values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin

from postcard.json_text import json_pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.liquid.parse import LiquidTemplate, parse_template
from postcard.template.schema.json_mapping import (
    Liquid,
    annotations_by_key,
    json_name,
    resolve_union,
)
from postcard.template.schema.validators import has_liquid

T = TypeVar("T")
PropertyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LiquidSlot:
    """A text with Liquid at `path` (attributes, keys and indexes) of a layer or document."""

    path: PropertyPath
    source: str
    liquid_template: LiquidTemplate
    value_type: str

    @property
    def pointer(self) -> str:
        """The JSON pointer from the layer or document."""
        return json_pointer(*(json_name(s) if isinstance(s, str) else s for s in self.path))


def find_slots(target: Any, *, exclude: frozenset[str] = frozenset()) -> tuple[LiquidSlot, ...]:
    """All slots of a layer or document, without those in the properties `exclude`."""
    return tuple(
        LiquidSlot((name, *path), source, parse_template(source), liquid.value_type)
        for name, hint, value in _changed_properties(target)
        if name not in exclude
        for path, source, liquid in _find_liquid(hint, value)
    )


def replace_at(target: T, path: PropertyPath, value: Any) -> T:
    """A copy with another value at `path`."""
    if not path:
        return value  # type: ignore[no-any-return]
    head, rest = path[0], path[1:]
    if isinstance(target, tuple):
        items = list(target)
        items[int(head)] = replace_at(items[int(head)], rest, value)
        return tuple(items)  # type: ignore[return-value]
    if isinstance(target, Mapping):
        return {**target, head: replace_at(target[head], rest, value)}  # type: ignore[return-value]
    return _replace_field(target, str(head), replace_at(getattr(target, str(head)), rest, value))


def _replace_field(target: T, field_name: str, value: Any) -> T:
    """A copy with another value; `dataclasses.replace` takes four times as long."""
    cls: Any = type(target)
    replaced: T = object.__new__(cls)
    names, get_values = _field_getter(cls)
    for name, old_value in zip(names, get_values(target), strict=True):
        object.__setattr__(replaced, name, old_value)
    object.__setattr__(replaced, field_name, value)
    return replaced


@cache
def _field_getter(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """The names of a dataclass's fields, and a function that returns all their values."""
    names = tuple(f.name for f in fields(cls))
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda target: (getattr(target, names[0]),)


def reset_to_default(target: T, path: PropertyPath) -> T:
    """A copy with the innermost property on `path` that has a default reset to that default."""
    for length in range(len(path), 0, -1):
        parent = value_at(target, path[: length - 1])
        default = _field_default(parent, path[length - 1])
        if default is not MISSING:
            return replace_at(target, path[:length], default)
    return target


def value_at(target: Any, path: PropertyPath) -> Any:
    """The value at `path`."""
    for step in path:
        is_member = isinstance(target, tuple | Mapping)
        target = target[step] if is_member else getattr(target, str(step))
    return target


def _field_default(parent: Any, step: str | int) -> Any:
    if not is_dataclass(parent):
        return MISSING
    return next(f.default for f in fields(parent) if f.name == step)


def _changed_properties(target: Any) -> Iterator[tuple[str, Any, Any]]:
    """The name, annotation and value of each property that is not at its default."""
    annotations = annotations_by_key(type(target))
    for f in fields(target):
        value = getattr(target, f.name)
        if value is not None and value != f.default:
            yield f.name, annotations[json_name(f.name)], value


def _find_liquid(hint: Any, value: Any) -> Iterator[tuple[PropertyPath, str, Liquid]]:
    """The path, source and annotation of each text with Liquid inside a value."""
    if isinstance(value, str):
        if has_liquid(value) and (liquid := _liquid_annotation(hint)):
            yield (), value, liquid
        return
    if is_dataclass(value):
        members: Iterator[tuple[str | int, Any, Any]] = _changed_properties(value)
    else:
        members = _member_annotations(hint, value)
    for step, member_hint, member in members:
        for path, source, liquid in _find_liquid(member_hint, member):
            yield (step, *path), source, liquid


def _member_annotations(hint: Any, value: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """The key or index, annotation and value of each member of a mapping or tuple."""
    bare = resolve_union(hint, value)
    arguments = get_args(bare)
    if isinstance(value, Mapping) and get_origin(bare) is not None:
        yield from ((key, arguments[1], item) for key, item in value.items())
    elif isinstance(value, tuple):
        is_uniform = arguments[-1] is Ellipsis
        for index, item in enumerate(value):
            yield index, arguments[0] if is_uniform else arguments[index], item


def _liquid_annotation(hint: Any) -> Liquid | None:
    """The `Liquid` of a text: on the annotation itself, or on the union's member for texts."""
    for annotation in _text_annotations(hint):
        for metadata in getattr(annotation, "__metadata__", ()):
            if isinstance(metadata, Liquid):
                return metadata
    return None


def _text_annotations(hint: Any) -> Iterator[Any]:
    """An annotation and the members of its union; not those of a tuple, which no text can be."""
    yield hint
    bare = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    if get_origin(bare) is not tuple:
        for member in get_args(bare):
            yield from _text_annotations(member)
