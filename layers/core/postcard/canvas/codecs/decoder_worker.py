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
from postcard.canvas.codecs.picture import Picture, PictureError
from postcard.runtime import sandbox as confine

ASKED, ANSWERED = struct.Struct("=III"), struct.Struct("=cIIII")
MODES = {b"R": "RGB", b"A": "RGBA"}
_IN, _OUT = 0, 1


def serve() -> None:
    """Answer until the input ends. What any format needs is loaded before the doors close."""
    for stem in codecs.PLUGINS.values():
        import_module(f"PIL.{stem}ImagePlugin")
    import_module("PIL.ImageCms").createProfile("sRGB")
    avif: Any = import_module("PIL.AvifImagePlugin")
    avif.DEFAULT_MAX_THREADS = 1  # there will be no other threads
    confine.bound()
    confine.seal()
    while head := _read(ASKED.size):
        size, *near = ASKED.unpack(head)
        _write(_answer(_read(size), (near[0], near[1]) if near[0] else None))


def _answer(body: bytes, near: tuple[int, int] | None) -> bytes:
    try:
        picture = Picture.decode(body, near=near)
        image = picture.image if picture.image.mode == "RGBA" else picture.image.convert("RGB")
        letter = b"A" if image.mode == "RGBA" else b"R"
        numbers = (*image.size, picture.width, picture.height)
        return ANSWERED.pack(letter, *numbers) + image.tobytes()
    except PictureError as error:
        why = str(error).encode()
    except MemoryError:
        why = b"it takes too much memory"
    return ANSWERED.pack(b"E", len(why), 0, 0, 0) + why


def _read(size: int) -> bytes:
    """So many bytes, or none if the input ends before."""
    pieces = []
    while size:
        piece = os.read(_IN, min(size, 1 << 20))
        if not piece:
            return b""
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _write(answer: bytes) -> None:
    rest = memoryview(answer)
    while rest:
        rest = rest[os.write(_OUT, rest) :]
