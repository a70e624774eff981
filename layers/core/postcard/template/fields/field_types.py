"""The fields of a template: what may be given, and within which bounds."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, TaggedUnion, Validator
from postcard.template.schema.validators import check_host_pattern, check_re2_pattern

DEFAULT_MAX_LENGTH = 1000  # of a text whose field does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseField:
    """What every field has. `default` and `example` are as they are written in JSON."""

    __pydantic_config__ = PYDANTIC_CONFIG

    type: str
    default: Any = None
    example: Any = None
    label: Annotated[str, Len(0, 200)] | None = None
    required: bool = False
    open: bool = False
    erase_by: bool = False

    @property
    def has_bounds(self) -> bool:
        """Whether there is a bound to what anybody may say, as an open field needs."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(BaseField):
    """A text; `max_length` in graphemes, `pattern` in RE2 for the whole value."""

    type: Literal["text"] = "text"
    max_length: Annotated[int, Ge(1), Le(5000)] | None = None
    pattern: Annotated[str, Len(1, 1000), Validator(check_re2_pattern)] | None = None
    choices: Annotated[tuple[Annotated[str, Len(1, 1000)], ...], Len(1, 1000)] | None = None
    emphasis: bool = False

    @property
    def has_bounds(self) -> bool:
        """Whether a length, a pattern or choices are written."""
        return bool(self.max_length or self.pattern or self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField(BaseField):
    """A number between `min` and `max`, both included."""

    type: Literal["number"] = "number"
    min: float | None = None
    max: float | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether both bounds are written."""
        return self.min is not None and self.max is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanField(BaseField):
    """A boolean."""

    type: Literal["boolean"] = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateField(BaseField):
    """A date, or a date with a time, from `min` to `max` (dates as a value writes them)."""

    type: Literal["date"] = "date"
    min: str | None = None
    max: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorField(BaseField):
    """A colour, as a paint takes it."""

    type: Literal["color"] = "color"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageField(BaseField):
    """A picture: `https://…` at one of `allowed_hosts` (any public host if None), or an asset."""

    type: Literal["image"] = "image"
    allowed_hosts: (
        Annotated[tuple[Annotated[str, Validator(check_host_pattern)], ...], Len(1, 100)] | None
    ) = None

    @property
    def has_bounds(self) -> bool:
        """Whether hosts are written."""
        return bool(self.allowed_hosts)


SingleField = TextField | NumberField | BooleanField | DateField | ColorField | ImageField
ItemField = Annotated[
    TextField | NumberField | BooleanField | DateField | ColorField | ImageField,
    TaggedUnion(default_type="text"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField(BaseField):
    """Up to `max_items` items, each with the fields `items`. An open list opens all of them."""

    type: Literal["list"] = "list"
    items: Annotated[Mapping[str, ItemField], Len(1, 100)]
    max_items: Annotated[int, Ge(1), Le(100)] = 10

    @property
    def has_bounds(self) -> bool:
        """Whether each field of an item is."""
        return all(field.has_bounds for field in self.items.values())


Field = Annotated[
    TextField | NumberField | BooleanField | DateField | ColorField | ImageField | ListField,
    TaggedUnion(default_type="text"),
]
AnyField = SingleField | ListField
Fields = Mapping[str, AnyField]
