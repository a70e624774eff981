"""Gaussian blur in time that does not grow with it."""

import math

from PIL import Image, ImageFilter

EXTENT_SIGMAS = 3.0  # sigmas beyond which nothing is seen
_MAX_FULL_SIZE_SIGMA = 8.0  # pixels; above this sigma a smaller picture is blurred
_MIN_REDUCED_SIGMA = 4.0  # pixels of sigma that the smaller picture keeps at least
_RESAMPLING_VARIANCE = (
    0.25  # what averaging down and drawing up again add to sigma squared, small pixels
)


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    """The image (L, RGB or premultiplied RGBa) blurred by `sigma` pixels; its edges go on."""
    if sigma <= 0:
        return image
    if sigma <= _MAX_FULL_SIZE_SIGMA:
        return image.filter(ImageFilter.GaussianBlur(sigma))
    many = int(sigma / _MIN_REDUCED_SIGMA)
    small = image.reduce(many)
    left = math.sqrt((sigma / many) ** 2 - _RESAMPLING_VARIANCE)
    small = small.filter(ImageFilter.GaussianBlur(left))
    part = (0.0, 0.0, image.width / many, image.height / many)
    return small.resize(image.size, Image.Resampling.BILINEAR, box=part)
