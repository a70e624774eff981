"""Bounds the parts of an image file before a decoder reads it: chunks, segments, blocks, boxes.

Pillow handles each part of a file in Python, and inflates each compressed text and profile.
"""

import struct
from collections.abc import Callable, Iterator

from postcard.canvas.codecs.decoded_image import ImageDecodeError, check_size
from postcard.canvas.codecs.image_tags import avif_boxes

MAX_PARTS = 10_000  # a file of 10 MB has about 1,300 where an encoder writes 8 KB at a time
MAX_COMPRESSED_TEXTS = 100  # and profiles: each may be inflated to 1 MB
MAX_SKIPPED_BYTES = 65_536  # between parts, where Pillow looks at each byte

_SKIPPED, _COMPRESSED = "skipped byte", "compressed text"
_COMPRESSED_PNG_CHUNKS = (b"zTXt", b"iTXt", b"iCCP")
_JPEG_SCAN, _JPEG_WITHOUT_LENGTH = 0xDA, (0x01, *range(0xD0, 0xDA))
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B
_AVIF_CONTAINERS = {  # box type → bytes before the boxes in it
    **dict.fromkeys((b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl"), 0),
    **dict.fromkeys((b"iprp", b"ipco", b"grpl"), 0),
    **dict.fromkeys((b"meta", b"iref"), 4),
}

Part = tuple[str, int]  # what is counted, and how many of it


def check_structure(body: bytes, format: str) -> None:
    """ImageDecodeError if a file has too many parts, or a WebP canvas that is too large.

    Broken files are left to the decoder. A WebP decoder allocates its canvas when it opens a file.
    """
    bounds = {
        "part": MAX_PARTS, _COMPRESSED: MAX_COMPRESSED_TEXTS, _SKIPPED: MAX_SKIPPED_BYTES
    }  # fmt: skip
    counts = dict.fromkeys(bounds, 0)
    try:
        for name, number in PARTS[format](body):
            counts[name] += number
            if counts[name] > bounds[name]:
                raise ImageDecodeError(f"the {format} file has over {bounds[name]} {name}s")
    except (IndexError, struct.error):
        return
    if format == "WEBP" and (size := _webp_size(body)) is not None:
        check_size(size, body, format)


def _png_parts(body: bytes) -> Iterator[Part]:
    at = 8
    while at + 12 <= len(body):
        (length,) = struct.unpack_from(">I", body, at)
        yield "part", 1
        if body[at + 4 : at + 8] in _COMPRESSED_PNG_CHUNKS:
            yield _COMPRESSED, 1
        at += 12 + length


def _jpeg_parts(body: bytes) -> Iterator[Part]:
    """The segments before the first scan."""
    at = 2
    while (start := body.find(b"\xff", at)) >= 0:
        yield _SKIPPED, start - at
        marker = body[start + 1]
        if marker in (0x00, 0xFF):
            yield _SKIPPED, 1
            at = start + 1
            continue
        yield "part", 1
        if marker == _JPEG_SCAN:
            return
        at = start + 2
        if marker not in _JPEG_WITHOUT_LENGTH:
            (length,) = struct.unpack_from(">H", body, at)
            at += max(2, length)
    yield _SKIPPED, len(body) - at


def _gif_parts(body: bytes) -> Iterator[Part]:
    """The blocks before the first frame."""
    at = 13 + (3 << (body[10] & 7) + 1 if body[10] & 0x80 else 0)
    while (kind := body[at]) not in (_GIF_IMAGE, _GIF_END):
        yield ("part", 1) if kind == _GIF_EXTENSION else (_SKIPPED, 1)
        at += 1
        if kind == _GIF_EXTENSION:
            at += 1
            while size := body[at]:
                yield "part", 1
                at += 1 + size
            at += 1


def _webp_parts(body: bytes) -> Iterator[Part]:
    at = 12
    while at + 8 <= len(body):
        (length,) = struct.unpack_from("<I", body, at + 4)
        yield "part", 1
        at += 8 + length + (length & 1)


def _webp_size(body: bytes) -> tuple[int, int] | None:
    """The size of the canvas."""
    match body[12:16]:
        case b"VP8X":
            width, height = body[24:27], body[27:30]
            return 1 + int.from_bytes(width, "little"), 1 + int.from_bytes(height, "little")
        case b"VP8L":
            bits = int.from_bytes(body[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = body[26:28], body[28:30]
            return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(
                height, "little"
            ) & 0x3FFF
    return None


def _avif_parts(body: bytes) -> Iterator[Part]:
    """The boxes, also in boxes, and the items that a table places."""
    ranges = [(0, len(body))]
    while ranges:
        for kind, content, end in avif_boxes(body, *ranges.pop()):
            yield "part", 1
            if kind in _AVIF_CONTAINERS:
                ranges.append((content + _AVIF_CONTAINERS[kind], end))
            elif kind == b"iinf":
                ranges.append((content + (6 if body[content] == 0 else 8), end))
            elif kind == b"iloc":
                count = body[content + 6 : content + (8 if body[content] < 2 else 10)]
                yield "part", int.from_bytes(count, "big")


PARTS: dict[str, Callable[[bytes], Iterator[Part]]] = {
    "PNG": _png_parts,
    "JPEG": _jpeg_parts,
    "GIF": _gif_parts,
    "WEBP": _webp_parts,
    "AVIF": _avif_parts,
}
