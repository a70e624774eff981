"""A QR code of whole pixels."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.barcodes.qr_encoder import qr_modules
from postcard.canvas.codecs.picture import Picture
from postcard.canvas.qr_modules import ModuleStyle, without_middle
from postcard.color import parse_color
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.paints import ColorText
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import Liquid, Validator
from postcard.template.schema.validators import check_image_reference

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

Correction = Literal["L", "M", "Q", "H"]
SMALLEST_MODULE = 2  # device pixels; phones fail to read smaller ones off a screen
_FEWEST_MODULES = 21
_HIDDEN = {"L": 0.12, "M": 0.16, "Q": 0.2, "H": 0.22}  # of the side; far from what it mends
_LEAST_HIDDEN = 3  # modules


@dataclass(frozen=True, slots=True, kw_only=True)
class QrLayer(BaseLayer):
    """A QR code; `quiet_zone` in modules, inside the box. Without a value it is not drawn."""

    takes: ClassVar = {"value": "value", "color": "color", "background": "background"}

    type: Literal["qr"] = "qr"
    value: Annotated[str, Len(0, 5000), Liquid("plain")]
    color: ColorText = "#000000"
    background: ColorText = "#ffffff"
    error_correction: Correction | None = None
    quiet_zone: Annotated[int, Ge(0), Le(40)] = 4
    style: ModuleStyle = "square"
    logo: Annotated[str, Validator(check_image_reference)] | None = None

    @property
    def empty(self) -> bool:
        """Whether it has no value."""
        return not self.value.strip()

    def measure(self, stage: "LayerContext") -> tuple[float, float]:
        """A code is square."""
        width, height = stage.given
        side = width if width is not None else height
        return side or 0.0, (height if height is not None else side) or 0.0

    @property
    def correction(self) -> Correction:
        """How much of the code may be hidden: the most of it where there is a logo."""
        return self.error_correction or ("H" if self.logo else "M")

    def draw(self, canvas: "Canvas", stage: "LayerContext") -> None:
        """The background over the box, the modules in its middle, the logo in theirs."""
        try:
            rows = qr_modules(self.value, self.correction)
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
        whole = int(module * stage.scale + 1e-6) / stage.scale
        logo, hidden = self._logo(stage, len(rows), whole)
        shown = without_middle(rows, hidden) if logo else rows
        canvas.draw_modules(shown, middle, parse_color(self.color), style=self.style)
        if logo:
            away = (inner - (hidden - 1) * whole) / 2
            canvas.draw_picture(logo, middle.inset(away), fit="contain")

    def _logo(
        self, stage: "LayerContext", across: int, module: float
    ) -> tuple[Picture | None, int]:
        """The picture, and how many of the modules `across` it hides, half of one at each side."""
        if self.logo is None:
            return None, 0
        most = int(across * _HIDDEN[self.correction])
        hidden = max(_LEAST_HIDDEN, most - 1 + most % 2)  # odd, as the code is
        logo = stage.named(self.logo, hidden * module)
        if logo is None:
            stage.warn("image_unavailable", "The logo could not be had.")
        return logo, hidden


def smallest_side(layer: QrLayer) -> int:
    """The pixels that the smallest code of all needs, its quiet zone included."""
    return (_FEWEST_MODULES + 2 * layer.quiet_zone) * SMALLEST_MODULE
