"""Colours, transparency, orientation and crop that image files state, against Chromium 156."""

import struct
import zlib
from collections.abc import Iterator, Sequence

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from tests.rendering.sample_images import COLORS, encode, quarters

TOLERANCE = 3  # levels
SIDE = 16  # pixels of each colour
SAMPLES = ((230, 40, 40), (40, 200, 60), (128, 128, 128), (40, 60, 220))
LINEAR = ((244, 110, 110), (110, 229, 133), (188, 188, 188), (110, 133, 239))
P3 = ((251, 0, 18), (0, 204, 12), (128, 128, 128), (34, 61, 229))
GRAYS, GRAYS_IN_GAMMA_18 = (200, 64, 128, 16), (210, 81, 146, 20)
GRAYS_IN_LINEAR = (229, 137, 188, 71)
ALPHAS = (255, 128, 0, 64)
ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)  # cHRM
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)
Color = tuple[int, ...]
Chunk = tuple[bytes, bytes]


def profile(space: bytes, gamma: float, *more: Chunk) -> bytes:
    """An ICC profile of gray, or of RGB with sRGB's primaries, under a name that says sRGB."""
    curve = struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256))
    name = b"Linear sRGB\0"
    tags = [
        (b"desc", struct.pack(">4sII", b"desc", 0, len(name)) + name + bytes(78)),
        (b"wtpt", _xyz(0xF6D6, 0x10000, 0xD32D)),
    ]
    if space == b"GRAY":
        tags.append((b"kTRC", curve))
    else:
        tags += [(channel + b"TRC", curve) for channel in (b"r", b"g", b"b")]
        tags += [
            (b"rXYZ", _xyz(0x6FA2, 0x38F5, 0x390)),
            (b"gXYZ", _xyz(0x6299, 0xB785, 0x18DA)),
            (b"bXYZ", _xyz(0x24A0, 0xF84, 0xB6CF)),
        ]
    tags += more
    table, data = struct.pack(">I", len(tags)), b""
    for tag, content in tags:
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    size = 128 + len(table) + len(data)
    header = struct.pack(
        ">II4s4s4s4s12x4s", size, 0, b"\2\x40\0\0", b"mntr", space, b"XYZ ", b"acsp"
    )
    return (
        (header.ljust(68, b"\0") + _xyz(0xF6D6, 0x10000, 0xD32D)[8:]).ljust(128, b"\0")
        + table
        + data
    )


def _xyz(*values: int) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *values)


GRAY_18, GRAY_LINEAR = profile(b"GRAY", 1.8), profile(b"GRAY", 1.0)
RGB_LINEAR = profile(b"RGB ", 1.0)
RGB_PQ = profile(b"RGB ", 1.0, (b"cicp", b"cicp\0\0\0\0" + bytes((9, 16, 0, 1))))


