"""The barcode layer: Code 128, EAN and other linear codes, in bars of whole pixels."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.barcodes.linear_encoder import Symbology, encode_barcode, min_modules
from postcard.canvas.barcode_masks import module_width
from postcard.color import Color, parse_color
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.layers.code_warnings import warn_of_colors
from postcard.template.properties.paints import ColorString
from postcard.template.schema.constraints import Len
from postcard.template.schema.json_mapping import Liquid
from postcard.text.layout import TextLayout, layout_text
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

_FONT_SIZE_MODULES = 9.5  # of the text below: a digit then fits into its seven modules
_MAX_TEXT_HEIGHT_FRACTION = 0.3  # of the box
_STRIPS = 4  # of the bars, one below the other: a scanner reads along one line
_TEXT_GAP_MODULES = 2.0  # modules between bars and text, and below the text


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeLayer(BaseLayer):
    """A linear barcode, its quiet zone inside the box. Without a valid value it is not drawn.

    A missing check digit is computed. `show_text` writes the value below the bars.
    """

    modifiable: ClassVar = {"value": "value", "color": "color", "background": "background"}

    type: Literal["barcode"] = "barcode"
    symbology: Symbology = "code128"
    value: Annotated[str, Len(0, 5000), Liquid("plain")]
    color: ColorString = "#000000"
    background: ColorString = "#ffffff"
    show_text: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it has no value."""
        return not self.value.strip()

    @property
    def min_modules(self) -> int:
        """The width of the shortest possible code in modules, with its quiet zone."""
        return min_modules(self.symbology)

    def check_value(self, text: str) -> None:
        """Raises ValueError for a text that the symbology cannot encode."""
        encode_barcode(self.symbology, text)

    @property
    def value_error(self) -> str | None:
        """What is wrong with the value; None if it is valid."""
        try:
            if not self.is_empty:
                self.check_value(self.value)
        except ValueError as error:
            return str(error)
        return None

    def is_drawn(self, context: "LayerContext") -> bool:
        """Whether the value is valid."""
        if fault := self.value_error:
            context.warn("invalid_value", f"The value {fault}.")
        return self.value_error is None

    def measure(self, context: "LayerContext") -> tuple[float, float]:
        """A code with only one side stated is square."""
        width, height = context.definite_size
        side = width if width is not None else height
        return side or 0.0, (height if height is not None else side) or 0.0

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the background, the bars, and the text below."""
        bars, box = encode_barcode(self.symbology, self.value), context.box
        unit = module_width(len(bars.modules), box.width * canvas.scale_x) / canvas.scale_x
        if not unit:
            context.warn("unscannable", f"The bars need {len(bars.modules)} pixels: make it wider.")
            return
        canvas.fill_rectangle(box, parse_color(self.background))
        color = parse_color(self.color)
        if not self.show_text:
            canvas.draw_barcode(bars.modules, box, color)
            return
        size = max(1.0, min(_FONT_SIZE_MODULES * unit, _MAX_TEXT_HEIGHT_FRACTION * box.height))
        start = box.x + (box.width - unit * len(bars.modules)) / 2
        texts = [
            (
                _text_layout(text, size, width * unit, color, context),
                start + position * unit,
                width * unit,
            )
            for text, position, width in bars.texts
        ]
        gap = min(_TEXT_GAP_MODULES * unit, size / 4)
        text_height = texts[0][0].height
        top = box.bottom - gap - text_height
        canvas.draw_barcode(bars.modules, Box(box.x, box.y, box.width, top - gap - box.y), color)
        guards = Box(box.x, box.y, box.width, top + text_height / 2 - box.y)
        canvas.draw_barcode(bars.guard_bars, guards, color)
        for layout, x, width in texts:
            canvas.draw_text(layout, Box(x, top, width, text_height))

    def check_drawn(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Warns if the colours of the bars do not scan."""
        modules = encode_barcode(self.symbology, self.value).modules
        warn_of_colors(context, canvas.barcode_fault(modules, self._bars_box(context)))

    def code_box(self, context: "LayerContext") -> Box:
        """What has to be on the canvas: one line of the bars, in their upper half.

        It is the top line, or that at the top of the canvas.
        """
        box, modules = context.box, len(encode_barcode(self.symbology, self.value).modules)
        unit = module_width(modules, box.width * context.scale) / context.scale
        width = unit * modules or box.width
        height = min(1.0, box.height)
        middle = box.y + box.height / 2
        return Box(box.x + (box.width - width) / 2, max(box.y, min(0.0, middle)), width, height)

    def is_covered(self, canvas: "Canvas", context: "LayerContext") -> bool:
        """Whether no strip of the bars in the finished picture scans."""
        modules, box = encode_barcode(self.symbology, self.value).modules, self._bars_box(context)
        height = box.height / _STRIPS
        strips = (Box(box.x, box.y + n * height, box.width, height) for n in range(_STRIPS))
        return all(canvas.barcode_fault(modules, strip) for strip in strips)

    def _bars_box(self, context: "LayerContext") -> Box:
        """Where there are bars alone."""
        box = context.box
        return Box(box.x, box.y, box.width, box.height / 2) if self.show_text else box


def _text_layout(
    text: str, size: float, width: float, color: Color, context: "LayerContext"
) -> TextLayout:
    """A text centred in its modules, as high as its capitals."""
    font = context.font_families
    style = TextStyle(
        families=(font,) if isinstance(font, str) else font,
        size=size,
        color=color,
        features=("tnum",),
    )
    paragraph = ParagraphStyle(
        align="center", wrap="none", fit="shrink", min_size=1.0, trim_cap=True
    )
    return layout_text(
        (TextRun(text, style),), paragraph, width=width, height=None, fonts=context.fonts
    )
