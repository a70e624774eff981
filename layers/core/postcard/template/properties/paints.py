"""Types of colours, gradients and strokes in a document."""

from typing import Annotated, Literal

from postcard import color as colors
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.schema.constraints import Ge, Gt, Le, Len
from postcard.template.schema.json_mapping import (
    PYDANTIC_CONFIG,
    Liquid,
    SchemaHint,
    TaggedUnion,
    Validator,
)
from postcard.template.schema.validators import check_color_or_liquid

ColorString = Annotated[str, Len(1, 2000), Liquid("color"), Validator(check_color_or_liquid)]
Fraction = Annotated[float, Ge(0), Le(1)]
Stop = tuple[ColorString, Fraction]
Stops = Annotated[tuple[Stop, ...], Len(2, 32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearGradient:
    """CSS's linear-gradient; `angle` in degrees clockwise, 0 is upwards."""

    __pydantic_config__ = PYDANTIC_CONFIG

    type: Literal["linear"] = "linear"
    angle: Annotated[float, Ge(-360), Le(360), SchemaHint(unit="deg")] = 180.0
    stops: Stops


@dataclass(frozen=True, slots=True, kw_only=True)
class RadialGradient:
    """A gradient outwards from `center` (fractions of the box); radius 1 is the farthest corner."""

    __pydantic_config__ = PYDANTIC_CONFIG

    type: Literal["radial"] = "radial"
    center: tuple[Fraction, Fraction] = (0.5, 0.5)
    radius: Annotated[float, Ge(0.001), Le(10)] = 1.0
    stops: Stops


Paint = Annotated[ColorString | LinearGradient | RadialGradient, TaggedUnion(), SchemaHint("paint")]
WrittenPaint = str | LinearGradient | RadialGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """A line of one colour; `width` in CSS pixels."""

    __pydantic_config__ = PYDANTIC_CONFIG

    color: ColorString
    width: Annotated[float, Ge(0), Le(100), SchemaHint(unit="px")] = 1.0


DashLength = Annotated[float, Gt(0), Le(1000), SchemaHint(unit="px")]
GapLength = Annotated[float, Ge(0), Le(1000), SchemaHint(unit="px")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke(Border):
    """A line that may be dashed: `dash` is the lengths on and off, in CSS pixels."""

    dash: tuple[DashLength, GapLength] | None = None


def to_paint(written: WrittenPaint) -> colors.Paint:
    """The paint to draw with; the property has its Liquid evaluated."""
    if isinstance(written, str):
        return colors.parse_color(written)
    stops = tuple((colors.parse_color(color), offset) for color, offset in written.stops)
    if isinstance(written, LinearGradient):
        return colors.LinearGradient(written.angle, stops)
    return colors.RadialGradient(stops, written.center, written.radius)
