"""The lazy dataclass decorator behaves like the standard library's."""

import dataclasses
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter, ValidationError

from postcard.runtime import lazy_dataclass

Decorator = Callable[..., Callable[[type], Any]]
OURS: Decorator = lazy_dataclass.dataclass
THEIRS: Decorator = dataclasses.dataclass
both = pytest.mark.parametrize("decorator", [OURS, THEIRS], ids=["ours", "theirs"])


def point(decorator: Decorator, **options: Any) -> Any:
    @decorator(**options)
    class Point:
        x: int
        y: int = 2
        notes: dict[str, int] = dataclasses.field(default_factory=dict, repr=False)
        kinds: ClassVar[int] = 3

    return Point


@both
@pytest.mark.parametrize("slots", [True, False])
def test_objects_are_made_compared_and_printed(decorator: Decorator, slots: bool) -> None:
    cls = point(decorator, frozen=True, slots=slots)
    made = cls(1)
    assert (made.x, made.y, made.notes, made.kinds) == (1, 2, {}, 3)
    assert made == cls(x=1, y=2) and made != cls(1, 3) and made != (1, 2, {})
    assert repr(made).endswith("Point(x=1, y=2)")
    assert hasattr(made, "__dict__") is not slots
    assert cls(1).notes is not made.notes
    assert [f.name for f in dataclasses.fields(made)] == ["x", "y", "notes"]
    assert dataclasses.replace(made, y=5) == cls(1, 5)
    match made:
        case cls(one, two):
            assert (one, two) == (1, 2)


@both
def test_wrong_arguments_are_refused_by_the_first_call_and_later_ones(decorator: Decorator) -> None:
    cls = point(decorator, frozen=True)
    for _ in range(2):
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
            cls()
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            cls(1, z=1)


@both
def test_a_frozen_object_cannot_be_changed(decorator: Decorator) -> None:
    made = point(decorator, frozen=True, slots=True)(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.x


@both
def test_frozen_objects_of_equal_values_have_one_hash(decorator: Decorator) -> None:
    @decorator(frozen=True, slots=True)
    class Size:
        width: int
        name: str = ""

    size: Any = Size
    assert len({size(1), size(1), size(1, "a")}) == 2


@both
def test_a_mutable_object_has_a_hash_only_without_equality(
    decorator: Decorator,
) -> None:
    made = point(decorator)(1)
    made.x = 4
    assert made.x == 4
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)
    alone = point(decorator, eq=False)
    assert hash(alone(1)) and alone(1) != alone(1)


@both
def test_fields_are_inherited(decorator: Decorator) -> None:
    @decorator(frozen=True, slots=True, kw_only=True)
    class Base:
        type: str
        name: str | None = None

        def __repr__(self) -> str:
            return f"<{self.type}>"

    @decorator(frozen=True, slots=True, kw_only=True)
    class Circle(Base):
        type: str = "circle"
        radius: float

        def __post_init__(self) -> None:
            if self.radius < 0:
                raise ValueError(self.radius)

    base: Any = Base
    circle: Any = Circle
    made = circle(radius=2.0)
    assert (made.type, made.name, made.radius) == ("circle", None, 2.0)
    assert repr(base(type="a")) == "<a>" and "radius=2.0" in repr(made)
    assert made != base(type="circle")
    with pytest.raises(ValueError, match="-1"):
        circle(radius=-1)
    with pytest.raises(TypeError, match="positional"):
        circle(2.0)


@both
def test_pydantic_validates_a_class_before_its_first_object(decorator: Decorator) -> None:
    cls = point(decorator, frozen=True, slots=True)
    adapter: TypeAdapter[Any] = TypeAdapter(cls)
    assert adapter.validate_python({"x": 1}) == cls(1)
    with pytest.raises(ValidationError):
        adapter.validate_python({"x": "one"})


@lazy_dataclass.dataclass(frozen=True)
class Pickled:
    """A module-level class, which pickle can find by its name."""

    values: Mapping[str, int]


def test_an_object_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Pickled({"a": 1}))) == Pickled({"a": 1})


def test_nothing_is_compiled_before_the_first_object(monkeypatch: Any) -> None:
    compiled: list[str] = []

    def counted(source: str, scope: dict[str, Any]) -> None:
        compiled.append(source)
        exec(source, scope)

    monkeypatch.setattr(lazy_dataclass, "exec", counted, raising=False)
    cls = point(OURS, frozen=True, slots=True)
    assert not compiled
    cls(1), cls(2)
    assert len(compiled) == 1 and compiled[0].startswith("def __init__(self, x, y=_default_y")
