"""How far two pictures of a line agree: ink without the other's near it, and ink that is shared."""

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.style import ParagraphStyle, TextRun
from tests.rendering.text_canvas import blank
from tests.text.script_lines import HEIGHT, LEFT, WIDTH, Written

DARK, PALE = 128, 185  # below these levels there is ink: of a letter, of a picture
NEAR = ImageFilter.MaxFilter(3)  # one pixel about
SHIFTS = [(x, y) for y in (0, 1, -1, 2, -2) for x in (0, 1, -1)]  # where a base line is rounded


@dataclass(frozen=True, slots=True)
class Agreement:
    """`stray` pixels of either have no ink of the other next to them; `shared` is their overlap."""

    stray: int
    shared: float


def ours(line: Written, fonts: Fonts) -> Image.Image:
    """The line as we draw it, white where there is ink."""
    return ink(picture(line, fonts).convert("L"), line)


def picture(line: Written, fonts: Fonts) -> Image.Image:
    """The line as we draw it, in a strip of its own."""
    rule = ParagraphStyle(
        wrap="none", overflow="visible", direction="rtl" if line.rtl else "ltr", valign="middle"
    )
    width = WIDTH - 2 * LEFT
    runs = [TextRun(line.text, line.style)]
    layout = layout_text(runs, rule, width=width, height=HEIGHT, fonts=fonts)
    canvas = blank(WIDTH, HEIGHT)
    canvas.draw_text(layout, Box(LEFT, 0, width, HEIGHT))
    return canvas.picture().to_image()


def ink(strip: Image.Image, line: Written) -> Image.Image:
    """White where a picture of a line has ink."""
    below = PALE if line.pictures else DARK
    return strip.point([255 * (level < below) for level in range(256)])


def agreement(ours: Image.Image, theirs: Image.Image) -> Agreement:
    """The best that the two agree, one of them shifted by a pixel or two."""
    found = (_agreement(ours, ImageChops.offset(theirs, *shift)) for shift in SHIFTS)
    return max(found, key=lambda each: each.shared)


def _agreement(one: Image.Image, other: Image.Image) -> Agreement:
    near, far = one.filter(NEAR), other.filter(NEAR)
    stray = _count(ImageChops.subtract(one, far)) + _count(ImageChops.subtract(other, near))
    either = _count(ImageChops.lighter(near, far))
    return Agreement(stray, _count(ImageChops.darker(near, far)) / max(1, either))


def _count(mask: Image.Image) -> int:
    return mask.histogram()[255]
