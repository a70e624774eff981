"""Gaussian blur whose time does not grow with the sigma."""

import math

from PIL import Image, ImageFilter

EXTENT_SIGMAS = 3.0  # beyond so many sigmas a blurred edge cannot be seen
_MAX_FULL_SIZE_SIGMA = 8.0  # pixels; above it a reduced image is blurred
_MIN_REDUCED_SIGMA = 4.0  # pixels of the reduced image
_RESAMPLING_VARIANCE = 0.25  # what reducing and enlarging add to sigma², in reduced pixels


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    """Blur an image (L, RGB or premultiplied RGBa) by `sigma` pixels; edge pixels are extended."""
    if sigma <= 0:
        return image
    if sigma <= _MAX_FULL_SIZE_SIGMA:
        return image.filter(ImageFilter.GaussianBlur(sigma))
    factor = int(sigma / _MIN_REDUCED_SIGMA)
    reduced = image.reduce(factor)
    reduced_sigma = math.sqrt((sigma / factor) ** 2 - _RESAMPLING_VARIANCE)
    reduced = reduced.filter(ImageFilter.GaussianBlur(reduced_sigma))
    region = (0.0, 0.0, image.width / factor, image.height / factor)
    return reduced.resize(image.size, Image.Resampling.BILINEAR, box=region)
