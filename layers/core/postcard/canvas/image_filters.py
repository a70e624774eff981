"""How a picture is changed before it is drawn: mirrored, then filtered."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from PIL import Image

from postcard.canvas.blur import blurred
from postcard.canvas.surface import fading
from postcard.color import TRANSPARENT, Color
from postcard.runtime.lazy_dataclass import dataclass

Flip = Literal["none", "horizontal", "vertical", "both"]
Part = tuple[float, float, float, float]

_LUMA = (0.2126, 0.7152, 0.0722)
_MIRRORED = {
    "horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
    "vertical": Image.Transpose.FLIP_TOP_BOTTOM,
    "both": Image.Transpose.ROTATE_180,
}


@dataclass(frozen=True, slots=True)
class Look:
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

    def scaled(self, scale: float) -> "Look":
        """The look at `scale` device pixels per CSS pixel."""
        return replace(self, blur=self.blur * scale) if self.blur else self

    def source(self, part: Part) -> Part:
        """The part of the picture as it is that the part of the mirrored one comes from."""
        left, top, right, bottom = part
        if self.flip in ("horizontal", "both"):
            left, right = 1 - right, 1 - left
        if self.flip in ("vertical", "both"):
            top, bottom = 1 - bottom, 1 - top
        return left, top, right, bottom

    def changed(self, image: Image.Image) -> Image.Image:
        """An RGB or RGBA picture with this look, in device pixels."""
        if self.flip != "none":
            image = image.transpose(_MIRRORED[self.flip])
        if self.blur:
            image = self._blurred(image)
        color = image.convert("RGB") if image.mode == "RGBA" else image
        color = self._colored(color)
        if image.mode == "RGBA":
            color.putalpha(image.getchannel("A"))
        return color

    def _blurred(self, image: Image.Image) -> Image.Image:
        """Premultiplied, so that what cannot be seen does not shine through."""
        if image.mode == "RGB":
            return blurred(image, self.blur)
        return blurred(image.convert("RGBa"), self.blur).convert("RGBA")

    def _colored(self, color: Image.Image) -> Image.Image:
        """Blurring before or after turning grey is the same: each is a weighted sum."""
        if self.grayscale:
            color = color.convert("RGB", _matrix(1 - self.grayscale, _LUMA))
        if self.brightness != 1 or self.contrast != 1:
            color = color.point(_levels(self.brightness, self.contrast) * 3)
        if self.saturation != 1:
            color = color.convert("RGB", _matrix(self.saturation, _LUMA))
        if self.tint[3]:
            color = _tinted(color, self.tint)
        return color


def _matrix(saturation: float, luma: Sequence[float]) -> tuple[float, ...]:
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


def _levels(brightness: float, contrast: float) -> list[int]:
    """What 256 levels become, held between black and white after each step."""
    bright = [min(255.0, level * brightness) for level in range(256)]
    return [round(min(255.0, max(0.0, (level - 127.5) * contrast + 127.5))) for level in bright]


def _tinted(color: Image.Image, tint: Color) -> Image.Image:
    if tint[3] == 255:
        return Image.new("RGB", color.size, tint[:3])
    kept = fading(255 - tint[3])
    tables = [[level + (ink * tint[3] + 127) // 255 for level in kept] for ink in tint[:3]]
    return color.point([min(255, level) for table in tables for level in table])
