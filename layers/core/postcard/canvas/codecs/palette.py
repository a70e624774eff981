"""Palettes: for flat art, at most 256 colours that look the same as all of its colours; for other
pictures, as few as asked for.

Anti-aliased edges give flat art hundreds of colours, each in a few pixels. Similar ones share the
palette entry of the most frequent; large areas of one colour keep an entry of their own.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain

from PIL import Image, ImageChops

from postcard.canvas.surface import Surface
from postcard.color import Rgb
from postcard.geometry import Box

PixelColor = tuple[int, ...]  # RGB or RGBA
ColorCounts = Sequence[tuple[int, PixelColor]]  # pixels per colour, the most frequent first

_MAX_COLORS = 256
_MAX_FLAT_COLORS = 8192  # a picture with more is not flat art
_MAX_RGBA_PIXELS = 4_000_000  # RGBA pixels are mapped one by one, though only once per equal row

# Is it flat art? A coarse sample rules out most photographs quickly.
_COARSE_SAMPLE_STEP = 16  # pixels, both ways
_MAX_RARE_SHARE = 1 / 5  # of the coarse sample, in colours beyond the first 256
_SAMPLE_STEP = 4  # pixels, both ways
_MAX_SAMPLED_COLORS = 2048
_MIN_FLAT_SHARE = 0.95  # of the pixels, in the 256 most frequent colours

# Gradients have many pixels that differ only slightly from the next; edges of letters have few.
_MAX_GRADIENT_STEP = 3  # levels
_MAX_GRADIENT_SHARE = 1 / 100  # of the pixels
_LINE_STEP = 8  # pixels between the rows and columns that are looked at

# Merging similar colours.
_MERGE_SPANS = (4, 6, 8)  # levels that share one entry: a pixel changes by seven at most
_MAX_REMAPPED_SHARE = 1 / 16  # of the pixels may change colour
_MIN_AREA_SHARE = 1 / 400  # of the pixels: a colour with more is an area and is never merged

# Pillow looks palette colours up in cells of four levels and cannot tell two in one cell apart.
_LOOKUP_STEP = 4
_LOOKUP_STEPS = 256 // _LOOKUP_STEP


def is_flat_art(image: Image.Image) -> bool:
    """Whether most of an RGB or RGBA picture is areas of few colours, judged by a sample."""
    coarse = _sample(image, _COARSE_SAMPLE_STEP)
    limit = _MAX_COLORS + int(coarse.width * coarse.height * _MAX_RARE_SHARE)
    if coarse.getcolors(limit) is None:
        return False
    return _few_colors_dominate(_color_counts(_sample(image, _SAMPLE_STEP), _MAX_SAMPLED_COLORS))


def has_soft_gradients(image: Image.Image) -> bool:
    """Whether a sample of rows and columns has smooth transitions."""
    rows = image.resize((image.width, -(-image.height // _LINE_STEP)), Image.Resampling.NEAREST)
    columns = image.resize((-(-image.width // _LINE_STEP), image.height), Image.Resampling.NEAREST)
    return _has_gradients(rows, ((1, 0),)) or _has_gradients(columns, ((0, 1),))


def to_indexed(image: Image.Image, *, exact: bool) -> Image.Image | None:
    """An RGB or RGBA picture with a palette, where the palette shows no difference; else None.

    `exact`: only if no pixel changes at all.
    """
    if image.mode == "RGBA":
        return _rgba_to_indexed(image, exact=exact)
    if not is_flat_art(image):  # quick for photographs
        return None
    counts = _color_counts(image, _MAX_COLORS if exact else _MAX_FLAT_COLORS)
    if counts and len(counts) <= _MAX_COLORS:
        return _index_rgb_exactly(image, [color for _, color in counts])
    if counts and _few_colors_dominate(counts) and not _has_gradients(image):
        for span in _MERGE_SPANS:
            merged = _merge_colors(counts, _rgb_buckets(counts, span))
            if merged:
                tables = [[level // span for level in range(256)]] * 3
                return _index_rgb(image, tables, list(dict.fromkeys(merged.values())))
    return None


def _rgba_to_indexed(image: Image.Image, *, exact: bool) -> Image.Image | None:
    if image.width * image.height > _MAX_RGBA_PIXELS or not is_flat_art(image):
        return None
    counts = _color_counts(image, _MAX_COLORS if exact else _MAX_FLAT_COLORS)
    if counts and len(counts) <= _MAX_COLORS:
        return _index_rgba(image, {color: color for _, color in counts})
    if counts and not _has_gradients(image):
        for span in _MERGE_SPANS:
            merged = _merge_colors(counts, _rgba_buckets(counts, span))
            if merged:
                return _index_rgba(image, merged)
    return None


def _sample(image: Image.Image, step: int) -> Image.Image:
    size = (max(1, image.width // step), max(1, image.height // step))
    return image.resize(size, Image.Resampling.NEAREST)


def _color_counts(image: Image.Image, max_colors: int) -> ColorCounts:
    """The colours by frequency; empty if there are more than `max_colors`."""
    counts = image.getcolors(max_colors) or ()
    return sorted(
        ((count, color) for count, color in counts if isinstance(color, tuple)), reverse=True
    )


def _few_colors_dominate(counts: ColorCounts) -> bool:
    pixels = sum(count for count, _ in counts)
    return sum(count for count, _ in counts[:_MAX_COLORS]) > _MIN_FLAT_SHARE * pixels


def _has_gradients(
    image: Image.Image, directions: Iterable[tuple[int, int]] = ((1, 0), (0, 1))
) -> bool:
    """Whether there are smooth transitions, which fewer colours would turn into bands."""
    limit = _MAX_GRADIENT_SHARE * image.width * image.height
    for dx, dy in directions:
        steps = ImageChops.difference(image, ImageChops.offset(image, dx, dy))
        largest = reduce(ImageChops.lighter, steps.split())
        if sum(largest.histogram()[1 : _MAX_GRADIENT_STEP + 1]) > limit:
            return True
    return False


def _rgb_buckets(counts: ColorCounts, span: int) -> Iterator[PixelColor]:
    return ((red // span, green // span, blue // span) for _, (red, green, blue) in counts)


def _rgba_buckets(counts: ColorCounts, span: int) -> Iterator[PixelColor]:
    """Buckets of premultiplied levels: what is nearly transparent differs little."""
    for _, (red, green, blue, alpha) in counts:
        yield (
            red * alpha // 255 // span,
            green * alpha // 255 // span,
            blue * alpha // 255 // span,
            alpha // span,
        )


def _merge_colors(
    counts: ColorCounts, buckets: Iterator[PixelColor]
) -> Mapping[PixelColor, PixelColor] | None:
    """Each colour's replacement, the most frequent of its bucket; None if that would show."""
    pixels = sum(count for count, _ in counts)
    area, remappable = pixels * _MIN_AREA_SHARE, pixels * _MAX_REMAPPED_SHARE
    replacements: dict[PixelColor, PixelColor] = {}
    merged: dict[PixelColor, PixelColor] = {}
    for (count, color), bucket in zip(counts, buckets, strict=True):
        merged[color] = replacement = replacements.setdefault(bucket, color)
        if replacement is not color:
            remappable -= count
            if count > area or remappable < 0:
                return None
    return merged if len(replacements) <= _MAX_COLORS else None