def png(
    row: bytes, *chunks: Chunk, width: int = len(SAMPLES), depth: int = 8, color_type: int = 2
) -> bytes:
    """A PNG one pixel high, of a row of samples."""
    header = struct.pack(">IIBBBBB", width, 1, depth, color_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def rows(*samples: int) -> bytes:
    return struct.pack(f">{len(samples)}H", *samples)


def stripes(colors: Sequence[Color] | Sequence[int], mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, (SIDE * len(colors), SIDE))
    for index, color in enumerate(colors):
        image.paste(color, (SIDE * index, 0, SIDE * (index + 1), SIDE))  # type: ignore[arg-type]
    return image


def avif(image: Image.Image, primaries: int, transfer: int, **options: object) -> bytes:
    gray = image.mode == "L"
    body = encode(image, "AVIF", quality=100, subsampling="4:0:0" if gray else "4:4:4", **options)
    start = body.index(b"colrnclx") + 8
    return body[:start] + struct.pack(">HH", primaries, transfer) + body[start + 4 :]


def drawn(body: bytes, count: int = len(SAMPLES)) -> list[Color]:
    """The colours of as many stripes; a gray one of an opaque image is one number."""
    image = DecodedImage.decode(body).image
    middles = [int((index + 0.5) * image.width / count) for index in range(count)]
    return [image.getpixel((x, image.height // 2)) for x in middles]  # type: ignore[misc]


def assert_close(
    colors: Sequence[Color], expected: Sequence[Color], tolerance: int = TOLERANCE
) -> None:
    for color, right in zip(colors, expected, strict=True):
        assert color == pytest.approx(right, abs=tolerance)


def gray(levels: Sequence[int]) -> list[Color]:
    return [(level,) * 3 for level in levels]


def iccp(body: bytes) -> Chunk:
    return b"iCCP", b"name\0\0" + zlib.compress(body)


def cicp(*code_points: int) -> Chunk:
    return b"cICP", bytes(code_points)


def gama(exponent: int) -> Chunk:
    return b"gAMA", struct.pack(">I", exponent)


CHRM = b"cHRM", struct.pack(">8I", *ADOBE)
RGB_ROW = bytes(level for color in SAMPLES for level in color)


@pytest.mark.parametrize(
    ("depth", "row", "transparent", "expected"),
    [
        (1, bytes([0b10100000]), 1, (255, 0, 255, 0)),
        (2, bytes([0b11011000]), 2, (0, 0, 255, 0)),
        (4, bytes([0xFA, 0x05]), 10, (0, 255, 0, 0)),
        (8, bytes([200, 10, 99, 10]), 10, (0, 255, 0, 255)),
        (16, rows(0x1234, 0x1235, 0x3412, 0x1234), 0x1234, (255, 0, 0, 255)),
    ],
)
def test_the_transparent_gray_of_a_png_is_compared_at_its_own_bit_depth(
    depth: int, row: bytes, transparent: int, expected: Sequence[int]
) -> None:
    for chunks in ((), (iccp(GRAY_18),)):
        body = png(row, *chunks, (b"tRNS", rows(transparent)), depth=depth, color_type=0)
        pixels = drawn(body)
        assert [255 - pixel[3] for pixel in pixels] == list(expected)


def test_the_transparent_colour_of_a_png_is_compared_in_all_sixteen_bits() -> None:
    colors = (0x1234, 0x2345, 0x3456, 0x1234, 0x2345, 0x3457, 0x3412, 0x2345, 0x3456, 9, 9, 9)
    body = png(rows(*colors), (b"tRNS", rows(0x1234, 0x2345, 0x3456)), depth=16)
    assert [pixel[3] for pixel in drawn(body)] == [0, 255, 255, 255]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (encode(stripes(GRAYS, "L"), "JPEG", quality=100, icc_profile=GRAY_18), GRAYS_IN_GAMMA_18),
        (encode(stripes(GRAYS, "L"), "JPEG", quality=99, icc_profile=GRAY_LINEAR), GRAYS_IN_LINEAR),
        (encode(stripes(GRAYS, "L"), "JPEG", quality=100, icc_profile=RGB_LINEAR), GRAYS_IN_LINEAR),
        (encode(stripes(GRAYS, "L"), "PNG", icc_profile=GRAY_18), GRAYS_IN_GAMMA_18),
        (png(rows(*(257 * g for g in GRAYS)), iccp(GRAY_18), depth=16, color_type=0),
         GRAYS_IN_GAMMA_18),
        (png(rows(*(257 * g for g in GRAYS)), iccp(RGB_LINEAR), depth=16, color_type=0),
         GRAYS_IN_LINEAR),
        (png(bytes(GRAYS), gama(100_000), color_type=0), GRAYS_IN_LINEAR),
        (png(bytes(GRAYS), cicp(1, 8, 0, 1), color_type=0), GRAYS_IN_LINEAR),
        (png(rows(340, 1024, 4660, 0x8080), gama(100_000), depth=16, color_type=0),
         (16, 34, 75, 188)),
        (avif(stripes(GRAYS, "L"), 1, 13, icc_profile=GRAY_18), GRAYS_IN_GAMMA_18),
        (avif(stripes(GRAYS, "L"), 1, 8), GRAYS_IN_LINEAR),
        # A profile for other channels than the image's says nothing.
        (encode(stripes(gray(GRAYS)), "PNG", icc_profile=GRAY_18), GRAYS),
        (encode(stripes(gray(GRAYS)), "WEBP", lossless=True, icc_profile=GRAY_18), GRAYS),
    ],
)  # fmt: skip
def test_gray_images_are_converted_by_what_they_state(body: bytes, expected: Sequence[int]) -> None:
    assert_close(drawn(body), gray(expected))


@pytest.mark.parametrize("depth", [8, 16])
def test_the_alpha_of_a_gray_image_with_a_profile_is_unchanged(depth: int) -> None:
    samples = [one for pair in zip(GRAYS, ALPHAS, strict=True) for one in pair]
    row = bytes(samples) if depth == 8 else rows(*(257 * one for one in samples))
    body = png(row, iccp(GRAY_18), depth=depth, color_type=4)
    expected = [(g, g, g, a) for g, a in zip(GRAYS_IN_GAMMA_18, ALPHAS, strict=True)]
    assert_close(drawn(body), expected)


def _rgb_cases() -> Iterator[tuple[bytes, Sequence[Color]]]:
    image = stripes(SAMPLES)
    palette = (b"PLTE", RGB_ROW)
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 100, "subsampling": "4:4:4"}),
                          ("WEBP", {"lossless": True})):  # fmt: skip
        yield encode(image, kind, icc_profile=RGB_LINEAR, **options), LINEAR
    yield avif(image, 9, 16, icc_profile=RGB_LINEAR), LINEAR  # the profile counts, not the nclx
    yield png(bytes(range(4)), iccp(RGB_LINEAR), palette, color_type=3), LINEAR
    yield png(bytes(range(4)), gama(100_000), palette, color_type=3), LINEAR
    sixteen_bits = rows(*(257 * level for level in RGB_ROW))
    yield png(sixteen_bits, iccp(RGB_LINEAR), depth=16), LINEAR
    yield png(RGB_ROW, cicp(12, 13, 0, 1)), P3
    yield png(sixteen_bits, cicp(12, 13, 0, 1), depth=16), P3
    yield png(RGB_ROW, cicp(1, 13, 0, 1), iccp(RGB_LINEAR)), SAMPLES  # cICP counts first
    yield png(RGB_ROW, cicp(99, 13, 0, 1), iccp(RGB_LINEAR)), LINEAR
    yield png(RGB_ROW, (b"sRGB", b"\0"), gama(100_000)), SAMPLES
    yield png(RGB_ROW, gama(100_000), iccp(profile(b"RGB ", 2.2))), (
        (231, 35, 35), (35, 201, 57), (129, 129, 129), (35, 57, 221))  # fmt: skip
    yield png(RGB_ROW, gama(100_000)), LINEAR
    yield png(RGB_ROW, gama(45_000)), SAMPLES
    yield png(RGB_ROW, gama(0), CHRM), SAMPLES
    yield png(RGB_ROW, CHRM), SAMPLES
    yield png(RGB_ROW, gama(45_455), CHRM), (
        (255, 35, 35), (0, 201, 37), (129, 129, 129), (20, 57, 225))  # fmt: skip
    yield avif(image, 12, 13), P3
    yield avif(image, 1, 8), LINEAR
    yield avif(image, 1, 1), SAMPLES
    yield avif(image, 2, 2), SAMPLES


