"""The group layer: layers that are placed, faded, rotated and clipped together."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.base import BaseLayer
from postcard.template.layers.ellipse import EllipseLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.line import LineLayer
from postcard.template.layers.path import PathLayer
from postcard.template.layers.progress import ProgressLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.layers.rating import RatingLayer
from postcard.template.layers.rectangle import RectangleLayer
from postcard.template.layers.text import TextLayer
from postcard.template.liquid.loops import DEFAULT_ITEM_NAME
from postcard.template.properties.lengths import Length, Name, Padding, Radius, padding_sides
from postcard.template.properties.paints import Border, Paint, to_paint
from postcard.template.schema.json_mapping import SchemaHint, TaggedUnion

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

Flow = Literal["none", "row", "column"]
Align = Literal["start", "center", "end", "stretch", "baseline"]
Justify = Literal["start", "center", "end", "space-between"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLayer(BaseLayer):
    """A group of layers; `x` and `y` of these are from its top left, inside its padding.

    With `flow` they are laid out in a row or column. With `repeat` the group is drawn once for
    each item of that list; `as` is the item's name in Liquid.
    """

    modifiable: ClassVar = {"background": "fill"}

    type: Literal["group"] = "group"
    layers: "tuple[Layer, ...]" = ()
    flow: Flow = "none"
    gap: Length = 0.0
    align: Align = "start"
    justify: Justify = "start"
    padding: Padding = 0.0
    fill: Paint | None = None
    radius: Radius = 0.0
    border: Border | None = None
    clip: bool = False
    repeat: Annotated[Name, SchemaHint("list-field")] | None = None
    as_: Name | None = None

    @property
    def item_name(self) -> str:
        """The name of the list item in Liquid."""
        return self.as_ or DEFAULT_ITEM_NAME

    @property
    def content_offset(self) -> tuple[float, float]:
        """Where its content begins: the left and the top padding."""
        top, _, _, left = padding_sides(self.padding)
        return left, top

    def total_padding(self, axis: int) -> float:
        """The sum of the padding of both sides, along its width (0) or height (1)."""
        top, right, bottom, left = padding_sides(self.padding)
        return top + bottom if axis else left + right

    def is_drawn(self, context: "LayerContext") -> bool:
        """Whether it has a layer to draw, or a fill, a border or a size of its own."""
        visible_parts = (self.width, self.height, self.fill, self.border)
        return bool(context.children) or any(part is not None for part in visible_parts)

    @property
    def has_blending(self) -> bool:
        """Whether one of its layers blends with those behind it in the group."""
        return any(layer.blend != "normal" for layer in self.layers)

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the fill, the layers (clipped to the corners with `clip`), then the border."""
        blends_with_fill = self.clip and self.has_blending  # its layers blend with the fill, too
        if self.fill is not None and not blends_with_fill:
            canvas.fill_rectangle(context.box, to_paint(self.fill), radius=self.radius)
        if self.clip:
            with canvas.group(context.box, clip_radius=self.radius) as clipped:
                if self.fill is not None and blends_with_fill:
                    clipped.fill_rectangle(context.box, to_paint(self.fill))
                context.draw_children(clipped)
        else:
            context.draw_children(canvas)
        if self.border is not None and self.border.width:
            color = parse_color(self.border.color)
            canvas.stroke_rectangle(context.box, color, self.border.width, radius=self.radius)


AnyLayer = (
    TextLayer
    | ImageLayer
    | RectangleLayer
    | EllipseLayer
    | LineLayer
    | PathLayer
    | QrLayer
    | BarcodeLayer
    | ProgressLayer
    | RatingLayer
    | GroupLayer
)
Layer = Annotated[AnyLayer, TaggedUnion()]
