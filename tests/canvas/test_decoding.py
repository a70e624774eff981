"""Decoding of source images: formats, orientation, colour profiles, limits, hostile files."""

import contextlib
import io
import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from postcard.canvas.codecs.decoded_image import MAX_DECODED_PIXELS, DecodedImage, ImageDecodeError
from postcard.canvas.codecs.reencode import reencode
from postcard.runtime.deadline import Deadline, DeadlineExceeded
from tests.corpus import files
from tests.rendering.sample_images import COLORS, encode, quarters
from tests.trust.run_scale import scaled

EXIF_WITH_DESCRIPTION = (
    b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0\x08\0\0\0\x1a\0\0\0\0\0\0\0PLANTED\0"  # EXIF
)
JPEG_TOLERANCE = 12  # levels


def quarter_colors(image: Image.Image) -> list[tuple[int, ...]]:
    """The colour in the middle of each quarter."""
    width, height = image.size
    rgb = image.convert("RGB")
    middles = [(x * width // 4, y * height // 4) for y in (1, 3) for x in (1, 3)]
    return [pixel for middle in middles if isinstance(pixel := rgb.getpixel(middle), tuple)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_five_formats_are_read(kind: str) -> None:
    decoded = DecodedImage.decode(encode(quarters(64, 48), kind))
    assert (decoded.width, decoded.height, decoded.image.mode) == (64, 48, "RGB")
    for color, expected in zip(quarter_colors(decoded.image), COLORS, strict=True):
        assert color == pytest.approx(expected, abs=JPEG_TOLERANCE)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(ImageDecodeError, match="only PNG, JPEG, GIF, WebP and AVIF"):
        DecodedImage.decode(encode(quarters(16, 16), kind))


@pytest.mark.parametrize(
    "body", [b"", b"<svg/>", b"\x89PNG", b"RIFF....WEBP", b"GIF89a", b"\xff\xd8\xff"]
)
def test_fragments_are_refused(body: bytes) -> None:
    with pytest.raises(ImageDecodeError):
        DecodedImage.decode(body)


def test_a_truncated_image_is_refused() -> None:
    body = encode(quarters(200, 200), "JPEG")
    with pytest.raises(ImageDecodeError, match="this JPEG picture cannot be read"):
        DecodedImage.decode(body[: len(body) // 2])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright_by_their_exif_orientation(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    upright = quarters(64, 32)
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("JPEG", "PNG", "WEBP"):
        decoded = DecodedImage.decode(encode(stored, kind, exif=exif))
        assert (decoded.width, decoded.height) == decoded.image.size == (64, 32)
        for color, expected in zip(quarter_colors(decoded.image), COLORS, strict=True):
            assert color == pytest.approx(expected, abs=JPEG_TOLERANCE)


def test_a_jpeg_is_reduced_while_it_is_decoded_but_not_below_its_target_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    body = encode(quarters(800, 400), "JPEG", exif=exif)
    decoded = DecodedImage.decode(body, target_pixels=(100, 200))
    assert (decoded.width, decoded.height) == (400, 800)
    assert decoded.image.size == (100, 200)
    assert DecodedImage.decode(body, target_pixels=(101, 200)).image.size == (200, 400)
    assert decoded.resized((10, 20), (0, 0, 1, 1)).size == (10, 20)


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (Image.new("L", (4, 4), 77), {}, (77, 77, 77)),
        (Image.new("1", (4, 4), 1), {}, (255, 255, 255)),
        (Image.new("LA", (4, 4), (77, 99)), {}, (77, 77, 77, 99)),
        (Image.new("I;16", (4, 4), 0xFFFF), {}, (255, 255, 255)),
        (Image.new("I;16", (4, 4), 0x8080), {}, (128, 128, 128)),
        (Image.new("RGB", (4, 4), (1, 2, 3)), {"transparency": (1, 2, 3)}, (1, 2, 3, 0)),
        (Image.new("RGBA", (4, 4), (9, 8, 7, 255)), {}, (9, 8, 7)),
        (Image.new("RGBA", (4, 4), (9, 8, 7, 100)), {}, (9, 8, 7, 100)),
    ],
)
def test_every_kind_of_png_becomes_eight_bit_rgb_or_rgba(
    image: Image.Image, options: dict[str, object], expected: tuple[int, ...]
) -> None:
    decoded = DecodedImage.decode(encode(image, "PNG", **options))
    assert decoded.image.getpixel((1, 1)) == expected


def test_a_transparent_palette_colour_is_transparent() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    for kind in ("PNG", "GIF"):
        assert DecodedImage.decode(encode(image, kind)).image.getpixel((1, 1)) == (200, 10, 10)
        transparent = DecodedImage.decode(encode(image, kind, transparency=1)).image
        assert transparent.getpixel((1, 1)) == (200, 10, 10, 0)


def test_cmyk_is_converted_to_rgb() -> None:
    body = encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")
    assert DecodedImage.decode(body).image.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=3)


def _swapped_profile() -> bytes:
    """An sRGB profile with red and green swapped, under another name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(count):
        offset = 132 + index * 12
        tag = bytes(profile[offset : offset + 4])
        swap = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}
        profile[offset : offset + 4] = swap.get(tag, tag)
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_colours_are_converted_by_their_profile(kind: str) -> None:
    body = encode(Image.new("RGB", (16, 16), (220, 30, 40)), kind, icc_profile=_swapped_profile())
    assert DecodedImage.decode(body).image.getpixel((8, 8)) == pytest.approx((30, 220, 40), abs=9)


def test_an_image_with_a_broken_profile_and_exif_is_decoded() -> None:
    image = Image.new("RGB", (16, 16), (220, 30, 40))
    body = encode(image, "PNG", icc_profile=b"no profile", exif=b"Exif\0\0broken")
    assert DecodedImage.decode(body).image.getpixel((8, 8)) == (220, 30, 40)


def test_only_the_first_frame_is_read() -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in COLORS]
    for kind in ("GIF", "WEBP", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        body = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert DecodedImage.decode(body).image.getpixel((4, 4)) == COLORS[0]


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(5001, 5000), (65535, 65535), (2**31 - 1, 1), (1, 25_000_001)])
def test_too_many_pixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageDecodeError):
        DecodedImage.decode(_png_header(*size))


@pytest.mark.parametrize("size", [(1, 25_000_000), (25_000_000, 1), (30_001, 2)])
def test_a_side_of_too_many_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    for decode in (DecodedImage.decode, reencode):
        with pytest.raises(ImageDecodeError, match=f"a side of the picture has {max(size)} pixels"):
            decode(_png_header(*size))


def test_an_avif_image_of_more_than_eight_bits_has_fewer_pixels() -> None:
    body = bytearray(encode(Image.new("L", (4096, 4096)), "AVIF", speed=10))
    assert DecodedImage.decode(bytes(body), target_pixels=(8, 8)).width == 4096
    body[body.index(b"av1C") + 6] |= 0x40  # high_bitdepth
    depths = body.index(b"pixi") + 9
    body[depths : depths + body[depths - 1]] = bytes([10]) * body[depths - 1]
    with pytest.raises(ImageDecodeError, match="16000000 are allowed for an AVIF picture of more"):
        DecodedImage.decode(bytes(body))


def test_exactly_25_megapixels_are_allowed() -> None:
    body = encode(Image.new("L", (5000, 5000)), "PNG", compress_level=1)
    assert DecodedImage.decode(body).width * 5000 == MAX_DECODED_PIXELS


def test_a_jpeg_of_too_many_scans_is_refused_before_it_is_decoded() -> None:
    body = encode(quarters(64, 64), "JPEG", progressive=True)
    start = body.index(b"\xff\xda")
    with pytest.raises(ImageDecodeError, match="scans; save it again as baseline"):
        DecodedImage.decode(body[:start] + body[start:-2] * 150 + body[-2:])
    assert DecodedImage.decode(body).width == 64


@given(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "AVIF"]), st.data())
@settings(max_examples=scaled(75, 750), deadline=None)
def test_a_damaged_image_is_decoded_or_refused(kind: str, data: st.DataObject) -> None:
    body = bytearray(encode(quarters(24, 16), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageDecodeError):
        DecodedImage.decode(bytes(body))


def test_no_hostile_image_crashes_or_takes_long() -> None:
    for image in files.images():
        body, start = image.read(), time.process_time()
        try:
            decoded = DecodedImage.decode(body, target_pixels=(600, 300))
            assert decoded.image.mode in ("RGB", "RGBA"), image.name
        except ImageDecodeError:
            pass
        assert time.process_time() - start < 2, image.name


def test_resized_images_are_cached() -> None:
    decoded = DecodedImage(quarters(40, 40))
    whole = (0.0, 0.0, 1.0, 1.0)
    assert decoded.resized((20, 20), whole) is decoded.resized((20, 20), whole)
    assert decoded.resized((40, 40), whole) is decoded.image


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [
        ("JPEG", {"comment": b"PLANTED"}),
        ("GIF", {"comment": b"PLANTED"}),
        ("WEBP", {"exif": EXIF_WITH_DESCRIPTION, "icc_profile": b"PLANTED" * 30}),
        ("AVIF", {"exif": EXIF_WITH_DESCRIPTION}),
    ],
)
def test_reencoding_removes_metadata(kind: str, metadata: dict[str, bytes]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (9, 9), (200, 90, 40)).save(file, kind, **metadata)
    assert b"PLANTED" in file.getvalue()
    assert b"PLANTED" not in reencode(file.getvalue())[0]


def test_an_upload_is_not_encoded_anew_if_that_would_outlast_the_deadline() -> None:
    body = encode(Image.new("RGB", (1000, 1000), "teal"), "PNG")
    with pytest.raises(DeadlineExceeded):
        reencode(body, deadline=Deadline(0.01, lambda: 0.0))
    assert reencode(body, deadline=Deadline(60.0, lambda: 0.0))[1] == "image/png"