@pytest.mark.parametrize(("body", "expected"), list(_rgb_cases()))
def test_colours_are_converted_by_what_their_file_states(
    body: bytes, expected: Sequence[Color]
) -> None:
    # AVIF is lossy even at quality 100, and a wide gamut shows that.
    assert_close(drawn(body), expected, tolerance=12 if body[4:8] == b"ftyp" else TOLERANCE)


@pytest.mark.parametrize(
    ("code_points", "expected"),
    [
        ((1, 4), ((231, 35, 35), (35, 201, 57), (129, 129, 129), (35, 57, 221))),
        ((1, 5), ((224, 17, 17), (17, 189, 36), (106, 106, 106), (17, 36, 212))),
        ((1, 7), ((233, 58, 58), (58, 206, 77), (141, 141, 141), (58, 77, 224))),
        ((4, 13), ((255, 6, 1), (0, 196, 41), (128, 128, 128), (0, 86, 226))),
        ((5, 13), ((234, 40, 40), (0, 200, 64), (128, 128, 128), (39, 60, 219))),
        ((6, 13), ((224, 52, 39), (63, 197, 58), (128, 128, 128), (48, 67, 221))),
        ((8, 13), ((255, 0, 14), (0, 206, 30), (128, 128, 128), (22, 52, 227))),
        ((9, 13), ((255, 0, 21), (0, 211, 0), (128, 128, 128), (0, 58, 231))),
        ((10, 8), ((255, 0, 125), (0, 255, 94), (188, 188, 188), (0, 157, 250))),
        ((11, 17), ((251, 0, 0), (0, 204, 0), (118, 118, 118), (14, 42, 233))),
        ((22, 13), ((232, 53, 39), (19, 196, 60), (128, 128, 128), (40, 73, 220))),
        ((2, 2), SAMPLES),
        ((2, 8), SAMPLES),
        ((9, 2), SAMPLES),
        ((12, 9), SAMPLES),
        ((12, 13, 0, 0), SAMPLES),
    ],
)
def test_the_code_points_of_a_png_mean_what_they_mean_to_chromium(
    code_points: tuple[int, ...], expected: Sequence[Color]
) -> None:
    whole = (*code_points, 0, 1)[:4]  # no matrix, the full range
    assert_close(drawn(png(RGB_ROW, cicp(*whole))), expected)


