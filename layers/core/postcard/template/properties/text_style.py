"""Types of the text properties of styles, texts and spans."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.properties.lengths import Length, Padding
from postcard.template.properties.paints import ColorString, Paint, Stroke
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import (
    PYDANTIC_CONFIG,
    SchemaHint,
    TaggedUnion,
    Validator,
)
from postcard.template.schema.validators import check_language_tag, check_open_type_feature

Family = Annotated[str, Len(1, 100), SchemaHint("font")]
Families = Annotated[
    Family | Annotated[tuple[Family, ...], Len(1, 10)], TaggedUnion(), SchemaHint("font")
]
Size = Annotated[float, Ge(1), Le(1000), SchemaHint(unit="px")]
Em = Annotated[float, Ge(-2), Le(10), SchemaHint(unit="em")]
Language = Annotated[str, Len(1, 35), Validator(check_language_tag), SchemaHint("language")]
Feature = Annotated[str, Validator(check_open_type_feature), SchemaHint("feature")]
Direction = Literal["auto", "ltr", "rtl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A filled box behind each line of a text."""

    __pydantic_config__ = PYDANTIC_CONFIG

    color: ColorString
    padding: Padding = 0.0
    radius: Length = 0.0


@dataclass(frozen=True, kw_only=True)
class CharacterStyle:
    """The text properties of letters, in texts and spans. None is inherited."""

    __pydantic_config__ = PYDANTIC_CONFIG

    font: Families | None = None
    weight: Annotated[int, Ge(1), Le(1000)] | None = None
    italic: bool | None = None
    size: Size | None = None
    letter_spacing: Em | None = None
    color: Paint | None = None
    stroke: Stroke | None = None
    decoration: Literal["none", "underline", "line-through"] | None = None
    highlight: Highlight | None = None
    transform: Literal["none", "uppercase", "lowercase", "capitalize"] | None = None
    features: Annotated[tuple[Feature, ...], Len(0, 20)] | None = None
    language: Language | None = None


@dataclass(frozen=True, kw_only=True)
class TextProperties(CharacterStyle):
    """The text properties of letters and of lines."""

    line_height: Annotated[float, Ge(0.1), Le(10)] | None = None
    align: Literal["start", "center", "end", "left", "right", "justify"] | None = None
    valign: Literal["top", "middle", "bottom"] | None = None
    trim: Literal["none", "cap"] | None = None
    wrap: Literal["word", "balance", "none"] | None = None
    max_lines: Annotated[int, Ge(1), Le(1000)] | None = None
    fit: Literal["none", "shrink"] | None = None
    min_size: Size | None = None
    overflow: Literal["ellipsis", "clip", "visible"] | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Style(TextProperties):
    """A named set of text properties."""


_TEXT_PROPERTY_NAMES = tuple(f.name for f in fields(TextProperties))


def written_properties(style: CharacterStyle) -> dict[str, Any]:
    """The text properties that the document states, by name."""
    kind: Any = type(style)
    names, values = _property_reader(kind)
    pairs = zip(names, values(style), strict=True)
    return {name: value for name, value in pairs if value is not None}


@cache
def _property_reader(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """The text properties that a class has, and a function that reads them all."""
    names = tuple(name for name in _TEXT_PROPERTY_NAMES if hasattr(cls, name))
    return names, attrgetter(*names)
