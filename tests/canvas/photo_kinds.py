"""A picture of every kind that phones, cameras and editors write, in the five formats.

All show the same four quarters (`COLORS`), upright after their EXIF orientation is applied.
"""

import struct
import zlib
from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageCms, PngImagePlugin

from tests.rendering.sample_images import encode, quarters

SIZE = (64, 48)
ORIENTATION, ROTATED = 0x0112, 6  # stored rotated: viewers turn it by 90 degrees
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)
_PNG_SIGNATURE_AND_HEADER = 33  # bytes


@cache
def photo_kinds() -> dict[str, bytes]:
    """Files by the name of their kind."""
    return dict([*_plain(), *_with_metadata(), *_jpegs(), *_pngs(), *_gifs(), *_animations()])


def phone_exif(*, orientation: int = ROTATED, order: str = "<") -> bytes:
    """EXIF as a phone writes it: camera, resolution, exposure, position and a thumbnail."""
    exif = Image.Exif()
    exif.endian = order
    exif[ORIENTATION] = orientation
    exif[0x010F], exif[0x0110] = "Acme", "Phone 12"
    exif[0x011A], exif[0x011B], exif[0x0128] = 72.0, 72.0, 2
    exif[0x0132] = "2026:11:22 10:00:00"
    exif.get_ifd(0x8769).update({0x829A: 0.01, 0x927C: b"maker" * 40, 0x9286: b"ASCII\0\0\0hi"})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 1.5), 3: "E", 4: (11.0, 34.0, 2.0)})
    return exif.tobytes()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_profile() -> bytes:
    """A profile that is not sRGB by its name, so that colours are converted."""
    return srgb_profile().replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))


