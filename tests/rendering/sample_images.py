"""Pictures made for the tests."""

import io

from PIL import Image

COLORS = ((220, 40, 40), (40, 160, 60), (40, 80, 220), (240, 200, 40))


def quarters(width: int, height: int, *, alpha: int = 255) -> Image.Image:
    """Red, green, blue, yellow: top left, top right, bottom left, bottom right."""
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    places = ((0, 0), (half[0], 0), (0, half[1]), half)
    for color, (x, y) in zip(COLORS, places, strict=True):
        image.paste(color, (x, y, x + half[0], y + half[1]))
    if alpha < 255:
        image.putalpha(alpha)
    return image


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
