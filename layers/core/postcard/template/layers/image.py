"""A picture from an address or an asset, fitted to its box."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.effects import Filter, to_look
from postcard.template.properties.lengths import Radius
from postcard.template.properties.paints import Border, Share
from postcard.template.schema.constraints import Len
from postcard.template.schema.json_mapping import TaggedUnion, Liquid, Validator
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
_ACROSS = {"left": 0.0, "right": 1.0}
_DOWN = {"top": 0.0, "bottom": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLayer(BaseLayer):
    """A picture; without one side it keeps its proportions. An empty source draws nothing."""

    contained: ClassVar = True
    takes: ClassVar = {"value": "source"}

    type: Literal["image"] = "image"
    source: Annotated[str, Len(0, 5000), Liquid("image"), Validator(check_image_or_liquid)]
    fit: Fit = "cover"
    position: Annotated[Anchor | tuple[Share, Share], TaggedUnion()] = "center"
    radius: Radius = 0.0
    border: Border | None = None
    filter: Filter | None = None
    flip: Literal["horizontal", "vertical", "both"] | None = None
    on_error: Literal["default", "hide", "fail"] = "default"

    @property
    def empty(self) -> bool:
        """Whether it has no source."""
        return not self.source

    def ready(self, stage: "LayerContext") -> bool:
        """Whether there is a picture."""
        return stage.picture is not None

    def measure(self, stage: "LayerContext") -> tuple[float, float]:
        """The sides that are not written follow the picture's proportions."""
        picture = stage.picture
        assert picture is not None  # or it is not ready
        width, height = stage.given
        if width is None and height is None:
            return float(picture.width), float(picture.height)
        ratio = picture.width / picture.height
        if width is None:
            width = (height or 0.0) * ratio
        return width, width / ratio if height is None else height

    def draw(self, canvas: "Canvas", stage: "LayerContext") -> None:
        """The picture with its look, then its border."""
        assert stage.picture is not None
        canvas.draw_picture(
            stage.picture,
            stage.box,
            fit=self.fit,
            position=anchor(self.position),
            radius=self.radius,
            look=to_look(self.filter, self.flip),
        )
        if self.border is not None and self.border.width:
            color = parse_color(self.border.color)
            canvas.stroke_rectangle(stage.box, color, self.border.width, radius=self.radius)


def anchor(position: str | tuple[float, float]) -> tuple[float, float]:
    """Where a picture is kept in view, as shares from the top left.

    >>> anchor("top-left"), anchor("bottom")
    ((0.0, 0.0), (0.5, 1.0))
    """
    if isinstance(position, tuple):
        return position
    words = position.split("-")
    across = next((_ACROSS[word] for word in words if word in _ACROSS), 0.5)
    return across, next((_DOWN[word] for word in words if word in _DOWN), 0.5)
