"""A bar code of whole pixels."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard.barcodes.linear_encoder import Symbology, bars_of, fewest_modules
from postcard.canvas.barcode_bars import module
from postcard.color import Color, parse_color
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.paints import ColorText
from postcard.template.schema.constraints import Len
from postcard.template.schema.json_mapping import Liquid
from postcard.text.layout import TextLayout, lay_out
from postcard.text.style import Paragraph, Run, TextStyle

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

_DIGIT = 9.5  # modules: the size of the text below, so that a digit fits its seven
_HIGHEST_TEXT = 0.3  # of the box
_GAP = 2.0  # modules between bars and text, and below the text


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeLayer(BaseLayer):
    """A bar code, its quiet zone inside the box. Without a good value it is not drawn.

    A missing check digit is computed. `show_text` writes the value below the bars.
    """

    takes: ClassVar = {"value": "value", "color": "color", "background": "background"}

    type: Literal["barcode"] = "barcode"
    symbology: Symbology = "code128"
    value: Annotated[str, Len(0, 5000), Liquid("plain")]
    color: ColorText = "#000000"
    background: ColorText = "#ffffff"
    show_text: bool = False

    @property
    def empty(self) -> bool:
        """Whether it has no value."""
        return not self.value.strip()

    @property
    def fewest_modules(self) -> int:
        """The modules of the shortest code, its quiet zone included."""
        return fewest_modules(self.symbology)

    def check_value(self, text: str) -> None:
        """Raises ValueError with what the symbology cannot say."""
        bars_of(self.symbology, text)

    @property
    def fault(self) -> str | None:
        """What is wrong with the value, None if nothing is."""
        try:
            if not self.empty:
                self.check_value(self.value)
        except ValueError as error:
            return str(error)
        return None

    def ready(self, stage: "LayerContext") -> bool:
        """Whether the value is good."""
        if fault := self.fault:
            stage.warn("bad_value", f"The value {fault}.")
        return self.fault is None

    def measure(self, stage: "LayerContext") -> tuple[float, float]:
        """A code is square where one side is open."""
        width, height = stage.given
        side = width if width is not None else height
        return side or 0.0, (height if height is not None else side) or 0.0

    def draw(self, canvas: "Canvas", stage: "LayerContext") -> None:
        """The background over the box, the bars, and the text below."""
        bars, box = bars_of(self.symbology, self.value), stage.box
        each = module(len(bars.code), box.width * canvas.scale_x) / canvas.scale_x
        if not each:
            stage.warn("unscannable", f"The bars need {len(bars.code)} pixels: make it wider.")
            return
        canvas.fill_rectangle(box, parse_color(self.background))
        color = parse_color(self.color)
        if not self.show_text:
            canvas.draw_bars(bars.code, box, color)
            return
        size = max(1.0, min(_DIGIT * each, _HIGHEST_TEXT * box.height))
        start = box.x + (box.width - each * len(bars.code)) / 2
        texts = [
            (_text(text, size, width * each, color, stage), start + place * each, width * each)
            for text, place, width in bars.texts
        ]
        gap = min(_GAP * each, size / 4)
        high = texts[0][0].height
        top = box.bottom - gap - high
        canvas.draw_bars(bars.code, Box(box.x, box.y, box.width, top - gap - box.y), color)
        guards = Box(box.x, box.y, box.width, top + high / 2 - box.y)
        canvas.draw_bars(bars.guards, guards, color)
        for layout, x, wide in texts:
            canvas.draw_text(layout, Box(x, top, wide, high))


def _text(text: str, size: float, width: float, color: Color, stage: "LayerContext") -> TextLayout:
    """A text in the middle of its modules, as high as its capitals."""
    font = stage.families
    style = TextStyle(
        fonts=(font,) if isinstance(font, str) else font,
        size=size,
        color=color,
        features=("tnum",),
    )
    paragraph = Paragraph(align="center", wrap="none", fit="shrink", min_size=1.0, trim_cap=True)
    return lay_out((Run(text, style),), paragraph, width=width, height=None, fonts=stage.fonts)