def lab_profile() -> bytes:
    """A profile that does not fit the picture's channels."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def _plain() -> Iterator[tuple[str, bytes]]:
    image = quarters(*SIZE)
    see_through = quarters(*SIZE, alpha=255)
    see_through.putalpha(Image.linear_gradient("L").resize(SIZE))
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"):
        yield kind, encode(image, kind)
    for kind in ("PNG", "GIF", "WEBP", "AVIF"):
        yield f"{kind} with alpha", encode(see_through, kind)
    yield "WEBP without loss", encode(image, "WEBP", lossless=True)
    yield "AVIF 4:4:4", encode(image, "AVIF", subsampling="4:4:4")
    yield "AVIF grey", encode(image.convert("L"), "AVIF")
    nclx = (b"colrnclx\0\x01\0\x0d", b"colrnclx\0\x09\0\x10")
    yield "AVIF in PQ", encode(image, "AVIF").replace(*nclx)


def _with_metadata() -> Iterator[tuple[str, bytes]]:
    upright, stored = quarters(*SIZE), quarters(*SIZE).transpose(Image.Transpose.ROTATE_90)
    for kind in ("PNG", "JPEG", "WEBP", "AVIF"):
        for order, name in (("<", "little"), (">", "big")):
            exif = phone_exif(order=order)
            yield f"{kind} with {name}-endian EXIF", encode(stored, kind, exif=exif)
        everything = {"exif": phone_exif(), "icc_profile": wide_profile()}
        if kind != "PNG":
            yield f"{kind} with XMP", encode(upright, kind, xmp=XMP)  # which turns nothing
            everything["xmp"] = XMP
        yield f"{kind} with EXIF, ICC and XMP", encode(stored, kind, **everything)
        for name, profile in (
            ("sRGB", srgb_profile()), ("wide", wide_profile()), ("Lab", lab_profile()),
            ("broken", b"no profile"),
        ):  # fmt: skip
            yield f"{kind} with a profile ({name})", encode(upright, kind, icc_profile=profile)
        if kind != "AVIF":  # libavif refuses it
            yield f"{kind} with broken EXIF", encode(upright, kind, exif=b"Exif\0\0II*\0broken")


def _jpegs() -> Iterator[tuple[str, bytes]]:
    image, wide = quarters(*SIZE), wide_profile()
    yield "JPEG progressive", encode(image, "JPEG", progressive=True)
    yield (
        "JPEG progressive with EXIF",
        encode(image, "JPEG", progressive=True, exif=phone_exif(orientation=1), icc_profile=wide),
    )
    yield "JPEG grey", encode(image.convert("L"), "JPEG")
    yield "JPEG grey with a profile", encode(image.convert("L"), "JPEG", icc_profile=wide)
    yield "JPEG CMYK", encode(image.convert("CMYK"), "JPEG")
    yield "JPEG CMYK progressive", encode(image.convert("CMYK"), "JPEG", progressive=True)
    yield "JPEG CMYK with a profile", encode(image.convert("CMYK"), "JPEG", icc_profile=wide)
    yield "JPEG YCCK", _as_ycck(encode(image.convert("CMYK"), "JPEG"))
    yield (
        "JPEG 4:4:4 with restart markers",
        encode(image, "JPEG", subsampling=0, restart_marker_rows=1),
    )
    yield "JPEG with dots per cm", encode(image, "JPEG", exif=_exif_in_centimetres())
    yield "JPEG with a comment", encode(image, "JPEG", comment=b"hello")
    plain = encode(image, "JPEG")
    yield (
        "JPEG of Photoshop",
        _with_segment(plain, 0xED, b"Photoshop 3.0\0" + _resolution_resource()),
    )
    yield "JPEG with FlashPix", _with_segment(plain, 0xE2, b"FPXR\0\0" + bytes(20))
    yield (
        "JPEG of two EXIF segments",
        _with_segment(
            encode(image, "JPEG", exif=phone_exif(orientation=1)), 0xE1, b"Exif\0\0" + bytes(9)
        ),
    )
    for name, exif in (("", b""), (" with EXIF", phone_exif(orientation=1))):
        yield (
            f"JPEG of several pictures (MPO){name}",
            encode(image, "MPO", save_all=True, append_images=[quarters(*SIZE)], exif=exif),
        )


def _pngs() -> Iterator[tuple[str, bytes]]:
    image = quarters(*SIZE)
    palette = image.quantize(8)
    yield "PNG with a palette", encode(palette, "PNG")
    yield "PNG with a transparent colour", encode(palette, "PNG", transparency=7)
    yield (
        "PNG with alpha in its palette",
        encode(palette, "PNG", transparency=bytes([255] * 7 + [9])),
    )
    yield "PNG with a transparent RGB colour", encode(image, "PNG", transparency=(1, 2, 3))
    yield "PNG grey", encode(image.convert("L"), "PNG")
    yield "PNG grey with alpha", encode(image.convert("LA"), "PNG")
    yield "PNG with one bit", encode(image.convert("1"), "PNG")
    for kind, mode, channels in (
        ("grey", 0, 1),
        ("RGB", 2, 3),
        ("grey with alpha", 4, 2),
        ("RGBA", 6, 4),
    ):
        yield f"PNG of 16 bits, {kind}", _sixteen_bit_png(mode, channels)
    yield "PNG interlaced", _interlaced_png()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "hello")
    text.add_text("Title", "Zoë 渡邉", zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.replace(b'"6"', b'"1"').decode(), zip=True)
    yield "PNG with text", encode(image, "PNG", pnginfo=text)
    legacy = PngImagePlugin.PngInfo()
    legacy.add_text("Raw profile type exif", _raw_profile(phone_exif(orientation=1)), zip=True)
    yield "PNG with EXIF as text", encode(image, "PNG", pnginfo=legacy)
    plain = encode(image, "PNG")
    for name, code_points in (("Display P3", (12, 13)), ("PQ", (9, 16)), ("HLG", (9, 18))):
        yield f"PNG in {name}", _with_chunks(plain, [(b"cICP", bytes((*code_points, 0, 1)))])
    yield "PNG in linear light", _with_chunks(plain, [(b"gAMA", struct.pack(">I", 100_000))])
    for gray in ("L", "I;16"):
        deep = image.convert("L") if gray == "L" else image.convert("I").convert("I;16")
        yield (
            f"PNG in linear grey ({gray})",
            _with_chunks(encode(deep, "PNG"), [(b"gAMA", struct.pack(">I", 100_000))]),
        )
    chunks = [(b"gAMA", struct.pack(">I", 45455)), (b"sRGB", b"\0"), (b"cHRM", bytes(32))]
    yield "PNG with gamma and chromaticities", _with_chunks(plain, chunks)
    yield "PNG with density and time", encode(image, "PNG", dpi=(300, 300))


def _gifs() -> Iterator[tuple[str, bytes]]:
    palette = quarters(*SIZE).quantize(8)
    yield "GIF grey", encode(quarters(*SIZE).convert("L"), "GIF")
    yield "GIF interlaced, with a comment", encode(palette, "GIF", interlace=1, comment=b"hello")
    yield "GIF with a transparent colour", encode(palette, "GIF", transparency=7)


def _animations() -> Iterator[tuple[str, bytes]]:
    frames = [quarters(*SIZE), *(Image.new("RGB", SIZE, color) for color in ("navy", "olive"))]
    more = {"save_all": True, "append_images": frames[1:], "duration": 100}
    for kind in ("GIF", "WEBP", "AVIF", "PNG"):
        yield f"{kind} animated", encode(frames[0], kind, **more)
        if kind != "GIF":
            metadata = {"exif": phone_exif(orientation=1), "icc_profile": wide_profile()}
            yield f"{kind} animated, with EXIF and ICC", encode(frames[0], kind, **more, **metadata)
    yield (
        "PNG animated, with another first picture",
        encode(frames[0], "PNG", **more, default_image=True),
    )
    yield "GIF animated, each frame replaced", encode(frames[0], "GIF", **more, disposal=2)


def _with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment at its start."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


def _resolution_resource() -> bytes:
    content = struct.pack(">IHHIHH", 72 << 16, 1, 1, 72 << 16, 1, 1)
    return b"8BIM" + struct.pack(">HBxI", 0x03ED, 0, len(content)) + content


def _as_ycck(jpeg: bytes) -> bytes:
    """The CMYK file with a marker that calls its channels YCCK: other colours, same decoder."""
    at = jpeg.index(b"Adobe") + 11
    return jpeg[:at] + b"\x02" + jpeg[at + 1 :]


def _exif_in_centimetres() -> bytes:
    exif = Image.Exif()
    exif[0x011A], exif[0x0128] = 28.0, 3
    return exif.tobytes()


def _raw_profile(exif: bytes) -> str:
    """EXIF as ImageMagick writes it into a text chunk."""
    return f"\nexif\n{len(exif):8}\n{exif.hex()}\n"


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _with_chunks(png: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    added = b"".join(chunk(kind, content) for kind, content in chunks)
    return png[:_PNG_SIGNATURE_AND_HEADER] + added + png[_PNG_SIGNATURE_AND_HEADER:]


def png_file(header: bytes, rows: bytes) -> bytes:
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _sixteen_bit_png(color_type: int, channels: int) -> bytes:
    image = quarters(*SIZE, alpha=200).convert({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels])
    wide = bytes(level for level in image.tobytes() for _ in range(2))  # 0xAB becomes 0xABAB
    stride = SIZE[0] * channels * 2
    rows = b"".join(b"\0" + wide[at : at + stride] for at in range(0, len(wide), stride))
    return png_file(struct.pack(">IIBBBBB", *SIZE, 16, color_type, 0, 0, 0), rows)


def _interlaced_png() -> bytes:
    image, rows = quarters(*SIZE), b""
    passes = (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    )
    for left, top, across, down in passes:
        for y in range(top, SIZE[1], down):
            line = (image.getpixel((x, y)) for x in range(left, SIZE[0], across))
            rows += b"\0" + bytes(level for pixel in line for level in pixel)  # type: ignore[union-attr]
    return png_file(struct.pack(">IIBBBBB", *SIZE, 8, 2, 0, 0, 1), rows)
