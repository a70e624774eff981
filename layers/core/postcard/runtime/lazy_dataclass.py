"""A `dataclass` decorator whose classes are cheap to define.

The standard library compiles up to six methods for each class, which for more than a hundred
classes took half of a cold start. Here all classes share these methods except `__init__`, which is
compiled when the first object is made: most starts make objects of few classes. `fields`,
`replace`, pydantic and type checkers see ordinary dataclasses.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")
_set = object.__setattr__
_NOT_GIVEN = object()  # the default of parameters that have a default factory


def _build_dataclass(
    cls: type[T],
    /,
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    eq: bool = True,
) -> type[T]:
    """Does what `dataclasses.dataclass` does, for the options that are used here."""
    cls.__doc__ = cls.__doc__ or cls.__name__  # else the standard library formats a signature
    built: type[T] = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=slots, kw_only=kw_only
    )(cls)
    methods: dict[str, Any] = {"__init__": _lazy_init(built), "__repr__": _repr}
    if eq:
        methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
    if frozen:
        methods |= {"__setattr__": _raise_frozen, "__delattr__": _raise_frozen}
    for name, method in methods.items():
        if name not in vars(cls) or (name == "__hash__" and vars(cls)[name] is None):
            setattr(built, name, method)
    return built


def _lazy_init(cls: Any) -> Callable[..., None]:
    """An `__init__` that replaces itself with the compiled one when it is first called."""

    def __init__(self: object, *args: object, **named: object) -> None:
        init = _compile_init(cls)
        cls.__init__ = init
        init(self, *args, **named)

    return __init__


def _compile_init(cls: Any) -> Callable[..., None]:
    fields = dataclasses.fields(cls)
    scope: dict[str, Any] = {"_set": _set, "_NOT_GIVEN": _NOT_GIVEN}
    scope |= {f"_default_{f.name}": f.default for f in fields}
    scope |= {f"_make_{f.name}": f.default_factory for f in fields}
    positional = [_parameter_source(f) for f in fields if f.init and not f.kw_only]
    keyword = [_parameter_source(f) for f in fields if f.init and f.kw_only]
    parameters = ", ".join(["self", *positional, *(["*", *keyword] if keyword else [])])
    lines = ["pass", *_assignment_lines(fields, frozen=cls.__setattr__ is _raise_frozen)]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    # safe: the source is built from the names of fields alone
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines), scope)  # noqa: S102
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _parameter_source(f: dataclasses.Field[Any]) -> str:
    if f.default is not dataclasses.MISSING:
        return f"{f.name}=_default_{f.name}"
    return f.name if f.default_factory is dataclasses.MISSING else f"{f.name}=_NOT_GIVEN"


def _assignment_lines(fields: tuple[dataclasses.Field[Any], ...], *, frozen: bool) -> Iterator[str]:
    for f in fields:
        value = f.name
        if f.default_factory is not dataclasses.MISSING:
            value = f"_make_{f.name}() if {f.name} is _NOT_GIVEN else {f.name}"
        if f.init:
            yield f"_set(self, {f.name!r}, {value})" if frozen else f"self.{f.name} = {value}"


@cache
def _comparison_key(cls: Any) -> Callable[[Any], object]:
    """Gets the values by which two objects of a class are compared."""
    names = [f.name for f in dataclasses.fields(cls) if f.compare]
    return attrgetter(*names) if names else lambda _: ()


def _eq(self: Any, other: object) -> Any:
    values = _comparison_key(self.__class__)
    return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_comparison_key(self.__class__)(self))


def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _raise_frozen(self: object, name: str, *_: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change {name!r}")


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, **options):
        """`dataclasses.dataclass` with `frozen`, `slots`, `kw_only` and `eq`."""
        return (
            _build_dataclass(cls, **options)
            if cls
            else lambda cls: _build_dataclass(cls, **options)
        )
