"""Converts images to sRGB from their embedded ICC profile or their stated colour encoding."""

import io
import struct
from functools import lru_cache
from itertools import product

from PIL import Image, ImageChops

from postcard.canvas.codecs.color.color_encoding import (
    HLG,
    PQ,
    ColorEncoding,
    encoding_by_code_points,
    to_icc_profile,
)

_MAX_PROFILE_BYTES = 4_000_000  # printers' profiles have one or two million
_GRAY_MODES = ("L", "I;16")
_GRAY_SPACE, _COLOR_SPACE_OFFSET = b"GRAY", 16  # in an ICC profile
_TAG_COUNT_OFFSET, _FIRST_TAG_OFFSET, _TAG_BYTES, _MAX_TAGS = 128, 132, 12, 100

# A profile is sRGB if it changes none of these colours by more than two levels: the curves of
# sRGB profiles differ a little. Their names say nothing: "Linear sRGB" is not sRGB.
_SAME_LEVELS = 2
_TEST_LEVELS = (0, 8, 16, 40, 85, 128, 170, 221, 248, 255)


def to_srgb(
    image: Image.Image, profile: bytes | None, encoding: ColorEncoding | None = None
) -> Image.Image:
    """An image of mode L, I;16, RGB, RGBA or CMYK in sRGB: RGB, or RGBA.

    `profile` is preferred to `encoding`; an image with neither, or one that is unreadable or for
    other channels, is taken to be sRGB already.
    """
    if profile and len(profile) <= _MAX_PROFILE_BYTES:
        if (hdr := _hdr_encoding(profile)) is not None:
            return _tone_map(image, hdr)
        converted = _convert(image, profile)
        if converted is not None:
            return converted
    if encoding is not None and not encoding.is_srgb and image.mode != "CMYK":
        if encoding.curve is None:
            return _tone_map(image, encoding)
        stated = to_icc_profile(encoding, gray=image.mode in _GRAY_MODES)
        converted = _convert(image, stated) if stated else None
        if converted is not None:
            return converted
    return _to_rgb(image)


def _tone_map(image: Image.Image, encoding: ColorEncoding) -> Image.Image:
    from postcard.canvas.codecs.color.tone_mapping import tone_map  # few images are HDR

    return tone_map(_to_rgb(image), encoding)


def _hdr_encoding(profile: bytes) -> ColorEncoding | None:
    """The PQ or HLG encoding that a profile states by its `cicp` tag."""
    try:
        (count,) = struct.unpack_from(">I", profile, _TAG_COUNT_OFFSET)
        for index in range(min(count, _MAX_TAGS)):
            name, start, _ = struct.unpack_from(
                ">4sII", profile, _FIRST_TAG_OFFSET + _TAG_BYTES * index
            )
            if name == b"cicp":
                primaries, transfer = profile[start + 8], profile[start + 9]
                is_hdr = transfer in (PQ, HLG)
                return encoding_by_code_points(primaries, transfer) if is_hdr else None
    except (struct.error, IndexError):
        pass
    return None


def _convert(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The image in sRGB; None if the profile is broken or for other channels."""
    from PIL import ImageCms  # imported here because most images have no profile

    if image.mode in _GRAY_MODES and profile[_COLOR_SPACE_OFFSET:][:4] != _GRAY_SPACE:
        image = _to_rgb(image)
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        transform = _srgb_transform(profile, image.mode, mode)
        if image.mode == "I;16":
            return image.convert("I").point(_table(transform), "L").convert("RGB")
        return ImageCms.applyTransform(image, transform) if transform else _to_rgb(image)
    except MemoryError:
        raise
    except Exception:  # of a broken profile, or one for other channels
        return None


@lru_cache(maxsize=8)
def _srgb_transform(profile: bytes, mode: str, out_mode: str):  # type: ignore[no-untyped-def]
    """The transform to sRGB; None if the profile is sRGB."""
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        out_mode,
        # LittleCMS samples curves of 16 bits too coarsely for the dark colours of a linear image.
        flags=ImageCms.Flags.NOOPTIMIZE if mode == "I;16" else ImageCms.Flags.NONE,
    )
    return None if mode == out_mode and _changes_nothing(transform, mode) else transform


def _table(transform) -> list[int]:  # type: ignore[no-untyped-def]
    """The sRGB level of each of 65,536 gray samples."""
    samples = struct.pack("<65536H", *range(65_536))
    return list(
        transform.apply(Image.frombytes("I;16", (65_536, 1), samples)).getchannel(0).tobytes()
    )


def _changes_nothing(transform, mode: str) -> bool:  # type: ignore[no-untyped-def]
    colors = bytes(level for color in product(_TEST_LEVELS, repeat=3) for level in color)
    before = Image.frombytes("RGB", (len(colors) // 3, 1), colors).convert(mode)
    after = transform.apply(before)
    difference = ImageChops.difference(before.convert("RGB"), after.convert("RGB"))
    return all(high <= _SAME_LEVELS for _, high in difference.getextrema())  # type: ignore[misc]


def _to_rgb(image: Image.Image) -> Image.Image:
    """RGB without a conversion of colours; RGBA stays."""
    if image.mode == "I;16":
        image = to_high_byte(image)
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")


def to_high_byte(image: Image.Image) -> Image.Image:
    """16 bits rounded to 8, from any integer mode."""
    return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
