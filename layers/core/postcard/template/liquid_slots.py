"""The places of a document that hold Liquid, found by the marks in its annotations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin

from postcard.json_text import pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.liquid.programs import Program, parse_text
from postcard.template.schema.json_mapping import Liquid, hints, member_at, written_name
from postcard.template.schema.validators import has_liquid

T = TypeVar("T")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """Liquid at `path` (attributes, keys and indexes) of a layer or document."""

    path: Path
    source: str
    program: Program
    yields: str

    @property
    def pointer(self) -> str:
        """The JSON pointer from the layer or document."""
        return pointer(*(written_name(s) if isinstance(s, str) else s for s in self.path))


def slots_of(written: Any, *, without: frozenset[str] = frozenset()) -> tuple[Slot, ...]:
    """Every slot of a dataclass, but for the properties `without`."""
    return tuple(
        Slot((name, *path), source, parse_text(source), mark.yields)
        for name, hint, value in _properties(written)
        if name not in without
        for path, source, mark in _marked(hint, value)
    )


def put(written: T, path: Path, value: Any) -> T:
    """A copy with another value at `path`."""
    if not path:
        return value  # type: ignore[no-any-return]
    head, rest = path[0], path[1:]
    if isinstance(written, tuple):
        items = list(written)
        items[int(head)] = put(items[int(head)], rest, value)
        return tuple(items)  # type: ignore[return-value]
    if isinstance(written, Mapping):
        return {**written, head: put(written[head], rest, value)}  # type: ignore[return-value]
    return _with(written, str(head), put(getattr(written, str(head)), rest, value))


def _with(written: T, changed: str, value: Any) -> T:
    """A copy with another value; `dataclasses.replace` takes four times as long."""
    kind: Any = type(written)
    made: T = object.__new__(kind)
    names, read = _reader(kind)
    for name, kept in zip(names, read(written), strict=True):
        object.__setattr__(made, name, kept)
    object.__setattr__(made, changed, value)
    return made


@cache
def _reader(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """The names of a dataclass's fields, and what reads all of them."""
    names = tuple(f.name for f in fields(cls))
    return names, attrgetter(*names) if len(names) > 1 else lambda one: (getattr(one, names[0]),)


def put_default(written: T, path: Path) -> T:
    """A copy with the property that `path` lies in at its default.

    A property without a default inside a list or mapping counts with the nearest one above.
    """
    for length in range(len(path), 0, -1):
        holder = at(written, path[: length - 1])
        default = _default(holder, path[length - 1])
        if default is not MISSING:
            return put(written, path[:length], default)
    return written


def at(written: Any, path: Path) -> Any:
    """The value at `path`."""
    for step in path:
        is_member = isinstance(written, tuple | Mapping)
        written = written[step] if is_member else getattr(written, str(step))
    return written


def _default(holder: Any, step: str | int) -> Any:
    if not is_dataclass(holder):
        return MISSING
    return next(f.default for f in fields(holder) if f.name == step)


def _properties(written: Any) -> Iterator[tuple[str, Any, Any]]:
    known = hints(type(written))
    for f in fields(written):
        value = getattr(written, f.name)
        if value is not None and value != f.default:
            yield f.name, known[written_name(f.name)], value


def _marked(hint: Any, value: Any) -> Iterator[tuple[Path, str, Liquid]]:
    if isinstance(value, str):
        if has_liquid(value) and (mark := _mark(hint)):
            yield (), value, mark
        return
    if is_dataclass(value):
        inner: Iterator[tuple[str | int, Any, Any]] = _properties(value)
    else:
        inner = _members(hint, value)
    for step, member, item in inner:
        for path, source, mark in _marked(member, item):
            yield (step, *path), source, mark


def _members(hint: Any, value: Any) -> Iterator[tuple[str | int, Any, Any]]:
    bare = member_at(hint, value)
    arguments = get_args(bare)
    if isinstance(value, Mapping) and get_origin(bare) is not None:
        yield from ((key, arguments[1], item) for key, item in value.items())
    elif isinstance(value, tuple):
        every = arguments[-1] is Ellipsis
        for index, item in enumerate(value):
            yield index, arguments[0] if every else arguments[index], item


def _mark(hint: Any) -> Liquid | None:
    """The mark of a text: on the annotation itself, or on the union's member for texts."""
    for annotation in _annotations(hint):
        for mark in getattr(annotation, "__metadata__", ()):
            if isinstance(mark, Liquid):
                return mark
    return None


def _annotations(hint: Any) -> Iterator[Any]:
    """An annotation and the members inside it that a text can be."""
    yield hint
    bare = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    if get_origin(bare) is not tuple:
        for member in get_args(bare):
            yield from _annotations(member)
