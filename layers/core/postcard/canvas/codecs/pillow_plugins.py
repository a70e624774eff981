"""Opens and saves images with only the Pillow plugin of their format loaded.

`Image.open` and `Image.save` would load five plugins, and all forty for a WebP or AVIF.
"""

import io
from importlib import import_module
from typing import Any

from PIL import Image

PLUGINS = {"PNG": "Png", "JPEG": "Jpeg", "GIF": "Gif", "WEBP": "WebP", "AVIF": "Avif"}


def open_image(body: bytes, format: str) -> Image.Image:
    """Open an image without decoding its pixels; OSError or SyntaxError if it is broken."""
    stem = PLUGINS[format]
    reader = getattr(import_module(f"PIL.{stem}ImagePlugin"), f"{stem}ImageFile")
    image: Image.Image = reader(io.BytesIO(body))
    return image


def load_pixels(file: Image.Image) -> Image.Image:
    """Decode the pixels of an opened image, and free what its decoder holds.

    A WebP decoder holds two canvases. Pillow's `load` would make its image before they are freed,
    and so need 500 MB for 25 megapixels.
    """
    decoding: Any = file
    if file.format == "WEBP":
        pixels, _ = decoding._decoder.get_next()
        decoding._decoder = None
        image = Image.frombytes(file.mode, file.size, pixels, "raw", decoding.rawmode)
        image.info = file.info
        return image
    file.load()
    if file.format == "AVIF":
        decoding._decoder = None
    return file


def save_image(image: Image.Image, format: str, **options: object) -> bytes:
    """Encode an image; the options are Pillow's."""
    file = io.BytesIO()
    file.name = f"picture.{format.lower()}"  # Pillow loads only the plugin of this extension
    image.save(file, None, **options)
    return file.getvalue()
