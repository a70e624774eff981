"""Gaussian blur whose time does not grow with the sigma."""

import math

from PIL import Image, ImageFilter

from postcard.runtime.deadline import NO_DEADLINE, Deadline

EXTENT_SIGMAS = 3.0  # beyond so many sigmas a blurred edge cannot be seen
_MAX_FULL_SIZE_SIGMA = 8.0  # pixels; above it a reduced image is blurred
_MIN_REDUCED_SIGMA = 4.0  # pixels of the reduced image
_BAND_PIXELS = 2_000_000  # of a strip of rows that is blurred at once, about 60 ms of RGB
_BAND_MARGIN = 6  # rows beyond three sigmas, where the box filters of the blur reach at most
_RESAMPLING_VARIANCE = 0.25  # what reducing and enlarging add to sigma², in reduced pixels


def blurred(image: Image.Image, sigma: float, deadline: Deadline = NO_DEADLINE) -> Image.Image:
    """Blur an image (L, RGB or premultiplied RGBa) by `sigma` pixels; edge pixels are extended."""
    if sigma <= 0:
        return image
    deadline.check()
    if sigma <= _MAX_FULL_SIZE_SIGMA:
        return _blurred_in_bands(image, sigma, deadline)
    factor = int(sigma / _MIN_REDUCED_SIGMA)
    reduced = image.reduce(factor)
    reduced_sigma = math.sqrt((sigma / factor) ** 2 - _RESAMPLING_VARIANCE)
    reduced = reduced.filter(ImageFilter.GaussianBlur(reduced_sigma))
    deadline.check()
    region = (0.0, 0.0, image.width / factor, image.height / factor)
    return reduced.resize(image.size, Image.Resampling.BILINEAR, box=region)


def _blurred_in_bands(image: Image.Image, sigma: float, deadline: Deadline) -> Image.Image:
    """The blurred image, strip by strip, with a look at the deadline before each strip.

    A strip is blurred with the rows round it that it depends on: the pixels are those of blurring
    the whole image at once.
    """
    blur, margin = ImageFilter.GaussianBlur(sigma), math.ceil(EXTENT_SIGMAS * sigma) + _BAND_MARGIN
    rows = max(4 * margin, _BAND_PIXELS // image.width)
    if rows >= image.height:
        return image.filter(blur)
    result = Image.new(image.mode, image.size)
    for top in range(0, image.height, rows):
        deadline.check()
        first, last = max(0, top - margin), min(image.height, top + rows + margin)
        band = image.crop((0, first, image.width, last)).filter(blur)
        result.paste(band.crop((0, top - first, image.width, top - first + rows)), (0, top))
    return result
