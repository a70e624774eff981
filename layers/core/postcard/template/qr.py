"""A QR code of whole pixels."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Len

from postcard.canvas.modules import ModuleStyle
from postcard.color import parse_color
from postcard.geometry import Box
from postcard.template.base import BaseLayer
from postcard.template.paints import ColorText
from postcard.template.qr_matrix import qr_modules
from postcard.template.shape import Liquid

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.stage import Stage

Correction = Literal["L", "M", "Q", "H"]
SMALLEST_MODULE = 2  # device pixels; phones fail to read smaller ones off a screen
_FEWEST_MODULES = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class QrLayer(BaseLayer):
    """A QR code; `quiet_zone` in modules, inside the box. Without a value it is not drawn."""

    later: ClassVar = (*BaseLayer.later, "logo")
    takes: ClassVar = {"value": "value", "color": "color", "background": "background"}

    type: Literal["qr"] = "qr"
    value: Annotated[str, Len(0, 5000), Liquid("plain")]
    color: ColorText = "#000000"
    background: ColorText = "#ffffff"
    error_correction: Correction = "M"
    quiet_zone: Annotated[int, Ge(0), Le(40)] = 4
    style: ModuleStyle = "square"

    @property
    def empty(self) -> bool:
        """Whether it has no value."""
        return not self.value.strip()

    def measure(self, stage: "Stage") -> tuple[float, float]:
        """A code is square."""
        width, height = stage.given
        side = width if width is not None else height
        return side or 0.0, (height if height is not None else side) or 0.0

    def draw(self, canvas: "Canvas", stage: "Stage") -> None:
        """The background over the box, and the modules in its middle."""
        try:
            rows = qr_modules(self.value, self.error_correction)
        except ValueError:
            stage.warn("bad_value", "The text is too long for a QR code of this correction.")
            return
        box = stage.box
        side = min(box.width, box.height)
        module = side / (len(rows) + 2 * self.quiet_zone)
        if module * stage.scale < SMALLEST_MODULE:
            stage.warn("unscannable", "The modules are under 2 pixels: make the code larger.")
        canvas.fill_rectangle(box, parse_color(self.background))
        inner = module * len(rows)
        middle = Box(
            box.x + (box.width - inner) / 2, box.y + (box.height - inner) / 2, inner, inner
        )
        canvas.draw_modules(rows, middle, parse_color(self.color), style=self.style)


def smallest_side(layer: QrLayer) -> int:
    """The pixels that the smallest code of all needs, its quiet zone included."""
    return (_FEWEST_MODULES + 2 * layer.quiet_zone) * SMALLEST_MODULE
