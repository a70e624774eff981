"""Compares two images of a line: stray ink, and the overlap of the ink."""

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.style import ParagraphStyle, TextRun
from tests.rendering.text_canvas import blank_canvas
from tests.text.script_lines import HEIGHT, LEFT, WIDTH, ScriptLine

DARK_LEVEL, PALE_LEVEL = 128, 185  # darker levels are ink: of letters, of emoji
DILATE_ONE_PIXEL = ImageFilter.MaxFilter(3)
SHIFTS = [(x, y) for y in (0, 1, -1, 2, -2) for x in (0, 1, -1)]  # baselines are rounded


@dataclass(frozen=True, slots=True)
class InkOverlap:
    """`stray` counts ink pixels without ink of the other image next to them.

    `overlap` is the share of all ink that both have, within one pixel.
    """

    stray: int
    overlap: float


def our_ink(line: ScriptLine, fonts: Fonts, height: int = HEIGHT) -> Image.Image:
    """The line drawn by Postcard, as a mask that is white where there is ink."""
    return ink_mask(draw_line(line, fonts, height).convert("L"), line)


def draw_line(line: ScriptLine, fonts: Fonts, height: int = HEIGHT) -> Image.Image:
    """The line drawn by Postcard, in a strip of its own."""
    paragraph = ParagraphStyle(
        wrap="none", overflow="visible", direction="rtl" if line.rtl else "ltr", valign="middle"
    )
    width = WIDTH - 2 * LEFT
    runs = [TextRun(line.text, line.style)]
    layout = layout_text(runs, paragraph, width=width, height=height, fonts=fonts)
    canvas = blank_canvas(WIDTH, height)
    canvas.draw_text(layout, Box(LEFT, 0, width, height))
    return canvas.surface.to_image()


def ink_mask(strip: Image.Image, line: ScriptLine) -> Image.Image:
    """A mask that is white where the image of a line has ink."""
    limit = PALE_LEVEL if line.is_emoji else DARK_LEVEL
    return strip.point([255 * (level < limit) for level in range(256)])


def best_overlap(ours: Image.Image, theirs: Image.Image) -> InkOverlap:
    """The best overlap of two masks, one of them shifted by up to two pixels."""
    overlaps = (_overlap(ours, ImageChops.offset(theirs, *shift)) for shift in SHIFTS)
    return max(overlaps, key=lambda overlap: overlap.overlap)


def _overlap(first: Image.Image, second: Image.Image) -> InkOverlap:
    near_first, near_second = first.filter(DILATE_ONE_PIXEL), second.filter(DILATE_ONE_PIXEL)
    stray = _count(ImageChops.subtract(first, near_second))
    stray += _count(ImageChops.subtract(second, near_first))
    either = _count(ImageChops.lighter(near_first, near_second))
    both = _count(ImageChops.darker(near_first, near_second))
    return InkOverlap(stray, both / max(1, either))


def _count(mask: Image.Image) -> int:
    return mask.histogram()[255]
