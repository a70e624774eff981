"""The properties and methods that every layer type has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from postcard.canvas.blending import BlendMode
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.properties.effects import Shadow
from postcard.template.properties.lengths import Coordinate, Dimension, Meta, Name
from postcard.template.properties.paints import Fraction
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, SchemaHint

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLayer:
    """A layer: `x` and `y` from its parent's top left, `rotation` in degrees clockwise."""

    __pydantic_config__ = PYDANTIC_CONFIG
    draws_within_box: ClassVar[bool] = False  # whether it draws nothing outside its box
    modifiable: ClassVar[Mapping[str, str]] = {}  # what a request may set → the property

    type: str
    name: Name | None = None
    x: Coordinate = 0.0
    y: Coordinate = 0.0
    width: Dimension | None = None
    height: Dimension | None = None
    rotation: Annotated[float, Ge(-3600), Le(3600), SchemaHint(unit="deg")] = 0.0
    opacity: Fraction = 1.0
    blend: BlendMode = "normal"
    shadow: Shadow | None = None
    if_: Annotated[str, Len(1, 1000), SchemaHint("condition")] | None = None
    meta: Meta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw, so that the render tree leaves it out."""
        return False

    @property
    def has_blending(self) -> bool:
        """Whether layers inside blend with those behind them, within this layer only."""
        return False

    @property
    def draws_directly(self) -> bool:
        """Whether it is drawn straight onto the canvas, not offscreen and then composited."""
        rotated = self.rotation % 360 != 0
        has_effect = rotated or self.opacity < 1 or self.shadow is not None
        return not has_effect and self.blend == "normal" and not self.has_blending

    def is_drawn(self, context: "LayerContext") -> bool:
        """Whether it can be drawn: its picture is there, its value is valid."""
        return True

    def measure(self, context: "LayerContext") -> tuple[float, float]:
        """Width and height in CSS pixels, where `context.definite_size` leaves one open."""
        width, height = context.definite_size
        return width or 0.0, height or 0.0

    def check_value(self, text: str) -> None:
        """Raises ValueError for a text from a request that cannot be the layer's value."""

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the layer into `context.box`."""
        raise NotImplementedError

    def check_drawn(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Warns about the layer as it is seen on the canvas, upright."""
