"""Reads what PNG and AVIF files say about their pixels and Pillow leaves out."""

import struct
from collections.abc import Callable, Iterator
from itertools import islice

from postcard.canvas.codecs.color.color_encoding import (
    DEFAULT_PEAK_NITS,
    SRGB,
    SRGB_CHROMATICITIES,
    UNSPECIFIED,
    ColorEncoding,
    encoding_by_code_points,
    gamma_curve,
)
from postcard.runtime.lazy_dataclass import dataclass

Crop = tuple[int, int, int, int]  # left, top, right, bottom

_MAX_PARTS = 10_000  # chunks and boxes
_MIN_GAMMA, _MAX_GAMMA = 0.01, 1000.0
_SRGB_GAMMA, _GAMMA_TOLERANCE = 2.2, 0.05  # without primaries, encoders that write it mean sRGB
_MAX_PEAK_NITS = 10_000.0
_GRAY_COLOR_TYPES = (0, 4)  # of PNG
_CHROMATICITIES_BYTES = 32  # of cHRM
_CLEAN_APERTURE = struct.Struct(">IIIIiIiI")  # width, height and offsets as fractions


@dataclass(frozen=True, slots=True)
class ImageTags:
    """What a file says about its pixels.

    `is_gray`: red, green and blue are equal however the image is decoded. `overrides_profile`:
    `encoding` counts although the file has an ICC profile. `crop` is what is shown of the pixels
    before they are turned. `bit_depth` is that of a PNG's samples.
    """

    is_gray: bool = False
    bit_depth: int = 8
    encoding: ColorEncoding | None = None
    overrides_profile: bool = False
    crop: Crop | None = None


def read_tags(body: bytes, format: str) -> ImageTags:
    """The tags of an image file; those of a broken or other file say nothing."""
    reader = _READERS.get(format)
    try:
        return reader(body) if reader else ImageTags()
    except (struct.error, IndexError, ValueError):
        return ImageTags()


# PNG


def _png_tags(body: bytes) -> ImageTags:
    chunks = dict(_png_chunks(body))
    depth, color_type = chunks[b"IHDR"][8:10] if b"IHDR" in chunks else b"\x08\x02"
    encoding, overrides_profile = _png_encoding(chunks)
    return ImageTags(
        is_gray=color_type in _GRAY_COLOR_TYPES,
        bit_depth=depth,
        encoding=encoding,
        overrides_profile=overrides_profile,
    )


def _png_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the pixels."""
    at = 8
    for _ in range(_MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", body, at)
        if kind == b"IDAT":
            return
        yield kind, body[at + 8 : at + 8 + length]
        at += 12 + length


def _png_encoding(chunks: dict[bytes, bytes]) -> tuple[ColorEncoding | None, bool]:
    """The encoding, and whether it counts before an ICC profile.

    As in browsers, a cICP with an unspecified code point or a matrix, or not of the full range,
    says nothing.
    """
    code_points = chunks.get(b"cICP", b"")
    if code_points[2:] == b"\x00\x01" and UNSPECIFIED not in code_points[:2]:
        peak = _peak_nits(chunks.get(b"cLLI", b"")[:4], chunks.get(b"mDCV", b"")[16:20])
        encoding = encoding_by_code_points(code_points[0], code_points[1], peak_nits=peak)
        if encoding is not None:
            return encoding, True
    if b"sRGB" in chunks or b"gAMA" not in chunks:
        return None, False
    exponent = int.from_bytes(chunks[b"gAMA"], "big")
    if not exponent:
        return None, False
    gamma = 100_000 / exponent
    chromaticities = SRGB_CHROMATICITIES
    if len(chunks.get(b"cHRM", b"")) == _CHROMATICITIES_BYTES:
        white_x, white_y, *primaries = (
            one / 100_000 for one in struct.unpack(">8I", chunks[b"cHRM"])
        )
        chromaticities = (*primaries, white_x, white_y)
    elif abs(_SRGB_GAMMA / gamma - 1) < _GAMMA_TOLERANCE:
        return SRGB, False
    if not _MIN_GAMMA <= gamma <= _MAX_GAMMA:
        return None, False
    return ColorEncoding(chromaticities, gamma_curve(gamma)), False


def _peak_nits(content_light: bytes, display_light: bytes, unit: float = 1e-4) -> float:
    """The light of the brightest pixel, else that of the display it was made on."""
    for field in (content_light, display_light):
        nits = int.from_bytes(field, "big") * unit
        if 0 < nits <= _MAX_PEAK_NITS:
            return nits
    return DEFAULT_PEAK_NITS


# AVIF: the properties of the primary item, which boxes hold in boxes


def _avif_tags(body: bytes) -> ImageTags:
    properties = _primary_properties(body)
    return ImageTags(
        is_gray=_is_monochrome(properties),
        encoding=_nclx_encoding(properties),
        crop=_clean_aperture(properties),
    )


def avif_boxes(body: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of each box from `at` to `end`."""
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", body, at)
        header = 8
        if length == 1:
            (length,), header = struct.unpack_from(">Q", body, at + 8), 16
        box_end = min(end, at + length) if length >= header else end
        yield kind, at + header, box_end
        at = box_end


