"""What is done to layers and pictures once they are drawn: shadows, filters."""

from typing import Annotated, Literal

from postcard.canvas import image_filters as looks
from postcard.canvas.drop_shadow import DropShadow
from postcard.color import TRANSPARENT, parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.properties.paints import ColorString, Fraction
from postcard.template.schema.constraints import Ge, Le
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG

Offset = Annotated[float, Ge(-1000), Le(1000)]
Blur = Annotated[float, Ge(0), Le(200)]
Factor = Annotated[float, Ge(0), Le(10)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """CSS's drop shadow of a layer's own alpha, in pixels; it turns with the layer."""

    __pydantic_config__ = PYDANTIC_CONFIG

    color: ColorString = "#00000040"
    x: Offset = 0.0
    y: Offset = 0.0
    blur: Blur = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """CSS's filters of a picture, done in this order; 1 is CSS's 100 %, `blur` in pixels.

    `tint` is laid over what the picture shows; an opaque one leaves its outline in one colour.
    """

    __pydantic_config__ = PYDANTIC_CONFIG

    grayscale: Fraction = 0.0
    blur: Blur = 0.0
    brightness: Factor = 1.0
    contrast: Factor = 1.0
    saturation: Factor = 1.0
    tint: ColorString = "transparent"


def to_shadow(written: Shadow | None) -> DropShadow | None:
    """The shadow of a resolved property; None if it cannot be seen."""
    if written is None:
        return None
    color = parse_color(written.color)
    return DropShadow(color, written.x, written.y, written.blur) if color[3] else None


def to_image_filters(
    written: Filter | None, flip: Literal["horizontal", "vertical", "both"] | None
) -> looks.ImageFilters | None:
    """How a picture is changed; None if it is not."""
    if written is None:
        return looks.ImageFilters(flip) if flip else None
    tint = parse_color(written.tint)
    filters = looks.ImageFilters(
        flip=flip or "none",
        grayscale=written.grayscale,
        blur=written.blur,
        brightness=written.brightness,
        contrast=written.contrast,
        saturation=written.saturation,
        tint=tint if tint[3] else TRANSPARENT,
    )
    return filters if filters != looks.ImageFilters() else None
