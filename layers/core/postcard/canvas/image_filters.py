"""How a picture is changed before it is drawn: mirrored, then filtered."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from PIL import Image

from postcard.canvas.blur import blurred
from postcard.canvas.surface import multiply_table
from postcard.color import TRANSPARENT, Color
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
    """CSS's filters in the order of their names here; `blur` is the sigma, in CSS pixels.

    The edges of a blurred picture stay where they are. `tint` is laid over the picture's own
    pixels: opaque, it leaves their outline in one colour.
    """

    flip: Flip = "none"
    grayscale: float = 0.0
    blur: float = 0.0
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    tint: Color = TRANSPARENT

    def scaled(self, scale: float) -> "ImageFilters":
        """The look at `scale` device pixels per CSS pixel."""
        return replace(self, blur=self.blur * scale) if self.blur else self

    def source_region(self, region: RelativeRegion) -> RelativeRegion:
        """The part of the picture as it is that the part of the mirrored one comes from."""
        left, top, right, bottom = region
        if self.flip in ("horizontal", "both"):
            left, right = 1 - right, 1 - left
        if self.flip in ("vertical", "both"):
            top, bottom = 1 - bottom, 1 - top
        return left, top, right, bottom

    def apply(self, image: Image.Image) -> Image.Image:
        """An RGB or RGBA picture with this look, in device pixels."""
        if self.flip != "none":
            image = image.transpose(_FLIP_TRANSPOSES[self.flip])
        if self.blur:
            image = self._blur(image)
        color = image.convert("RGB") if image.mode == "RGBA" else image
        color = self._adjust_colors(color)
        if image.mode == "RGBA":
            color.putalpha(image.getchannel("A"))
        return color

    def _blur(self, image: Image.Image) -> Image.Image:
        """Premultiplied, so that what cannot be seen does not shine through."""
        if image.mode == "RGB":
            return blurred(image, self.blur)
        return blurred(image.convert("RGBa"), self.blur).convert("RGBA")

    def _adjust_colors(self, color: Image.Image) -> Image.Image:
        """Blurring before or after turning grey is the same: each is a weighted sum."""
        if self.grayscale:
            color = color.convert("RGB", _saturation_matrix(1 - self.grayscale, _LUMA_WEIGHTS))
        if self.brightness != 1 or self.contrast != 1:
            color = color.point(_tone_table(self.brightness, self.contrast) * 3)
        if self.saturation != 1:
            color = color.convert("RGB", _saturation_matrix(self.saturation, _LUMA_WEIGHTS))
        if self.tint[3]:
            color = _tint(color, self.tint)
        return color


def _saturation_matrix(saturation: float, luma: Sequence[float]) -> tuple[float, ...]:
    """Each colour's distance from its grey, times `saturation`."""
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
    """What 256 levels become, held between black and white after each step."""
    bright = [min(255.0, level * brightness) for level in range(256)]
    return [round(min(255.0, max(0.0, (level - 127.5) * contrast + 127.5))) for level in bright]


def _tint(color: Image.Image, tint: Color) -> Image.Image:
    if tint[3] == 255:
        return Image.new("RGB", color.size, tint[:3])
    kept = multiply_table(255 - tint[3])
    tables = [[level + (ink * tint[3] + 127) // 255 for level in kept] for ink in tint[:3]]
    return color.point([min(255, level) for table in tables for level in table])
