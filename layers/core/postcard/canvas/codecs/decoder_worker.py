"""Decodes images from standard input to standard output, in the sandboxed subprocess.

Request: three numbers (file size in bytes; width and height of the drawn size, or 0), the file.
Response: "R" or "A" (RGB or RGBA), four numbers (decoded size, original size), the pixels.
On failure: "E", the length of the reason and three zeros, the reason.
"""

import os
import struct
from importlib import import_module
from typing import Any

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.canvas.codecs.pillow_plugins import PLUGINS
from postcard.runtime import sandbox

REQUEST_HEADER, RESPONSE_HEADER = struct.Struct("=III"), struct.Struct("=cIIII")
PIXEL_MODES = {b"R": "RGB", b"A": "RGBA"}
_STDIN, _STDOUT = 0, 1
_LAZY_MODULES = (
    "PIL.ImageCms",  # colour profiles
    "PIL.TiffImagePlugin",  # EXIF, and the index of a JPEG with several pictures
    "PIL.MpoImagePlugin",  # a JPEG with several pictures
)


def serve() -> None:
    """Enter the sandbox and decode images until standard input ends."""
    import_decoders()
    sandbox.set_limits()
    sandbox.install_seccomp()
    while header := _read(REQUEST_HEADER.size):
        size, width, height = REQUEST_HEADER.unpack(header)
        _write(_decode_response(_read(size), (width, height) if width else None))


def import_decoders() -> None:
    """Import everything that any image needs: the sandbox allows no more files.

    Pillow imports most of it while it decodes the first image that needs it.
    """
    for name in (*(f"PIL.{stem}ImagePlugin" for stem in PLUGINS.values()), *_LAZY_MODULES):
        import_module(name)
    import_module("PIL.ImageCms").createProfile("sRGB")
    avif: Any = import_module("PIL.AvifImagePlugin")
    avif.DEFAULT_MAX_THREADS = 1  # the sandbox allows no threads


def _decode_response(body: bytes, target_pixels: tuple[int, int] | None) -> bytes:
    try:
        decoded = DecodedImage.decode(body, target_pixels=target_pixels)
        image = decoded.image if decoded.image.mode == "RGBA" else decoded.image.convert("RGB")
        mode = b"A" if image.mode == "RGBA" else b"R"
        header = RESPONSE_HEADER.pack(mode, *image.size, decoded.width, decoded.height)
        return header + image.tobytes()
    except ImageDecodeError as error:
        reason = str(error).encode()
    except MemoryError:
        reason = b"it takes too much memory"
    return RESPONSE_HEADER.pack(b"E", len(reason), 0, 0, 0) + reason


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
