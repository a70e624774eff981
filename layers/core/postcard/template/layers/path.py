"""The path layer: an SVG path."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.canvas.vector.svg_path import SvgPath, parse_path_data
from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import MAX_LENGTH, Dimension
from postcard.template.properties.paints import Paint, Stroke, to_paint
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import SchemaHint, Validator

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

MAX_PATH_CHARACTERS = 20_000
ViewLength = Annotated[float, Ge(0.01), Le(MAX_LENGTH)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLayer(BaseLayer):
    """SVG path data `d` in a view box of the size `view`, stretched to the layer's box.

    Without a `view` it is not stretched. Filled by SVG's nonzero rule; the stroke is centred on
    the path and keeps its width.
    """

    modifiable: ClassVar = {"color": "fill"}

    type: Literal["path"] = "path"
    width: Dimension
    height: Dimension
    d: Annotated[
        str, Len(1, MAX_PATH_CHARACTERS), Validator(parse_path_data), SchemaHint("path-data")
    ]
    view: tuple[ViewLength, ViewLength] | None = None
    fill: Paint | None = None
    stroke: Stroke | None = None

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the fill, then the stroke."""
        box = context.box
        shape = SvgPath(self.d, self.view or (box.width or 1.0, box.height or 1.0))
        if self.fill is not None:
            canvas.fill_shape(shape, box, to_paint(self.fill))
        if self.stroke is not None and self.stroke.width:
            color, width, dash = parse_color(self.stroke.color), self.stroke.width, self.stroke.dash
            canvas.stroke_centered(shape, box, color, width, dash=dash)
