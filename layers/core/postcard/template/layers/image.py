"""The image layer: a picture from an address or an asset, fitted to its box."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.effects import Filter, to_image_filters
from postcard.template.properties.lengths import Radius
from postcard.template.properties.paints import Border, Fraction
from postcard.template.schema.constraints import Len
from postcard.template.schema.json_mapping import Liquid, SchemaHint, TaggedUnion, Validator
from postcard.template.schema.validators import check_image_or_liquid

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

Fit = Literal["cover", "contain", "fill", "none"]
Anchor = Literal[
    "center",
    "top",
    "bottom",
    "left",
    "right",
    "top-left",
    "top-right",
    "bottom-left",
    "bottom-right",
]
_HORIZONTAL_FRACTIONS = {"left": 0.0, "right": 1.0}
_VERTICAL_FRACTIONS = {"top": 0.0, "bottom": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLayer(BaseLayer):
    """A picture; sides that are not stated keep its proportions. Not drawn without a source."""

    draws_within_box: ClassVar = True
    modifiable: ClassVar = {"value": "source"}

    type: Literal["image"] = "image"
    source: Annotated[str, Len(0, 5000), Liquid("image"), Validator(check_image_or_liquid)]
    fit: Fit = "cover"
    position: Annotated[Anchor | tuple[Fraction, Fraction], TaggedUnion(), SchemaHint("anchor")] = (
        "center"
    )
    radius: Radius = 0.0
    border: Border | None = None
    filter: Filter | None = None
    flip: Literal["horizontal", "vertical", "both"] | None = None
    on_error: Literal["default", "hide", "fail"] = "default"

    @property
    def is_empty(self) -> bool:
        """Whether it has no source."""
        return not self.source

    def is_drawn(self, context: "LayerContext") -> bool:
        """Whether its picture is there."""
        return context.picture is not None

    def measure(self, context: "LayerContext") -> tuple[float, float]:
        """The sides that are not stated follow the picture's proportions."""
        picture = context.picture
        assert picture is not None  # `is_drawn` was asked before
        width, height = context.definite_size
        if width is None and height is None:
            return float(picture.width), float(picture.height)
        ratio = picture.width / picture.height
        if width is None:
            width = (height or 0.0) * ratio
        return width, width / ratio if height is None else height

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the picture with its filters, then its border."""
        assert context.picture is not None
        canvas.draw_image(
            context.picture,
            context.box,
            fit=self.fit,
            position=anchor_point(self.position),
            radius=self.radius,
            filters=to_image_filters(self.filter, self.flip),
        )
        if self.border is not None and self.border.width:
            color = parse_color(self.border.color)
            canvas.stroke_rectangle(context.box, color, self.border.width, radius=self.radius)


def anchor_point(position: str | tuple[float, float]) -> tuple[float, float]:
    """The point of a picture that stays in view, as fractions from the top left.

    >>> anchor_point("top-left"), anchor_point("bottom")
    ((0.0, 0.0), (0.5, 1.0))
    """
    if isinstance(position, tuple):
        return position
    words = position.split("-")
    horizontal = next(
        (_HORIZONTAL_FRACTIONS[word] for word in words if word in _HORIZONTAL_FRACTIONS), 0.5
    )
    return horizontal, next(
        (_VERTICAL_FRACTIONS[word] for word in words if word in _VERTICAL_FRACTIONS), 0.5
    )
