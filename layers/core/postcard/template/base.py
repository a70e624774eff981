"""What every layer has: its place, its looks as one picture, the condition to be drawn."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from postcard.canvas.blending import Blend
from postcard.dataclass import dataclass
from postcard.template.bounds import Ge, Le, Len
from postcard.template.effects import Shadow
from postcard.template.paints import Share
from postcard.template.rules import name, small_enough, two_or_four
from postcard.template.shape import CONFIG, Choice, Rule

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.context import LayerContext

FARTHEST = 20_000  # pixels; four times the largest canvas

Name = Annotated[str, Rule(name)]
Meta = Annotated[Any, Rule(small_enough)]
Length = Annotated[float, Ge(0), Le(FARTHEST)]
Place = Annotated[float, Ge(-FARTHEST), Le(FARTHEST)]
Corners = tuple[Length, Length, Length, Length]
Radius = Annotated[Length | Corners | Literal["full"], Choice()]
Side = Annotated[Length | Literal["fill"], Choice()]  # `fill`: in a row or column
Padding = Annotated[Length | Annotated[tuple[Length, ...], Rule(two_or_four)], Choice()]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLayer:
    """A layer: `x` and `y` from its parent's top left, `rotation` in degrees clockwise."""

    __pydantic_config__ = CONFIG
    contained: ClassVar[bool] = False  # whether nothing is drawn outside of its box
    takes: ClassVar[Mapping[str, str]] = {}  # what a request may give: slot → property

    type: str
    name: Name | None = None
    x: Place = 0.0
    y: Place = 0.0
    width: Side | None = None
    height: Side | None = None
    rotation: Annotated[float, Ge(-3600), Le(3600)] = 0.0
    opacity: Share = 1.0
    blend: Blend = "normal"
    shadow: Shadow | None = None
    if_: Annotated[str, Len(1, 1000)] | None = None
    meta: Meta | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw, whatever is around it."""
        return False

    @property
    def mixes(self) -> bool:
        """Whether something inside looks at what is behind it, which ends at this layer."""
        return False

    @property
    def direct(self) -> bool:
        """Whether it is drawn onto what is behind it, not by itself first."""
        turned = self.rotation % 360 != 0
        alone = turned or self.opacity < 1 or self.shadow is not None or self.blend != "normal"
        return not alone and not self.mixes

    def ready(self, stage: "LayerContext") -> bool:
        """Whether it is drawn: what it needs from elsewhere is there."""
        return True

    def measure(self, stage: "LayerContext") -> tuple[float, float]:
        """Width and height in CSS pixels, where `stage.given` leaves one open."""
        width, height = stage.given
        return width or 0.0, height or 0.0

    def check_value(self, text: str) -> None:
        """Raises ValueError for a text that a request gives and that cannot be the value."""

    def draw(self, canvas: "Canvas", stage: "LayerContext") -> None:
        """Draws the layer into `stage.box`."""
        raise NotImplementedError


def four(padding: float | tuple[float, ...]) -> tuple[float, float, float, float]:
    """Top, right, bottom, left.

    >>> four((8, 16))
    (8, 16, 8, 16)
    """
    sides = padding if isinstance(padding, tuple) else (padding, padding)
    top, right = sides[:2]
    bottom, left = sides[-2:]
    return top, right, bottom, left