def _index_rgb_exactly(image: Image.Image, colors: Sequence[PixelColor]) -> Image.Image | None:
    bands = [sorted(set(band)) for band in zip(*colors, strict=True)]
    if max(map(len, bands)) > _LOOKUP_STEPS:
        return None
    ranks = [{level: rank for rank, level in enumerate(band)} for band in bands]
    tables = [[rank.get(level, 0) for level in range(256)] for rank in ranks]
    return _index_rgb(image, tables, colors)


def _index_rgb(
    image: Image.Image, tables: Sequence[Sequence[int]], colors: Sequence[PixelColor]
) -> Image.Image:
    """Each pixel as the index of the colour in its bucket.

    `tables` give the bucket of each level, band by band. Buckets are spread to Pillow's lookup
    cells, one in each, so that it finds them exactly.
    """
    spread = image.point([bucket * _LOOKUP_STEP for table in tables for bucket in table])
    buckets = palette_image(
        [table[level] * _LOOKUP_STEP for table, level in zip(tables, color, strict=True)]
        for color in colors
    )
    indexed = spread.quantize(palette=buckets, dither=Image.Dither.NONE)
    indexed.putpalette(bytes(level for color in colors for level in color))
    return indexed


def _index_rgba(image: Image.Image, merged: Mapping[PixelColor, PixelColor]) -> Image.Image:
    """Each pixel as the index of its colour's replacement; opaque colours come last."""
    colors = sorted(set(merged.values()), key=lambda color: (color[3] == 255, color))
    palette_index = {color: index for index, color in enumerate(colors)}
    indices = {
        int.from_bytes(color, sys.byteorder): palette_index[replacement]
        for color, replacement in merged.items()
    }
    pixels, stride = image.tobytes(), image.width * len(image.mode)
    cache: dict[bytes, bytes] = {}
    rows = []
    for start in range(0, len(pixels), stride):
        row = pixels[start : start + stride]
        if row not in cache:
            cache[row] = bytes(map(indices.__getitem__, memoryview(row).cast("I")))
        rows.append(cache[row])
    indexed = Image.frombytes("P", image.size, b"".join(rows))
    indexed.putpalette(bytes(level for color in colors for level in color), "RGBA")
    return indexed


