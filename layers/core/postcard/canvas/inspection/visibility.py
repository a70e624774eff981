"""Measures how many pixels of a transparent picture would not be seen on a dark background."""

from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.surface import Surface

_VISIBLE = [255 * (alpha >= 128) for alpha in range(256)]
_MAX_SIDE = 512  # larger pictures are sampled


def dark_share(picture: Surface | bytes, level: int) -> float:
    """The share of a picture's visible pixels whose lightness is at most `level`; 0 if opaque.

    The picture is drawn pixels, or a file that the renderer encoded.
    """
    image = (
        picture.to_image() if isinstance(picture, Surface) else DecodedImage.decode(picture).image
    )
    if image.mode != "RGBA":
        return 0.0
    step = max(1, max(image.size) // _MAX_SIDE)
    sampled = image.resize(
        (max(1, image.width // step), max(1, image.height // step)), Image.Resampling.NEAREST
    )
    mask = sampled.getchannel("A").point(_VISIBLE)
    histogram = sampled.convert("RGB").convert("L").histogram(mask)
    return sum(histogram[: level + 1]) / (sum(histogram) or 1)
