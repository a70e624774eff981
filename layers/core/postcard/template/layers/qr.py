"""The QR code layer, in modules of whole pixels."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.barcodes.qr_encoder import encode_qr
from postcard.canvas.barcode_masks import ModuleRows, ModuleStyle, clear_center
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import parse_color
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.layers.code_warnings import warn_of_colors
from postcard.template.properties.paints import ColorString
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import Liquid, SchemaHint, Validator
from postcard.template.schema.validators import check_image_reference

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.canvas.code_contrast import CodeFault
    from postcard.template.layers.context import LayerContext

ErrorCorrection = Literal["L", "M", "Q", "H"]
MIN_MODULE_PIXELS = 2  # device pixels; phones fail to read smaller ones off a screen
_MIN_MODULES = 21  # a side of the smallest QR code
# of the side; hides far less than the error correction can restore
_MAX_LOGO_FRACTION = {"L": 0.12, "M": 0.16, "Q": 0.2, "H": 0.22}
_MIN_LOGO_MODULES = 3
# of the modules, that other layers may cover: less than the error correction can restore
_MAX_DAMAGE = {"L": 0.05, "M": 0.1, "Q": 0.18, "H": 0.22}


@dataclass(frozen=True, slots=True, kw_only=True)
class QrLayer(BaseLayer):
    """A QR code; `quiet_zone` in modules, inside the box. Without a value it is not drawn."""

    modifiable: ClassVar = {"value": "value", "color": "color", "background": "background"}

    type: Literal["qr"] = "qr"
    value: Annotated[str, Len(0, 5000), Liquid("plain")]
    color: ColorString = "#000000"
    background: ColorString = "#ffffff"
    error_correction: ErrorCorrection | None = None
    quiet_zone: Annotated[int, Ge(0), Le(40), SchemaHint(unit="modules")] = 4
    style: ModuleStyle = "square"
    logo: Annotated[str, Validator(check_image_reference), SchemaHint("asset")] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it has no value."""
        return not self.value.strip()

    def measure(self, context: "LayerContext") -> tuple[float, float]:
        """A code is square."""
        width, height = context.definite_size
        side = width if width is not None else height
        return side or 0.0, (height if height is not None else side) or 0.0

    @property
    def effective_correction(self) -> ErrorCorrection:
        """The error correction level: by default the highest with a logo, else medium."""
        return self.error_correction or ("H" if self.logo else "M")

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the background, the modules in its middle, and the logo in theirs."""
        rows = self._rows()
        if rows is None:
            context.warn("invalid_value", "The text is too long for a QR code of this correction.")
            return
        inner, module_size = self._placement(context, len(rows))
        if inner.width / len(rows) * context.scale < MIN_MODULE_PIXELS:
            context.warn("unscannable", "The modules are under 2 pixels: make the code larger.")
        canvas.fill_rectangle(context.box, parse_color(self.background))
        logo, hidden_modules = self._load_logo(context, len(rows), module_size)
        visible_rows = clear_center(rows, hidden_modules) if logo else rows
        canvas.draw_qr_modules(visible_rows, inner, parse_color(self.color), style=self.style)
        if logo:
            margin = (inner.width - (hidden_modules - 1) * module_size) / 2
            canvas.draw_image(logo, inner.inset(margin), fit="contain")

    def check_drawn(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Warns if the colours of the code do not scan."""
        warn_of_colors(context, self._fault(canvas, context))

    def code_box(self, context: "LayerContext") -> Box:
        """What has to be on the canvas: the modules."""
        rows = self._rows()
        return self._placement(context, len(rows))[0] if rows else context.box

    def is_covered(self, canvas: "Canvas", context: "LayerContext") -> bool:
        """Whether the finished picture shows less of the code than scanners need."""
        damage = _MAX_DAMAGE[self.effective_correction]
        return self._fault(canvas, context, damage) is not None

    def _fault(
        self, canvas: "Canvas", context: "LayerContext", damage: float | None = None
    ) -> "CodeFault | None":
        rows = self._rows()
        if rows is None:
            return None
        inner, module_size = self._placement(context, len(rows))
        hidden = None
        if self.logo:
            margin = (inner.width - self._hidden_modules(len(rows)) * module_size) / 2
            hidden = inner.inset(margin)
        return canvas.qr_fault(rows, inner, style=self.style, hidden=hidden, damage=damage)

    def _rows(self) -> ModuleRows | None:
        """The modules; None if the text is too long."""
        try:
            return encode_qr(self.value, self.effective_correction)
        except ValueError:
            return None

    def _placement(self, context: "LayerContext", modules_per_side: int) -> tuple[Box, float]:
        """Where the modules are drawn, and the size of one in whole device pixels."""
        box = context.box
        module = min(box.width, box.height) / (modules_per_side + 2 * self.quiet_zone)
        inner = module * modules_per_side
        x, y = box.x + (box.width - inner) / 2, box.y + (box.height - inner) / 2
        return Box(x, y, inner, inner), int(module * context.scale + 1e-6) / context.scale

    def _hidden_modules(self, modules_per_side: int) -> int:
        """How many modules across a logo hides; it covers half of the outer ones."""
        most = int(modules_per_side * _MAX_LOGO_FRACTION[self.effective_correction])
        return max(_MIN_LOGO_MODULES, most - 1 + most % 2)  # odd, as the code is

    def _load_logo(
        self, context: "LayerContext", modules_per_side: int, module: float
    ) -> tuple[DecodedImage | None, int]:
        """The logo, and how many modules across it hides."""
        if self.logo is None:
            return None, 0
        hidden = self._hidden_modules(modules_per_side)
        logo = context.find_picture(self.logo, hidden * module)
        if logo is None:
            context.warn("image_unavailable", "The logo could not be loaded.")
        return logo, hidden


def min_side(layer: QrLayer) -> int:
    """The pixels that the smallest QR code needs, with its quiet zone."""
    return (_MIN_MODULES + 2 * layer.quiet_zone) * MIN_MODULE_PIXELS
