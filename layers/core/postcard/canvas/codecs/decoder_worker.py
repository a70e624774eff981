"""Decodes what comes in on standard input, one picture after the other, in a process of its own.

Asked: three numbers (bytes of the picture, width and height that will be shown or 0) and the
picture. Answered: a letter (R or A for RGB or RGBA, E for none), four numbers (size of the pixels,
size of the file), then the pixels; or how long, and why there is no picture.
"""

import os
import struct
from importlib import import_module
from typing import Any

from postcard.canvas.codecs import pillow_plugins as codecs
from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.runtime import sandbox as confine

REQUEST_HEADER, RESPONSE_HEADER = struct.Struct("=III"), struct.Struct("=cIIII")
PIXEL_MODES = {b"R": "RGB", b"A": "RGBA"}
_STDIN, _STDOUT = 0, 1


def serve() -> None:
    """Answer until the input ends. What any format needs is loaded before the doors close."""
    for stem in codecs.PLUGINS.values():
        import_module(f"PIL.{stem}ImagePlugin")
    import_module("PIL.ImageCms").createProfile("sRGB")
    avif: Any = import_module("PIL.AvifImagePlugin")
    avif.DEFAULT_MAX_THREADS = 1  # there will be no other threads
    confine.set_limits()
    confine.install_seccomp()
    while head := _read(REQUEST_HEADER.size):
        size, *near = REQUEST_HEADER.unpack(head)
        _write(_decode_response(_read(size), (near[0], near[1]) if near[0] else None))


def _decode_response(body: bytes, target_pixels: tuple[int, int] | None) -> bytes:
    try:
        picture = DecodedImage.decode(body, target_pixels=target_pixels)
        image = picture.image if picture.image.mode == "RGBA" else picture.image.convert("RGB")
        letter = b"A" if image.mode == "RGBA" else b"R"
        numbers = (*image.size, picture.width, picture.height)
        return RESPONSE_HEADER.pack(letter, *numbers) + image.tobytes()
    except ImageDecodeError as error:
        why = str(error).encode()
    except MemoryError:
        why = b"it takes too much memory"
    return RESPONSE_HEADER.pack(b"E", len(why), 0, 0, 0) + why


def _read(size: int) -> bytes:
    """So many bytes, or none if the input ends before."""
    pieces = []
    while size:
        piece = os.read(_STDIN, min(size, 1 << 20))
        if not piece:
            return b""
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _write(response: bytes) -> None:
    rest = memoryview(response)
    while rest:
        rest = rest[os.write(_STDOUT, rest) :]