# Fewer colours than a picture has

MIN_OTHER_COLORS = 6  # of a palette, beside the inks
_SAMPLE_SIZE = (512, 512)  # median cut of 6 Mpx of noise would take 8 s
_RARE_SHARE = 8  # one colour in so many is chosen for being far from the others
_RARE_SAMPLE_SIZE = (256, 256)
_BOX_SAMPLE_SIZE, _BOX_COLORS = (128, 128), 8
_APART, _MAX_APART = 48, 2  # levels that differ much, and how many such colours of a box are kept
_SAME_INK = 4  # levels: what Pillow's lookup cannot tell apart
_WHERE_ZERO = [255 * (level == 0) for level in range(256)]
_WHERE_HALF = [255 * (level >= 128) for level in range(256)]
_WHERE_FULL = [255 * (level == 255) for level in range(256)]


def quantize(image: Image.Image, colors: int, inks: Sequence[Rgb] = ()) -> Image.Image:
    """An RGB or RGBA image with at most `colors` colours.

    Pixels that have exactly the colour of an ink keep it, whatever else the image shows.
    """
    inks = distinct_inks(inks)
    others = colors - len(inks)
    if image.mode == "RGBA":  # the one method of Pillow's own that supports alpha
        indexed = image.quantize(others, method=Image.Quantize.FASTOCTREE)
        levels = bytes(level for ink in inks for level in (*ink, 255))
        indexed = _with_palette(
            index_values(indexed).point([min(255, at + len(inks)) for at in range(256)]),
            levels + bytes(indexed.getpalette("RGBA") or ())[: 4 * others], "RGBA",
        )  # fmt: skip
    else:
        table = palette_image((*inks, *_main_colors(image, others)))
        indexed = image.quantize(palette=table, dither=Image.Dither.FLOYDSTEINBERG)
    if inks:
        _paste_inks(indexed, image, inks)
    return indexed


def with_binary_alpha(surface: Surface) -> Image.Image:
    """RGB, or RGBA whose pixels are opaque or fully transparent, all that a GIF can show."""
    image = surface.to_image()
    if image.mode == "RGB":
        return image
    alpha = image.getchannel("A").point(_WHERE_HALF)
    image.putalpha(alpha)
    return Image.composite(image, Image.new("RGBA", image.size), alpha)


def quantize_for_gif(image: Image.Image, colors: int, inks: Sequence[Rgb] = ()) -> Image.Image:
    """Like `quantize`; of an image with binary alpha one colour is the transparent one."""
    if image.mode == "RGB":
        return quantize(image, colors, inks)
    alpha = image.getchannel("A")
    indexed = quantize(image.convert("RGB"), colors - 1, inks)
    levels = [(*color, 255) for color in palette_colors(indexed)[: colors - 1]]
    indexed.paste(len(levels), mask=ImageChops.invert(alpha))
    return _with_palette(index_values(indexed), bytes(chain(*levels, (0, 0, 0, 0))), "RGBA")


