"""Which of png and jpg suits a picture: what `format: auto` comes to."""

from typing import Literal

from postcard.canvas.codecs import palette
from postcard.canvas.surface import Surface

_MAX_FLAT_ART_RATIO = (
    1.5  # times a jpg's bytes that a png of flat art may weigh: a jpg blurs its edges
)


def choose_format(
    surface: Surface, png_bytes: int, jpg_bytes: int, *, max_bytes: int | None = None
) -> Literal["png", "jpg"]:
    """The format for a surface that has so many bytes as either.

    What shows something through is a png. Flat art is one unless a jpg is much smaller, and
    everything else is what is smaller. Within a budget that only one of them keeps to, it is that.
    """
    if surface.alpha is not None and surface.alpha.getextrema() != (255, 255):
        return "png"
    if max_bytes is not None and (png_bytes <= max_bytes) != (jpg_bytes <= max_bytes):
        return "png" if png_bytes <= max_bytes else "jpg"
    worth = _MAX_FLAT_ART_RATIO if palette.is_flat_art(surface.color) else 1.0
    return "png" if png_bytes <= jpg_bytes * worth else "jpg"
