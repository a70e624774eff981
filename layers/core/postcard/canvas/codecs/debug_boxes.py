"""Draws the outlines of layer boxes over a rendered picture, for debugging."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from postcard.canvas.codecs.encode import encode
from postcard.canvas.surface import Surface
from postcard.geometry import Box
from postcard.image_formats import EncodedImage
from postcard.runtime.deadline import NO_DEADLINE, Deadline

BOX_COLORS = ("#e11d48", "#2563eb", "#16a34a", "#d97706", "#9333ea")


def draw_debug_boxes(
    picture: EncodedImage,
    boxes: Sequence[Box],
    *,
    quality: int | None,
    deadline: Deadline = NO_DEADLINE,
) -> EncodedImage:
    """The picture with a one-pixel outline of each box (device pixels)."""
    with Image.open(io.BytesIO(picture.body)) as opened:
        image = opened.convert("RGB")
    pen = ImageDraw.Draw(image)
    for index, box in enumerate(boxes):
        corners = (box.x, box.y, max(box.x, box.right - 1), max(box.y, box.bottom - 1))
        pen.rectangle(corners, outline=BOX_COLORS[index % len(BOX_COLORS)])
    surface = Surface(image, None)
    return encode(surface, picture.format, quality=quality, deadline=deadline).image