def colors_apart(surface: Surface, box: Box, inks: Sequence[Rgb]) -> list[Rgb]:
    """At most two colours in a box of device pixels that differ much from all inks."""
    bounds = (
        max(0, int(box.x)), max(0, int(box.y)),
        min(surface.size[0], math.ceil(box.right)), min(surface.size[1], math.ceil(box.bottom)),
    )  # fmt: skip
    if bounds[0] >= bounds[2] or bounds[1] >= bounds[3]:
        return []
    region = surface.color.crop(bounds)
    region.thumbnail(_BOX_SAMPLE_SIZE, Image.Resampling.NEAREST)
    indexed = region.quantize(_BOX_COLORS, method=Image.Quantize.MAXCOVERAGE)
    apart: list[Rgb] = []
    for color in palette_colors(indexed)[:_BOX_COLORS]:
        if all(color_distance(color, other) > _APART for other in (*inks, *apart)):
            apart.append(color)
    return apart[:_MAX_APART]


def distinct_inks(inks: Sequence[Rgb]) -> list[Rgb]:
    """The inks without those that hardly differ from one before."""
    distinct: list[Rgb] = []
    for ink in inks:
        if all(color_distance(ink, other) > _SAME_INK for other in distinct):
            distinct.append(ink)
    return distinct


def color_distance(first: PixelColor, second: PixelColor) -> int:
    """The largest difference of a channel, in levels."""
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def palette_image(colors: Iterable[Iterable[int]]) -> Image.Image:
    """An image that has these RGB colours as its palette, for `Image.quantize`."""
    table = Image.new("P", (1, 1))
    table.putpalette(bytes(chain.from_iterable(colors)))
    return table


def palette_colors(indexed: Image.Image) -> list[Rgb]:
    """The RGB colours of an image's palette."""
    levels = indexed.getpalette() or []
    return list(zip(levels[::3], levels[1::3], levels[2::3], strict=True))


def index_values(indexed: Image.Image) -> Image.Image:
    """Palette indices as an L image, for arithmetic."""
    return Image.frombytes("L", indexed.size, indexed.tobytes())


def find_exact(image: Image.Image, inks: Sequence[Rgb]) -> tuple[Image.Image, Image.Image]:
    """For each pixel of an RGB image the index of an ink, and a mask where it has exactly that."""
    nearest = image.quantize(palette=palette_image(inks), dither=Image.Dither.NONE)
    difference = ImageChops.difference(image, nearest.convert("RGB"))
    return nearest, reduce(ImageChops.lighter, difference.split()).point(_WHERE_ZERO)


def _paste_inks(indexed: Image.Image, image: Image.Image, inks: Sequence[Rgb]) -> None:
    """Give the pixels that have an ink's colour its index; inks come first in the palette."""
    nearest, mask = find_exact(image.convert("RGB"), inks)
    if image.mode == "RGBA":
        mask = ImageChops.darker(mask, image.getchannel("A").point(_WHERE_FULL))
    indexed.paste(nearest, mask=mask)


def _main_colors(image: Image.Image, count: int) -> list[PixelColor]:
    """The colours of most pixels, and a few that are far from them, such as those of letters."""
    rare = count // _RARE_SHARE
    found: list[PixelColor] = []
    for number, method, size in (
        (count - rare, Image.Quantize.MEDIANCUT, _SAMPLE_SIZE),
        (rare, Image.Quantize.MAXCOVERAGE, _RARE_SAMPLE_SIZE),
    ):
        if number:
            sample = image.copy()
            sample.thumbnail(size, Image.Resampling.NEAREST)
            found += palette_colors(sample.quantize(number, method=method))
    return list(dict.fromkeys(found))[:count]


def _with_palette(indices: Image.Image, levels: bytes, mode: str) -> Image.Image:
    indexed = Image.frombytes("P", indices.size, indices.tobytes())
    indexed.putpalette(levels, mode)
    return indexed
