"""The places of a document that hold Liquid, found by the marks in its annotations."""

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
    """Liquid at `path` (attributes, keys and indexes) of a layer or document."""

    path: PropertyPath
    source: str
    liquid_template: LiquidTemplate
    value_type: str

    @property
    def pointer(self) -> str:
        """The JSON pointer from the layer or document."""
        return json_pointer(*(json_name(s) if isinstance(s, str) else s for s in self.path))


def find_slots(target: Any, *, exclude: frozenset[str] = frozenset()) -> tuple[LiquidSlot, ...]:
    """Every slot of a dataclass, but for the properties `without`."""
    return tuple(
        LiquidSlot((name, *path), source, parse_template(source), mark.value_type)
        for name, hint, value in _changed_properties(target)
        if name not in exclude
        for path, source, mark in _find_liquid(hint, value)
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
    kind: Any = type(target)
    made: T = object.__new__(kind)
    names, read = _field_getter(kind)
    for name, kept in zip(names, read(target), strict=True):
        object.__setattr__(made, name, kept)
    object.__setattr__(made, field_name, value)
    return made


@cache
def _field_getter(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """The names of a dataclass's fields, and what reads all of them."""
    names = tuple(f.name for f in fields(cls))
    return names, attrgetter(*names) if len(names) > 1 else lambda one: (getattr(one, names[0]),)


def reset_to_default(target: T, path: PropertyPath) -> T:
    """A copy with the property that `path` lies in at its default.

    A property without a default inside a list or mapping counts with the nearest one above.
    """
    for length in range(len(path), 0, -1):
        holder = value_at(target, path[: length - 1])
        default = _field_default(holder, path[length - 1])
        if default is not MISSING:
            return replace_at(target, path[:length], default)
    return target


def value_at(target: Any, path: PropertyPath) -> Any:
    """The value at `path`."""
    for step in path:
        is_member = isinstance(target, tuple | Mapping)
        target = target[step] if is_member else getattr(target, str(step))
    return target


def _field_default(holder: Any, step: str | int) -> Any:
    if not is_dataclass(holder):
        return MISSING
    return next(f.default for f in fields(holder) if f.name == step)


def _changed_properties(target: Any) -> Iterator[tuple[str, Any, Any]]:
    known = annotations_by_key(type(target))
    for f in fields(target):
        value = getattr(target, f.name)
        if value is not None and value != f.default:
            yield f.name, known[json_name(f.name)], value


def _find_liquid(hint: Any, value: Any) -> Iterator[tuple[PropertyPath, str, Liquid]]:
    if isinstance(value, str):
        if has_liquid(value) and (mark := _liquid_annotation(hint)):
            yield (), value, mark
        return
    if is_dataclass(value):
        inner: Iterator[tuple[str | int, Any, Any]] = _changed_properties(value)
    else:
        inner = _member_annotations(hint, value)
    for step, member, item in inner:
        for path, source, mark in _find_liquid(member, item):
            yield (step, *path), source, mark


def _member_annotations(hint: Any, value: Any) -> Iterator[tuple[str | int, Any, Any]]:
    bare = resolve_union(hint, value)
    arguments = get_args(bare)
    if isinstance(value, Mapping) and get_origin(bare) is not None:
        yield from ((key, arguments[1], item) for key, item in value.items())
    elif isinstance(value, tuple):
        every = arguments[-1] is Ellipsis
        for index, item in enumerate(value):
            yield index, arguments[0] if every else arguments[index], item


def _liquid_annotation(hint: Any) -> Liquid | None:
    """The mark of a text: on the annotation itself, or on the union's member for texts."""
    for annotation in _text_annotations(hint):
        for mark in getattr(annotation, "__metadata__", ()):
            if isinstance(mark, Liquid):
                return mark
    return None


def _text_annotations(hint: Any) -> Iterator[Any]:
    """An annotation and the members inside it that a text can be."""
    yield hint
    bare = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    if get_origin(bare) is not tuple:
        for member in get_args(bare):
            yield from _text_annotations(member)
