"""Effects on drawn layers and pictures: shadows and filters."""

from typing import Annotated, Literal

from postcard.canvas.drop_shadow import DropShadow
from postcard.canvas.image_filters import ImageFilters
from postcard.color import TRANSPARENT, parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.properties.paints import ColorString, Fraction
from postcard.template.schema.constraints import Ge, Le
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, SchemaHint

Offset = Annotated[float, Ge(-1000), Le(1000), SchemaHint(unit="px")]
Blur = Annotated[float, Ge(0), Le(200), SchemaHint(unit="px")]
Factor = Annotated[float, Ge(0), Le(10)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """CSS's drop-shadow: follows the layer's own alpha, and rotates with it. In CSS pixels."""

    __pydantic_config__ = PYDANTIC_CONFIG

    color: ColorString = "#00000040"
    x: Offset = 0.0
    y: Offset = 0.0
    blur: Blur = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """CSS's filters of a picture, applied in this order; 1 is CSS's 100 %, `blur` is in pixels.

    `tint` colours the visible pixels; an opaque one leaves the picture's outline in one colour.
    """

    __pydantic_config__ = PYDANTIC_CONFIG

    grayscale: Fraction = 0.0
    blur: Blur = 0.0
    brightness: Factor = 1.0
    contrast: Factor = 1.0
    saturation: Factor = 1.0
    tint: ColorString = "transparent"


def to_shadow(shadow: Shadow | None) -> DropShadow | None:
    """The shadow to draw; None if it is transparent."""
    if shadow is None:
        return None
    color = parse_color(shadow.color)
    return DropShadow(color, shadow.x, shadow.y, shadow.blur) if color[3] else None


def to_image_filters(
    written: Filter | None, flip: Literal["horizontal", "vertical", "both"] | None
) -> ImageFilters | None:
    """The filters to apply to a picture; None if they change nothing."""
    if written is None:
        return ImageFilters(flip) if flip else None
    tint = parse_color(written.tint)
    filters = ImageFilters(
        flip=flip or "none",
        grayscale=written.grayscale,
        blur=written.blur,
        brightness=written.brightness,
        contrast=written.contrast,
        saturation=written.saturation,
        tint=tint if tint[3] else TRANSPARENT,
    )
    return filters if filters != ImageFilters() else None
