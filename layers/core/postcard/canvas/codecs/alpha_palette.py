"""Palettes for flat art that something shows through: stickers, badges, round corners."""

import sys
from collections.abc import Mapping, Sequence

from PIL import Image

from postcard.canvas.codecs import palette

Ink = tuple[int, int, int, int]
Counts = Sequence[tuple[int, Ink]]  # pixels by colour, the most frequent first

_MOST_COLORS = 256
_MANY = 8192  # colours; a picture with more is no flat art
_MOST_PIXELS = 4_000_000  # each is looked up by itself, but in rows that were there before
_SPANS = (4, 6, 8)  # levels, premultiplied, that one entry may stand for
_MOVED = 1 / 16  # of the pixels may come to wear another colour
_AREA = 1 / 400  # of the pixels: a colour that so many wear keeps an entry of its own
_BYTES = 4  # a pixel


def indexed(image: Image.Image, *, exact: bool) -> Image.Image | None:
    """An RGBA picture as indices into a palette with alpha, where that shows no difference.

    `exact`: only if no pixel changes. None where a palette would not do.
    """
    if image.width * image.height > _MOST_PIXELS or not palette.is_flat(image):
        return None
    counts = _counted(image, _MOST_COLORS if exact else _MANY)
    if not counts:
        return None
    if len(counts) <= _MOST_COLORS:
        return _mapped(image, {ink: ink for _, ink in counts})
    if exact or palette.is_shaded(image):
        return None
    return next((_mapped(image, worn) for span in _SPANS if (worn := _worn(counts, span))), None)


def _counted(image: Image.Image, most: int) -> Counts:
    found = image.getcolors(most) or ()
    return sorted(((n, ink) for n, ink in found if isinstance(ink, tuple)), reverse=True)  # type: ignore[misc]


def _worn(counts: Counts, span: int) -> Mapping[Ink, Ink] | None:
    """Each colour → the most frequent one of its cell; None if it would show."""
    everything = sum(count for count, _ in counts)
    area, room = everything * _AREA, everything * _MOVED
    cells: dict[tuple[int, ...], Ink] = {}
    worn: dict[Ink, Ink] = {}
    for count, ink in counts:
        alpha = ink[3]
        seen = (*(level * alpha // 255 for level in ink[:3]), alpha)
        worn[ink] = cells.setdefault(tuple(level // span for level in seen), ink)
        if worn[ink] is not ink:
            room -= count
            if count > area or room < 0:
                return None
    return worn if len(cells) <= _MOST_COLORS else None


def _mapped(image: Image.Image, worn: Mapping[Ink, Ink]) -> Image.Image:
    """Every pixel as the index of the colour it wears; those that show something through first."""
    inks = sorted(set(worn.values()), key=lambda ink: (ink[3] == 255, ink))
    places = {ink: place for place, ink in enumerate(inks)}
    indices = {int.from_bytes(ink, sys.byteorder): places[other] for ink, other in worn.items()}
    pixels, stride = image.tobytes(), image.width * _BYTES
    known: dict[bytes, bytes] = {}
    for start in range(0, len(pixels), stride):
        row = pixels[start : start + stride]
        if row not in known:
            known[row] = bytes(map(indices.__getitem__, memoryview(row).cast("I")))
    rows = [known[pixels[start : start + stride]] for start in range(0, len(pixels), stride)]
    found = Image.frombytes("P", image.size, b"".join(rows))
    found.putpalette(bytes(level for ink in inks for level in ink), "RGBA")
    return found