HDR_SAMPLES = ((140, 120, 60), (150, 20, 140), (170, 160, 100), (64, 64, 64))
HDR_ROW = bytes(level for color in HDR_SAMPLES for level in color)


@pytest.mark.parametrize(
    ("code_points", "expected"),
    [
        ((9, 16), ((189, 106, 0), (239, 0, 170), (252, 190, 0), (30, 30, 30))),
        ((12, 16), ((172, 111, 0), (212, 0, 168), (243, 198, 0), (30, 30, 30))),
        ((1, 16), ((163, 114, 26), (194, 1, 163), (238, 202, 67), (30, 30, 30))),
        ((9, 18), ((119, 91, 35), (137, 0, 106), (157, 134, 73), (43, 43, 43))),
        ((1, 18), ((108, 93, 46), (109, 8, 100), (147, 135, 83), (43, 43, 43))),
    ],
)
def test_hdr_images_are_tone_mapped(
    code_points: tuple[int, int], expected: Sequence[Color]
) -> None:
    assert_close(drawn(png(HDR_ROW, cicp(*code_points, 0, 1))), expected)
    translucent = b"".join(
        bytes((*color, alpha)) for color, alpha in zip(HDR_SAMPLES, ALPHAS, strict=True)
    )
    body = png(translucent, cicp(*code_points, 0, 1), color_type=6)
    assert_close(drawn(body), [(*c, a) for c, a in zip(expected, ALPHAS, strict=True)])


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((), (61, 150, 221, 255)),
        (((b"cLLI", struct.pack(">II", 40_000_000, 4_000_000)),), (61, 150, 206, 251)),
        (((b"cLLI", struct.pack(">II", 2_030_000, 1_000_000)),), (86, 205, 255, 255)),
        (((b"mDCV", struct.pack(">8HII", *range(1, 9), 40_000_000, 1)),), (61, 150, 206, 251)),
        (((b"cLLI", bytes(8)),), (61, 150, 221, 255)),
        (((b"cLLI", b"\xff" * 8),), (61, 150, 221, 255)),
    ],
)
def test_the_brightest_pixel_of_an_hdr_image_becomes_white(
    chunks: Sequence[Chunk], expected: Sequence[int]
) -> None:
    body = png(bytes((90, 135, 165, 225)), cicp(9, 16, 0, 1), *chunks, color_type=0)
    assert_close(drawn(body), gray(expected))


def test_hdr_is_also_stated_by_a_profile_or_by_an_avif_file() -> None:
    assert_close(drawn(png(RGB_ROW, iccp(RGB_PQ)))[2:], [(132, 132, 132), (0, 0, 255)])
    jpeg = encode(stripes(SAMPLES), "JPEG", quality=100, icc_profile=RGB_PQ)
    assert_close(drawn(jpeg)[2:], [(132, 132, 132), (0, 0, 255)])
    assert_close(drawn(avif(stripes(SAMPLES), 9, 16))[2:], [(132, 132, 132), (0, 0, 255)])


