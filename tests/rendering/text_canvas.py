"""What the drawing tests share: a canvas, colours, a text in one line."""

from postcard.canvas.canvas import Canvas
from postcard.color import WHITE, Color
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import TextLayout, layout_text
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

RED: Color = (200, 30, 40, 255)
BLUE: Color = (20, 60, 200, 255)
PALE: Color = (226, 236, 250, 255)
CLEAR: Color = (0, 0, 0, 0)


def blank_canvas(width: int, height: int, scale: float = 1, background: Color = WHITE) -> Canvas:
    return Canvas.new(width, height, (round(width * scale), round(height * scale)), background)


def lay_out_line(
    text: str,
    fonts: Fonts,
    *,
    style: TextStyle | None = None,
    paragraph: ParagraphStyle | None = None,
    width: float | None = None,
    height: float | None = None,
) -> TextLayout:
    run = TextRun(text, style or TextStyle())
    return layout_text(
        [run], paragraph or ParagraphStyle(), width=width, height=height, fonts=fonts
    )


def line_texts(layout: TextLayout) -> list[str]:
    """The lines from left to right, as they are drawn."""
    return ["".join(placed.font_run.text for placed in line.runs) for line in layout.lines]


def draw_in_box(canvas: Canvas, layout: TextLayout, box: Box) -> None:
    """The text over its box, so that a golden picture shows where it should be."""
    canvas.fill_rectangle(box, PALE)
    canvas.draw_text(layout, box)