def _find_box(body: bytes, kind: bytes, at: int, end: int) -> tuple[int, int]:
    for found, start, stop in islice(avif_boxes(body, at, end), _MAX_PARTS):
        if found == kind:
            return start, stop
    raise ValueError("the box is missing")


def _primary_properties(body: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of the properties of the item that is shown."""
    start, end = _find_box(body, b"meta", 0, len(body))
    start += 4
    at, _ = _find_box(body, b"pitm", start, end)
    item_size = 2 if body[at] == 0 else 4
    item = body[at + 4 : at + 4 + item_size].rjust(4, b"\0")
    iprp, iprp_end = _find_box(body, b"iprp", start, end)
    container = _find_box(body, b"ipco", iprp, iprp_end)
    boxes = islice(avif_boxes(body, *container), _MAX_PARTS)
    every = [(kind, body[first:last]) for kind, first, last in boxes]
    first, last = _find_box(body, b"ipma", iprp, iprp_end)
    indices = _associations(body[first:last]).get(item, ())
    return [every[index - 1] for index in indices if 0 < index <= len(every)]


def _associations(box: bytes) -> dict[bytes, list[int]]:
    """The indices of each item's properties, from 1."""
    item_size, index_size = (2 if box[0] == 0 else 4), (2 if box[3] & 1 else 1)
    mask = 0x7FFF if box[3] & 1 else 0x7F
    found: dict[bytes, list[int]] = {}
    at = 8
    for _ in range(min(_MAX_PARTS, int.from_bytes(box[4:8], "big"))):
        item, count = box[at : at + item_size].rjust(4, b"\0"), box[at + item_size]
        at += item_size + 1
        found[item] = [
            int.from_bytes(box[each : each + index_size], "big") & mask
            for each in range(at, at + count * index_size, index_size)
        ]
        at += count * index_size
    return found


def _is_monochrome(properties: list[tuple[bytes, bytes]]) -> bool:
    """By the AV1 configuration, or by the number of channels of an image of tiles."""
    for kind, content in properties:
        if kind == b"av1C":
            return bool(content[2] & 0x10)
    return any(kind == b"pixi" and content[4] == 1 for kind, content in properties)


def _nclx_encoding(properties: list[tuple[bytes, bytes]]) -> ColorEncoding | None:
    for kind, content in properties:
        if kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            light = dict(properties)
            peak = _peak_nits(light.get(b"clli", b"")[:2], b"", unit=1.0)
            if b"clli" not in light:
                peak = _peak_nits(b"", light.get(b"mdcv", b"")[16:20])
            return encoding_by_code_points(primaries, transfer, peak_nits=peak, video_is_srgb=True)
    return None


def _clean_aperture(properties: list[tuple[bytes, bytes]]) -> Crop | None:
    """The crop in whole pixels; None for one that is impossible."""
    found = dict(reversed(properties))  # of two clean apertures the first one counts
    if len(found.get(b"clap", b"")) != _CLEAN_APERTURE.size or b"ispe" not in found:
        return None
    width, height = struct.unpack_from(">II", found[b"ispe"], 4)
    numbers = _CLEAN_APERTURE.unpack(found[b"clap"])
    across = _range(width, *numbers[0:2], *numbers[4:6])
    down = _range(height, *numbers[2:4], *numbers[6:8])
    return (across[0], down[0], across[1], down[1]) if across and down else None


def _range(
    length: int, numerator: int, denominator: int, offset: int, offset_denominator: int
) -> tuple[int, int] | None:
    """Start and end of a range of `length`, by its size and the offset of its middle."""
    if not denominator or not offset_denominator:
        return None
    size, rest = divmod(numerator, denominator)
    doubled, offset_rest = divmod(2 * offset, offset_denominator)
    start, odd = divmod(length - size + doubled, 2)
    if rest or offset_rest or odd or size <= 0 or start < 0 or start + size > length:
        return None
    return start, start + size


_READERS: dict[str, Callable[[bytes], ImageTags]] = {"PNG": _png_tags, "AVIF": _avif_tags}
