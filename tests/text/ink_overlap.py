"""How far two pictures of a line agree: ink without the other's near it, and ink that is shared."""

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.style import ParagraphStyle, TextRun
from tests.rendering.text_canvas import blank_canvas
from tests.text.script_lines import HEIGHT, LEFT, WIDTH, ScriptLine

DARK_LEVEL, PALE_LEVEL = 128, 185  # below these levels there is ink: of a letter, of a picture
DILATE_ONE_PIXEL = ImageFilter.MaxFilter(3)  # one pixel about
SHIFTS = [(x, y) for y in (0, 1, -1, 2, -2) for x in (0, 1, -1)]  # where a base line is rounded


@dataclass(frozen=True, slots=True)
class InkOverlap:
    """`stray` pixels of either have no ink of the other next to them; `shared` is their overlap."""

    stray: int
    overlap: float


def our_ink(line: ScriptLine, fonts: Fonts) -> Image.Image:
    """The line as we draw it, white where there is ink."""
    return ink_mask(draw_line(line, fonts).convert("L"), line)


def draw_line(line: ScriptLine, fonts: Fonts) -> Image.Image:
    """The line as we draw it, in a strip of its own."""
    rule = ParagraphStyle(
        wrap="none", overflow="visible", direction="rtl" if line.rtl else "ltr", valign="middle"
    )
    width = WIDTH - 2 * LEFT
    runs = [TextRun(line.text, line.style)]
    layout = layout_text(runs, rule, width=width, height=HEIGHT, fonts=fonts)
    canvas = blank_canvas(WIDTH, HEIGHT)
    canvas.draw_text(layout, Box(LEFT, 0, width, HEIGHT))
    return canvas.surface.to_image()


def ink_mask(strip: Image.Image, line: ScriptLine) -> Image.Image:
    """White where a picture of a line has ink."""
    below = PALE_LEVEL if line.is_emoji else DARK_LEVEL
    return strip.point([255 * (level < below) for level in range(256)])


def best_overlap(ours: Image.Image, theirs: Image.Image) -> InkOverlap:
    """The best that the two agree, one of them shifted by a pixel or two."""
    found = (_overlap(ours, ImageChops.offset(theirs, *shift)) for shift in SHIFTS)
    return max(found, key=lambda each: each.overlap)


def _overlap(one: Image.Image, other: Image.Image) -> InkOverlap:
    near, far = one.filter(DILATE_ONE_PIXEL), other.filter(DILATE_ONE_PIXEL)
    stray = _count(ImageChops.subtract(one, far)) + _count(ImageChops.subtract(other, near))
    either = _count(ImageChops.lighter(near, far))
    return InkOverlap(stray, _count(ImageChops.darker(near, far)) / max(1, either))


def _count(mask: Image.Image) -> int:
    return mask.histogram()[255]
