"""The parts of an image file are bounded before a decoder reads it."""

import struct
from contextlib import suppress
from itertools import islice
from random import Random

import pytest

from postcard.canvas.codecs.decoded_image import ImageDecodeError, detect_format
from postcard.canvas.codecs.file_structure import (
    MAX_COMPRESSED_TEXTS,
    MAX_PARTS,
    MAX_SKIPPED_BYTES,
    PARTS,
    check_structure,
)
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from tests.canvas.photo_kinds import chunk, photo_kinds
from tests.corpus import files
from tests.rendering.sample_images import encode, quarters

PLAIN = {kind: encode(quarters(16, 16), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "AVIF")}
PNG_HEADER_END = 33
JPEG_COMMENT = b"\xff\xfe\0\x02"
FAR = MAX_SKIPPED_BYTES + 1
FREE_BOXES = struct.pack(">I4s", 8, b"free") * MAX_PARTS


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def with_png_chunks(kind: bytes, content: bytes, count: int) -> bytes:
    body = PLAIN["PNG"]
    return body[:PNG_HEADER_END] + chunk(kind, content) * count + body[PNG_HEADER_END:]


def with_jpeg_bytes(added: bytes) -> bytes:
    return PLAIN["JPEG"][:2] + added + PLAIN["JPEG"][2:]


def with_gif_bytes(added: bytes) -> bytes:
    end = PLAIN["GIF"].index(b",")
    return PLAIN["GIF"][:end] + added + PLAIN["GIF"][end:]


def with_webp_chunks(count: int) -> bytes:
    body = PLAIN["WEBP"] + struct.pack("<4sI", b"JUNK", 0) * count
    return body[:4] + struct.pack("<I", len(body) - 8) + body[8:]


def with_avif_items(count: int) -> bytes:
    """A table that places so many items."""
    table = box(b"iloc", bytes([1, 0, 0, 0, 0x44, 0]) + struct.pack(">H", count))
    return PLAIN["AVIF"] + box(b"meta", bytes(4) + table)


TOO_MANY = {
    "PNG chunks": (with_png_chunks(b"tEXt", b"a\0b", MAX_PARTS), "parts"),
    "PNG compressed texts": (
        with_png_chunks(b"zTXt", b"a\0\0", MAX_COMPRESSED_TEXTS + 1), "compressed texts",
    ),
    "PNG profiles": (
        with_png_chunks(b"iCCP", b"a\0\0", MAX_COMPRESSED_TEXTS + 1), "compressed texts",
    ),
    "JPEG segments": (with_jpeg_bytes(JPEG_COMMENT * MAX_PARTS), "parts"),
    "JPEG markers": (with_jpeg_bytes(b"\xff\xd0" * MAX_PARTS), "parts"),
    "JPEG bytes between segments": (with_jpeg_bytes(JPEG_COMMENT + b"a" * FAR), "skipped bytes"),
    "JPEG filling": (with_jpeg_bytes(b"\xff" * (FAR + 1)), "skipped bytes"),
    "JPEG that is never a picture": (b"\xff\xd8\xff" + bytes(FAR + 9), "skipped bytes"),
    "GIF comments": (with_gif_bytes(b"!\xfe\x01a\0" * MAX_PARTS), "parts"),
    "GIF comment of short blocks": (
        with_gif_bytes(b"!\xfe" + b"\x01a" * MAX_PARTS + b"\0"), "parts",
    ),
    "GIF bytes between blocks": (with_gif_bytes(b"a" * FAR), "skipped bytes"),
    "WEBP chunks": (with_webp_chunks(MAX_PARTS), "parts"),
    "AVIF boxes": (PLAIN["AVIF"] + FREE_BOXES, "parts"),
    "AVIF boxes in boxes": (
        PLAIN["AVIF"] + box(b"meta", bytes(4) + box(b"iprp", FREE_BOXES)), "parts",
    ),
    "AVIF items": (with_avif_items(MAX_PARTS), "parts"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOO_MANY)
def test_a_file_of_too_many_parts_is_refused_before_it_is_decoded(
    decoder: SandboxedDecoder, kind: str
) -> None:
    body, parts = TOO_MANY[kind]
    with pytest.raises(
        ImageDecodeError, match=f"the {kind.split()[0]} file has over [0-9]+ {parts}"
    ):
        decoder.decode(body, None)
    assert decoder.started_workers == 1


def test_a_file_of_many_parts_is_decoded(decoder: SandboxedDecoder) -> None:
    for body in (
        with_png_chunks(b"tEXt", b"a\0b", MAX_PARTS - 10),
        with_jpeg_bytes(JPEG_COMMENT * (MAX_PARTS - 100)),
        with_jpeg_bytes(b"\xff" * MAX_SKIPPED_BYTES),
        with_gif_bytes(b"!\xfe\x01a\0" * (MAX_PARTS // 2 - 10)),
        with_webp_chunks(MAX_PARTS - 10),
    ):
        assert decoder.decode(body, None).width == 16


def test_a_webp_canvas_is_bounded_before_it_is_allocated() -> None:
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\0" * 2  # 16,384 pixels a side
    body = b"RIFF" + struct.pack("<I", 4 + len(canvas)) + b"WEBP" + canvas
    with pytest.raises(ImageDecodeError, match="the picture has 268435456 pixels"):
        check_structure(body, "WEBP")


def test_the_structure_of_any_file_is_read_in_at_most_two_steps_for_each_byte() -> None:
    random = Random(4)
    for original in [*photo_kinds().values(), *(image.read() for image in files.images())]:
        body = bytearray(original)
        with suppress(ImageDecodeError):
            format = detect_format(original)
            for _ in range(20):
                at = random.randrange(len(body))
                body[at : at + 4] = random.choice([b"\xff" * 4, bytes(4), random.randbytes(4)])
                steps = 0
                with suppress(IndexError, struct.error):
                    for _ in islice(PARTS[format](bytes(body)), 2 * len(body) + 3):
                        steps += 1
                assert steps <= 2 * len(body) + 2
