"""Decodes images from standard input to standard output, in the sandboxed subprocess.

First it sends what the sandbox holds (`Seal.to_byte`).
Request: three numbers (file size in bytes; width and height of the drawn size, or 0), the file.
Response: "R" or "A" (RGB or RGBA), four numbers (decoded size, original size), the pixels.
On failure: "E", the length of the reason and three zeros, the reason.
"""

import os
import struct
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError, detect_format
from postcard.canvas.codecs.file_structure import check_structure
from postcard.canvas.codecs.pillow_plugins import PLUGINS
from postcard.runtime import sandbox
from postcard.runtime.malloc import return_freed_memory

REQUEST_HEADER, RESPONSE_HEADER = struct.Struct("=III"), struct.Struct("=cIIII")
PIXEL_MODES = {b"R": "RGB", b"A": "RGBA"}
_STDIN, _STDOUT = 0, 1
_MAX_PART_BYTES = 1 << 20
_LAZY_MODULES = (
    "PIL.ImageCms",  # colour profiles
    "postcard.canvas.codecs.color.tone_mapping",  # HDR
    "PIL.TiffImagePlugin",  # EXIF, and the index of a JPEG with several pictures
    "PIL.MpoImagePlugin",  # a JPEG with several pictures
)


def serve() -> None:
    """Enter the sandbox and decode images until standard input ends."""
    import_decoders()
    return_freed_memory()
    sandbox.announce(sandbox.enter())
    while header := _read(REQUEST_HEADER.size):
        size, width, height = REQUEST_HEADER.unpack(header)
        for part in decode_response(_read(size), (width, height) if width else None):
            _write(part)


def import_decoders() -> None:
    """Import everything that any image needs: the sandbox allows no more files.

    Pillow imports most of it while it decodes the first image that needs it.
    """
    for name in (*(f"PIL.{stem}ImagePlugin" for stem in PLUGINS.values()), *_LAZY_MODULES):
        import_module(name)
    import_module("PIL.ImageCms").createProfile("sRGB")
    avif: Any = import_module("PIL.AvifImagePlugin")
    avif.DEFAULT_MAX_THREADS = 1  # the sandbox allows no threads


def decode_response(body: bytes, target_pixels: tuple[int, int] | None) -> Iterator[bytes]:
    """The parts of the response to one image, whose pixels are copied a few rows at a time."""
    try:
        check_structure(body, detect_format(body))
        decoded = DecodedImage.decode(body, target_pixels=target_pixels)
    except ImageDecodeError as error:
        reason = str(error).encode()
        yield RESPONSE_HEADER.pack(b"E", len(reason), 0, 0, 0) + reason
        return
    image, mode = decoded.image, b"A" if decoded.image.mode == "RGBA" else b"R"
    yield RESPONSE_HEADER.pack(mode, *image.size, decoded.width, decoded.height)
    width, height = image.size
    rows = max(1, _MAX_PART_BYTES // (len(image.mode) * width))
    for top in range(0, height, rows):
        yield image.crop((0, top, width, min(top + rows, height))).tobytes()


def _read(size: int) -> bytes:
    """Exactly `size` bytes, or none if the input ends before."""
    chunks = []
    while size:
        chunk = os.read(_STDIN, min(size, 1 << 20))
        if not chunk:
            return b""
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _write(response: bytes) -> None:
    rest = memoryview(response)
    while rest:
        rest = rest[os.write(_STDOUT, rest) :]
