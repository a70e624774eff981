"""Writes animated GIFs whose frames share one palette."""

import struct
from collections.abc import Iterable

from PIL import Image

from postcard.canvas.codecs.pillow_plugins import save_image
from postcard.runtime.lazy_dataclass import dataclass

MAX_COLORS = 255  # and one index for transparent pixels
DISPOSE_KEEP, DISPOSE_TO_BACKGROUND = 1, 2  # disposal methods of GIF89a

_FRAME_DELAY = 100  # hundredths of a second
_TRAILER = b";"
_LOOP_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class GifFrame:
    """A frame shown for one second: palette indices (mode P) drawn at `position`."""

    position: tuple[int, int]
    indices: Image.Image


def write_gif(
    size: tuple[int, int],
    palette: bytes,
    frames: Iterable[GifFrame],
    *,
    transparent_index: int,
    disposal: int = DISPOSE_KEEP,
    loop: bool = False,
) -> bytes:
    """Encode an animation; without `loop` it plays once and the last frame stays.

    `palette` has three bytes per colour; `transparent_index` may lie beyond its end.
    """
    bits = max(1, transparent_index.bit_length())
    table = palette.ljust(3 << bits, b"\0")
    header = struct.pack("<6sHHBBB", b"GIF89a", *size, 0x80 | 0x70 | (bits - 1), 0, 0)
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | 1, _FRAME_DELAY, transparent_index, 0
    )
    parts = [header, table, _LOOP_FOREVER if loop else b""]
    for frame in frames:
        descriptor = struct.pack("<cHHHHB", b",", *frame.position, *frame.indices.size, 0)
        parts += (control, descriptor, _lzw_codes(frame.indices))
    return b"".join((*parts, _TRAILER))


def _lzw_codes(indices: Image.Image) -> bytes:
    """The LZW image data that Pillow writes, cut out of its GIF file."""
    body = save_image(indices, "GIF", interlace=False, optimize=False)
    offset = 13 + _color_table_size(body[10])
    while body[offset : offset + 1] == b"!":
        offset = _skip_sub_blocks(body, offset + 2)
    return body[offset + 10 + _color_table_size(body[offset + 9]) : -1]


def _color_table_size(flags: int) -> int:
    """The size in bytes of the colour table that these flags announce."""
    return 6 << (flags & 7) if flags & 0x80 else 0


def _skip_sub_blocks(body: bytes, offset: int) -> int:
    while body[offset]:
        offset += 1 + body[offset]
    return offset + 1
