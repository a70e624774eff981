"""Gaussian blur in time that does not grow with it."""

import math

from PIL import Image, ImageFilter

REACH = 3.0  # sigmas beyond which nothing is seen
_FINE = 8.0  # pixels; above this sigma a smaller picture is blurred
_KEPT = 4.0  # pixels of sigma that the smaller picture keeps at least
_RESAMPLING = 0.25  # what averaging down and drawing up again add to sigma squared, small pixels


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    """The image (L, RGB or premultiplied RGBa) blurred by `sigma` pixels; its edges go on."""
    if sigma <= 0:
        return image
    if sigma <= _FINE:
        return image.filter(ImageFilter.GaussianBlur(sigma))
    many = int(sigma / _KEPT)
    small = image.reduce(many)
    left = math.sqrt((sigma / many) ** 2 - _RESAMPLING)
    small = small.filter(ImageFilter.GaussianBlur(left))
    part = (0.0, 0.0, image.width / many, image.height / many)
    return small.resize(image.size, Image.Resampling.BILINEAR, box=part)
