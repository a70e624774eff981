"""Pillow's readers and writers, each loaded when it is needed.

Its own `open` and `save` load five of them for any picture, and all forty for a WebP or AVIF.
"""

import io
from importlib import import_module

from PIL import Image

PLUGINS = {"PNG": "Png", "JPEG": "Jpeg", "GIF": "Gif", "WEBP": "WebP", "AVIF": "Avif"}


def open_image(body: bytes, format: str) -> Image.Image:
    """A picture whose pixels are not read yet; OSError or SyntaxError where it is no `kind`."""
    stem = PLUGINS[format]
    reader = getattr(import_module(f"PIL.{stem}ImagePlugin"), f"{stem}ImageFile")
    image: Image.Image = reader(io.BytesIO(body))
    return image


def save_image(image: Image.Image, format: str, **options: object) -> bytes:
    """The bytes of a picture as `kind`; the options are Pillow's."""
    file = io.BytesIO()
    file.name = f"picture.{format.lower()}"  # by which Pillow finds the one writer
    image.save(file, None, **options)
    return file.getvalue()
