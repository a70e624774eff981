"""CSS image filters, and mirroring, applied to an image before it is drawn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from PIL import Image

from postcard.canvas.blur import blurred
from postcard.canvas.surface import multiply_table
from postcard.color import TRANSPARENT, Color
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass

Flip = Literal["none", "horizontal", "vertical", "both"]
RelativeRegion = tuple[float, float, float, float]

_LUMA_WEIGHTS = (0.2126, 0.7152, 0.0722)
_FLIP_TRANSPOSES = {
    "horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
    "vertical": Image.Transpose.FLIP_TOP_BOTTOM,
    "both": Image.Transpose.ROTATE_180,
}


@dataclass(frozen=True, slots=True)
class ImageFilters:
    """Filters in the order in which they are applied; 1 is CSS's 100 %.

    `blur` is the sigma in CSS pixels and does not soften the image's edges. `tint` is painted
    over the image's pixels and keeps their alpha: an opaque one leaves a silhouette.
    """

    flip: Flip = "none"
    grayscale: float = 0.0
    blur: float = 0.0
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    tint: Color = TRANSPARENT

    def scaled(self, scale: float) -> "ImageFilters":
        """The filters with lengths in device pixels."""
        return replace(self, blur=self.blur * scale) if self.blur else self

    def source_region(self, region: RelativeRegion) -> RelativeRegion:
        """The region of the unmirrored image that shows at `region` of the mirrored one."""
        left, top, right, bottom = region
        if self.flip in ("horizontal", "both"):
            left, right = 1 - right, 1 - left
        if self.flip in ("vertical", "both"):
            top, bottom = 1 - bottom, 1 - top
        return left, top, right, bottom

    def apply(self, image: Image.Image, deadline: Deadline = NO_DEADLINE) -> Image.Image:
        """Filter an RGB or RGBA image; lengths are taken as device pixels."""
        deadline.check()
        if self.flip != "none":
            image = image.transpose(_FLIP_TRANSPOSES[self.flip])
        if self.blur:
            image = self._blur(image, deadline)
        color = image.convert("RGB") if image.mode == "RGBA" else image
        color = self._adjust_colors(color, deadline)
        if image.mode == "RGBA":
            color.putalpha(image.getchannel("A"))
        return color

    def _blur(self, image: Image.Image, deadline: Deadline) -> Image.Image:
        """Blur premultiplied, so that colours of transparent pixels do not bleed."""
        if image.mode == "RGB":
            return blurred(image, self.blur, deadline)
        return blurred(image.convert("RGBa"), self.blur, deadline).convert("RGBA")

    def _adjust_colors(self, color: Image.Image, deadline: Deadline) -> Image.Image:
        if self.grayscale:
            deadline.check()
            color = color.convert("RGB", _saturation_matrix(1 - self.grayscale, _LUMA_WEIGHTS))
        if self.brightness != 1 or self.contrast != 1:
            deadline.check()
            color = color.point(_tone_table(self.brightness, self.contrast) * 3)
        if self.saturation != 1:
            deadline.check()
            color = color.convert("RGB", _saturation_matrix(self.saturation, _LUMA_WEIGHTS))
        if self.tint[3]:
            deadline.check()
            color = _tint(color, self.tint)
        return color


def _saturation_matrix(saturation: float, luma: Sequence[float]) -> tuple[float, ...]:
    """The colour matrix that multiplies each colour's distance from its grey."""
    return tuple(
        value
        for row in range(3)
        for value in (
            *(
                (1 - saturation) * luma[column] + (saturation if row == column else 0.0)
                for column in range(3)
            ),
            0.0,
        )
    )


def _tone_table(brightness: float, contrast: float) -> list[int]:
    """The new value of each of 256 levels, clamped after each of the two filters."""
    bright = [min(255.0, level * brightness) for level in range(256)]
    return [round(min(255.0, max(0.0, (level - 127.5) * contrast + 127.5))) for level in bright]


def _tint(color: Image.Image, tint: Color) -> Image.Image:
    if tint[3] == 255:
        return Image.new("RGB", color.size, tint[:3])
    faded = multiply_table(255 - tint[3])
    tables = [[level + (ink * tint[3] + 127) // 255 for level in faded] for ink in tint[:3]]
    return color.point([min(255, level) for table in tables for level in table])
