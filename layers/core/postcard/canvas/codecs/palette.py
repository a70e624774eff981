"""Flat art told from photographs, and the palettes that nobody can tell from all their colours.

Anti-aliased edges give flat art hundreds of colours that a few pixels each wear. Those that are
near one another share the entry of the most frequent; areas of one colour keep theirs.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

from PIL import Image, ImageChops

Ink = tuple[int, int, int]
Counts = Sequence[tuple[int, Ink]]  # pixels by colour, the most frequent first

_MOST_COLORS = 256
_MANY = 8192  # colours; a picture with more is no flat art
_SAMPLED = 4  # every so many pixels each way tell whether a picture is flat
_MANY_SAMPLED = 2048
_GLANCED = 16  # every so many pixels each way are enough to know most photographs
_GLANCED_ODD = 1 / 5  # of those pixels wear rare colours in no flat art
_FLAT = 0.95  # of all pixels wear one of the most frequent colours
_SPANS = (4, 6, 8)  # levels of a channel that one entry may stand for: it is off by seven at most
_MOVED = 1 / 16  # of the pixels may come to wear another colour
_STEP = 3  # levels from one pixel of a gradient to the next
_SHADES = 1 / 100  # of the pixels may be so near their neighbours; edges of letters have fewer
_AREA = 1 / 400  # of the pixels: a colour that so many wear keeps an entry of its own
_CELL = 4  # Pillow looks colours up in cells so wide: two in one cell would be taken for one
_CELLS = 256 // _CELL


def is_flat(image: Image.Image) -> bool:
    """Whether most of an RGB picture is areas of few colours, by a sample of its pixels."""
    glance = _sampled(image, _GLANCED)
    most = _MOST_COLORS + int(glance.width * glance.height * _GLANCED_ODD)
    if glance.getcolors(most) is None:
        return False
    return _mostly_few(_counted(_sampled(image, _SAMPLED), _MANY_SAMPLED))


def indexed(image: Image.Image, *, exact: bool) -> Image.Image | None:
    """An RGB picture as indices into a palette, where that shows no difference.

    `exact`: only if no pixel changes. None where a palette would not do.
    """
    if not is_flat(image):  # a quick no for photographs
        return None
    counts = _counted(image, _MOST_COLORS if exact else _MANY)
    if counts and len(counts) <= _MOST_COLORS:
        return _exactly(image, [ink for _, ink in counts])
    if counts and _mostly_few(counts) and not is_shaded(image):
        for span in _SPANS:
            cells = _cells(counts, span)
            if cells:
                return _mapped(image, [[level // span for level in range(256)]] * 3, cells)
    return None


def is_shaded(image: Image.Image) -> bool:
    """Whether colours go over into one another somewhere: fewer of them would show as bands."""
    room = _SHADES * image.width * image.height
    for across, down in ((1, 0), (0, 1)):
        steps = ImageChops.difference(image, ImageChops.offset(image, across, down))
        widest = reduce(ImageChops.lighter, steps.split())
        if sum(widest.histogram()[1 : _STEP + 1]) > room:
            return True
    return False


def _sampled(image: Image.Image, each: int) -> Image.Image:
    size = (max(1, image.width // each), max(1, image.height // each))
    return image.resize(size, Image.Resampling.NEAREST)


def _counted(image: Image.Image, most: int) -> Counts:
    """The colours; none if there are more than `most`."""
    found = image.getcolors(most) or ()
    counts = [(count, ink) for count, ink in found if isinstance(ink, tuple)]
    return sorted(counts, reverse=True)  # type: ignore[arg-type]  # RGB has three levels


def _mostly_few(counts: Counts) -> bool:
    everything = sum(count for count, _ in counts)
    return sum(count for count, _ in counts[:_MOST_COLORS]) > _FLAT * everything


def _exactly(image: Image.Image, inks: Sequence[Ink]) -> Image.Image | None:
    levels = [sorted(set(band)) for band in zip(*inks, strict=True)]
    if max(map(len, levels)) > _CELLS:
        return None
    ranks = [{level: rank for rank, level in enumerate(band)} for band in levels]
    tables = [[rank.get(level, 0) for level in range(256)] for rank in ranks]
    return _mapped(image, tables, {_cell(ink, tables): ink for ink in inks})


def _cells(counts: Counts, span: int) -> Mapping[Ink, Ink] | None:
    """The most frequent colour of each cell of `span` levels; None if it would show."""
    everything = sum(count for count, _ in counts)
    area, room = everything * _AREA, everything * _MOVED
    cells: dict[Ink, Ink] = {}
    for count, ink in counts:
        red, green, blue = ink
        if cells.setdefault((red // span, green // span, blue // span), ink) is not ink:
            room -= count
            if count > area or room < 0:
                return None
    return cells if len(cells) <= _MOST_COLORS else None


def _mapped(
    image: Image.Image, tables: Sequence[Sequence[int]], cells: Mapping[Ink, Ink]
) -> Image.Image:
    """Each pixel as the index of its cell; `tables` give each level's cell, band by band."""
    apart = image.point([cell * _CELL for table in tables for cell in table])
    places = Image.new("P", (1, 1))
    places.putpalette(bytes(place * _CELL for cell in cells for place in cell))
    found = apart.quantize(palette=places, dither=Image.Dither.NONE)
    found.putpalette(bytes(level for ink in cells.values() for level in ink))
    return found


def _cell(ink: Ink, tables: Sequence[Sequence[int]]) -> Ink:
    red, green, blue = (table[level] for table, level in zip(tables, ink, strict=True))
    return red, green, blue
