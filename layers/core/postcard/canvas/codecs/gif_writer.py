"""A GIF writer for several pictures that share one palette."""

import struct
from collections.abc import Iterable

from PIL import Image

from postcard.canvas.codecs.pillow_plugins import save_image
from postcard.runtime.lazy_dataclass import dataclass

MAX_COLORS = 255  # and one place for what shows nothing
DISPOSE_KEEP, DISPOSE_TO_BACKGROUND = 1, 2  # what becomes of a picture when its time is up

_FRAME_DELAY = 100  # hundredths
_TRAILER = b";"
_LOOP_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class GifFrame:
    """A second of an animation: indices (mode P) that lie at `at` over what was shown before."""

    position: tuple[int, int]
    indices: Image.Image


def write(
    size: tuple[int, int],
    palette: bytes,
    frames: Iterable[GifFrame],
    *,
    transparent_index: int,
    disposal: int = DISPOSE_KEEP,
    loop: bool = False,
) -> bytes:
    """The file. `palette` is RGB; `clear` is the index that shows nothing, in no need of a colour.

    `then` is `STAY`, or `CLEAR` for pictures that leave nothing behind. Without `loop` the last
    picture stays.
    """
    bits = max(1, transparent_index.bit_length())
    table = palette.ljust(3 << bits, b"\0")
    head = struct.pack("<6sHHBBB", b"GIF89a", *size, 0x80 | 0x70 | (bits - 1), 0, 0)
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | 1, _FRAME_DELAY, transparent_index, 0
    )
    parts = [head, table, _LOOP_FOREVER if loop else b""]
    for frame in frames:
        place = struct.pack("<cHHHHB", b",", *frame.position, *frame.indices.size, 0)
        parts += (control, place, _lzw_data(frame.indices))
    return b"".join((*parts, _TRAILER))


def _lzw_data(indices: Image.Image) -> bytes:
    """The LZW codes of a picture: what Pillow writes, without the file round it."""
    body = save_image(indices, "GIF", interlace=False, optimize=False)
    place = 13 + _color_table_size(body[10])
    while body[place : place + 1] == b"!":
        place = _skip_sub_blocks(body, place + 2)
    return body[place + 10 + _color_table_size(body[place + 9]) : -1]


def _color_table_size(flags: int) -> int:
    """How many bytes a colour table has."""
    return 6 << (flags & 7) if flags & 0x80 else 0


def _skip_sub_blocks(body: bytes, offset: int) -> int:
    while body[offset]:
        offset += 1 + body[offset]
    return offset + 1
