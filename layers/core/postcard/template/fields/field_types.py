"""The types of a template's fields and the bounds of their values."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import (
    PYDANTIC_CONFIG,
    SchemaHint,
    TaggedUnion,
    Validator,
)
from postcard.template.schema.validators import (
    check_asset_id,
    check_host_pattern,
    check_re2_pattern,
)

DEFAULT_MAX_LENGTH = 1000  # graphemes, of a text field without `max_length`


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseField:
    """The properties of every field. `default` and `example` are JSON, not yet read as values.

    `on_bad` says what is shown instead of a bad value: the default, or the fallback picture.
    """

    __pydantic_config__ = PYDANTIC_CONFIG

    type: str
    default: Any = None
    example: Any = None
    label: Annotated[str, Len(0, 200)] | None = None
    required: bool = False
    open: bool = False
    erase_by: bool = False
    on_bad: Literal["default", "fallback"] = "default"

    @property
    def has_bounds(self) -> bool:
        """Whether the values are bounded, as an open field's must be."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(BaseField):
    """A text; `max_length` is in graphemes, `pattern` (RE2) must match the whole value.

    `too_long` says what becomes of a longer text in a link or a batch: it is cut, the default is
    shown, or the fallback picture.
    """

    type: Literal["text"] = "text"
    max_length: Annotated[int, Ge(1), Le(5000)] | None = None
    too_long: Literal["shorten", "default", "error"] = "shorten"
    pattern: (
        Annotated[str, Len(1, 1000), Validator(check_re2_pattern), SchemaHint("re2")] | None
    ) = None
    choices: Annotated[tuple[Annotated[str, Len(1, 1000)], ...], Len(1, 1000)] | None = None
    emphasis: bool = False

    @property
    def has_bounds(self) -> bool:
        """Whether there is a maximum length, a pattern or choices."""
        return bool(self.max_length or self.pattern or self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField(BaseField):
    """A number between `min` and `max`, both included."""

    type: Literal["number"] = "number"
    min: float | None = None
    max: float | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether there are both a minimum and a maximum."""
        return self.min is not None and self.max is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanField(BaseField):
    """A boolean."""

    type: Literal["boolean"] = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateField(BaseField):
    """A date with or without a time of day, from `min` to `max` (written like values)."""

    type: Literal["date"] = "date"
    min: Annotated[str, SchemaHint("moment")] | None = None
    max: Annotated[str, SchemaHint("moment")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorField(BaseField):
    """A CSS colour."""

    type: Literal["color"] = "color"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageField(BaseField):
    """An image: `https://…` at one of `allowed_hosts` (any public host if None), or an asset.

    Beside the assets that the document names, values may name those of `allowed_assets`. If that is
    None, values of trusted callers may name any asset.
    """

    type: Literal["image"] = "image"
    allowed_hosts: (
        Annotated[
            tuple[Annotated[str, Validator(check_host_pattern), SchemaHint("host-pattern")], ...],
            Len(1, 100),
        ]
        | None
    ) = None
    allowed_assets: (
        Annotated[
            tuple[Annotated[str, Validator(check_asset_id), SchemaHint("asset-id")], ...],
            Len(1, 100),
        ]
        | None
    ) = None

    @property
    def has_bounds(self) -> bool:
        """Whether the hosts are limited."""
        return bool(self.allowed_hosts)


SingleField = TextField | NumberField | BooleanField | DateField | ColorField | ImageField
ItemField = Annotated[
    TextField | NumberField | BooleanField | DateField | ColorField | ImageField,
    TaggedUnion(default_type="text"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField(BaseField):
    """A list of up to `max_items` items with the fields `items`; `open` applies to all of these."""

    type: Literal["list"] = "list"
    items: Annotated[Mapping[str, ItemField], Len(1, 100)]
    max_items: Annotated[int, Ge(1), Le(100)] = 10

    @property
    def has_bounds(self) -> bool:
        """Whether all fields of an item are bounded."""
        return all(field.has_bounds for field in self.items.values())


Field = Annotated[
    TextField | NumberField | BooleanField | DateField | ColorField | ImageField | ListField,
    TaggedUnion(default_type="text"),
]
AnyField = SingleField | ListField
Fields = Mapping[str, AnyField]