def test_a_large_hdr_image_is_reduced_while_it_is_converted() -> None:
    body = encode(Image.new("L", (4000, 1001), 128), "PNG")
    chunk = png(b"", cicp(9, 16, 0, 1))[33:49]
    decoded = DecodedImage.decode(body[:33] + chunk + body[33:])
    assert (decoded.width, decoded.height, decoded.image.size) == (4000, 1001, (2000, 501))
    assert decoded.image.getpixel((999, 250)) == pytest.approx((132, 132, 132), abs=TOLERANCE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_orientation_in_xmp_alone_turns_nothing(kind: str) -> None:
    image = quarters(32, 16)
    if kind == "PNG":
        text = b"XML:com.adobe.xmp\0\0\0\0\0" + XMP
        plain = encode(image, "PNG")
        chunk = png(b"", (b"iTXt", text))[33 : 33 + 12 + len(text)]
        bodies = [plain[:33] + chunk + plain[33:], plain[:-12] + chunk + plain[-12:]]
    else:
        bodies = [encode(image, kind, xmp=XMP)]
    for body in bodies:
        decoded = DecodedImage.decode(body)
        assert (decoded.width, decoded.height) == (32, 16)
        assert decoded.image.getpixel((4, 4)) == pytest.approx(COLORS[0], abs=12)


def test_exif_turns_an_image_whatever_its_xmp_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    decoded = DecodedImage.decode(encode(quarters(32, 16), "JPEG", xmp=XMP, exif=exif))
    assert (decoded.width, decoded.height) == (16, 32)
    assert decoded.image.getpixel((4, 28)) == pytest.approx(COLORS[0], abs=12)


def cropped_avif(left: int, top: int, width: int, height: int, **options: object) -> bytes:
    """Four colours in 64 × 32 pixels, with a clean aperture."""
    body = encode(quarters(64, 32), "AVIF", quality=90, **options)
    across, down = 2 * left + width - 64, 2 * top + height - 32
    clap = struct.pack(">I4sIIIIiIiI", 40, b"clap", width, 1, height, 1, across, 2, down, 2)
    return _with_property(body, clap)


def _with_property(body: bytes, box: bytes) -> bytes:
    """An AVIF file with one more property of its only item; the lengths around it follow."""
    ipma = body.index(b"ipma") - 4
    count = body[ipma + 18]
    index = sum(1 for _ in _children(body, body.index(b"ipco") + 4)) + 1
    grown = bytearray(body)
    grown[ipma + 18] = count + 1
    grown.insert(ipma + 19 + count, 0x80 | index)
    grown[ipma:ipma] = box
    for name, growth in ((b"ipco", len(box)), (b"iprp", len(box) + 1), (b"meta", len(box) + 1)):
        at = body.index(name) - 4
        (length,) = struct.unpack_from(">I", grown, at)
        struct.pack_into(">I", grown, at, length + growth)
    at = grown.index(b"ipma") - 4
    struct.pack_into(">I", grown, at, struct.unpack_from(">I", grown, at)[0] + 1)
    iloc = grown.index(b"iloc") + 4
    offset = iloc + 4 + 2 + 2 + 2 + 2 + 2  # of the first extent, in 4 bytes
    struct.pack_into(">I", grown, offset, struct.unpack_from(">I", grown, offset)[0] + len(box) + 1)
    return bytes(grown)


def _children(body: bytes, at: int) -> Iterator[int]:
    (length,) = struct.unpack_from(">I", body, at - 8)
    end = at - 8 + length
    while at < end:
        yield at
        at += struct.unpack_from(">I", body, at)[0]


@pytest.mark.parametrize(
    ("crop", "expected"),
    [
        ((0, 0, 32, 16), COLORS[0]),
        ((32, 0, 32, 16), COLORS[1]),
        ((32, 16, 32, 16), COLORS[3]),
        ((5, 17, 21, 13), COLORS[2]),
    ],
)
def test_a_clean_aperture_crops_an_avif(crop: tuple[int, int, int, int], expected: Color) -> None:
    decoded = DecodedImage.decode(cropped_avif(*crop))
    assert (decoded.width, decoded.height) == decoded.image.size == crop[2:]
    for corner in ((1, 1), (crop[2] - 2, crop[3] - 2)):
        assert decoded.image.getpixel(corner) == pytest.approx(expected, abs=16)


def test_a_clean_aperture_is_cropped_before_the_image_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    body = cropped_avif(0, 16, 32, 16, exif=exif)
    decoded = DecodedImage.decode(body)
    assert (decoded.width, decoded.height) == (16, 32)
    assert decoded.image.getpixel((8, 16)) == pytest.approx(COLORS[2], abs=16)


@pytest.mark.parametrize("crop", [(-1, 0, 32, 16), (40, 0, 32, 16), (0, 0, 0, 16), (0, 0, 99, 16)])
def test_an_impossible_clean_aperture_crops_nothing(crop: tuple[int, int, int, int]) -> None:
    assert DecodedImage.decode(cropped_avif(*crop)).image.size == (64, 32)


def test_the_sandbox_converts_colours_too() -> None:
    decoder = SandboxedDecoder()
    try:
        for body, expected in (
            (png(RGB_ROW, cicp(9, 18, 0, 1)), (99, 99, 99)),
            (png(RGB_ROW, gama(100_000)), (188, 188, 188)),
            (avif(stripes(SAMPLES), 1, 8), (188, 188, 188)),
            (encode(stripes(gray(GRAYS), "RGB").convert("L"), "JPEG", quality=100,
                    icc_profile=GRAY_18), (146, 146, 146)),
        ):  # fmt: skip
            image = decoder.decode(body, None).image
            middle = image.getpixel((int(2.5 * image.width / 4), image.height // 2))
            assert middle == pytest.approx(expected, abs=TOLERANCE)
        assert decoder.started_workers == 1
    finally:
        decoder.close()
