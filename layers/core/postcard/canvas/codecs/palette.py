"""Flat art told from photographs, and the palettes that nobody can tell from all their colours.

Anti-aliased edges give flat art hundreds of colours that a few pixels each wear. Those that are
near one another share the entry of the most frequent; areas of one colour keep theirs.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

from PIL import Image, ImageChops

Rgb = tuple[int, int, int]
ColorCounts = Sequence[tuple[int, Rgb]]  # pixels by colour, the most frequent first

_MAX_COLORS = 256
_MAX_FLAT_COLORS = 8192  # colours; a picture with more is no flat art
_SAMPLE_STEP = 4  # every so many pixels each way tell whether a picture is flat
_MAX_SAMPLED_COLORS = 2048
_COARSE_SAMPLE_STEP = 16  # every so many pixels each way are enough to know most photographs
_MAX_RARE_SHARE = 1 / 5  # of those pixels wear rare colours in no flat art
_MIN_FLAT_SHARE = 0.95  # of all pixels wear one of the most frequent colours
_MERGE_SPANS = (
    4,
    6,
    8,
)  # levels of a channel that one entry may stand for: it is off by seven at most
_MAX_REMAPPED_SHARE = 1 / 16  # of the pixels may come to wear another colour
_MAX_GRADIENT_STEP = 3  # levels from one pixel of a gradient to the next
_MAX_GRADIENT_SHARE = (
    1 / 100
)  # of the pixels may be so near their neighbours; edges of letters have fewer
_MIN_AREA_SHARE = 1 / 400  # of the pixels: a colour that so many wear keeps an entry of its own
_LOOKUP_STEP = 4  # Pillow looks colours up in cells so wide: two in one cell would be taken for one
_LOOKUP_STEPS = 256 // _LOOKUP_STEP


def is_flat_art(image: Image.Image) -> bool:
    """Whether most of an RGB picture is areas of few colours, by a sample of its pixels."""
    glance = _sample(image, _COARSE_SAMPLE_STEP)
    most = _MAX_COLORS + int(glance.width * glance.height * _MAX_RARE_SHARE)
    if glance.getcolors(most) is None:
        return False
    return _few_colors_dominate(_color_counts(_sample(image, _SAMPLE_STEP), _MAX_SAMPLED_COLORS))


def to_indexed(image: Image.Image, *, exact: bool) -> Image.Image | None:
    """An RGB picture as indices into a palette, where that shows no difference.

    `exact`: only if no pixel changes. None where a palette would not do.
    """
    if not is_flat_art(image):  # a quick no for photographs
        return None
    counts = _color_counts(image, _MAX_COLORS if exact else _MAX_FLAT_COLORS)
    if counts and len(counts) <= _MAX_COLORS:
        return _index_exactly(image, [ink for _, ink in counts])
    if counts and _few_colors_dominate(counts) and not has_gradients(image):
        for span in _MERGE_SPANS:
            cells = _bucket_colors(counts, span)
            if cells:
                return _index_by_bucket(image, [[level // span for level in range(256)]] * 3, cells)
    return None


def has_gradients(image: Image.Image) -> bool:
    """Whether colours go over into one another somewhere: fewer of them would show as bands."""
    room = _MAX_GRADIENT_SHARE * image.width * image.height
    for across, down in ((1, 0), (0, 1)):
        steps = ImageChops.difference(image, ImageChops.offset(image, across, down))
        widest = reduce(ImageChops.lighter, steps.split())
        if sum(widest.histogram()[1 : _MAX_GRADIENT_STEP + 1]) > room:
            return True
    return False


def _sample(image: Image.Image, step: int) -> Image.Image:
    size = (max(1, image.width // step), max(1, image.height // step))
    return image.resize(size, Image.Resampling.NEAREST)


def _color_counts(image: Image.Image, max_colors: int) -> ColorCounts:
    """The colours; none if there are more than `most`."""
    found = image.getcolors(max_colors) or ()
    counts = [(count, ink) for count, ink in found if isinstance(ink, tuple)]
    return sorted(counts, reverse=True)  # type: ignore[arg-type]  # RGB has three levels


def _few_colors_dominate(counts: ColorCounts) -> bool:
    everything = sum(count for count, _ in counts)
    return sum(count for count, _ in counts[:_MAX_COLORS]) > _MIN_FLAT_SHARE * everything


def _index_exactly(image: Image.Image, colors: Sequence[Rgb]) -> Image.Image | None:
    levels = [sorted(set(band)) for band in zip(*colors, strict=True)]
    if max(map(len, levels)) > _LOOKUP_STEPS:
        return None
    ranks = [{level: rank for rank, level in enumerate(band)} for band in levels]
    tables = [[rank.get(level, 0) for level in range(256)] for rank in ranks]
    return _index_by_bucket(image, tables, {_bucket_of(ink, tables): ink for ink in colors})


def _bucket_colors(counts: ColorCounts, span: int) -> Mapping[Rgb, Rgb] | None:
    """The most frequent colour of each cell of `span` levels; None if it would show."""
    everything = sum(count for count, _ in counts)
    area, room = everything * _MIN_AREA_SHARE, everything * _MAX_REMAPPED_SHARE
    cells: dict[Rgb, Rgb] = {}
    for count, ink in counts:
        red, green, blue = ink
        if cells.setdefault((red // span, green // span, blue // span), ink) is not ink:
            room -= count
            if count > area or room < 0:
                return None
    return cells if len(cells) <= _MAX_COLORS else None


def _index_by_bucket(
    image: Image.Image, tables: Sequence[Sequence[int]], buckets: Mapping[Rgb, Rgb]
) -> Image.Image:
    """Each pixel as the index of its cell; `tables` give each level's cell, band by band."""
    apart = image.point([cell * _LOOKUP_STEP for table in tables for cell in table])
    places = Image.new("P", (1, 1))
    places.putpalette(bytes(place * _LOOKUP_STEP for cell in buckets for place in cell))
    found = apart.quantize(palette=places, dither=Image.Dither.NONE)
    found.putpalette(bytes(level for ink in buckets.values() for level in ink))
    return found


def _bucket_of(color: Rgb, tables: Sequence[Sequence[int]]) -> Rgb:
    red, green, blue = (table[level] for table, level in zip(tables, color, strict=True))
    return red, green, blue
