"""Palettes for flat art that something shows through: stickers, badges, round corners."""

import sys
from collections.abc import Mapping, Sequence

from PIL import Image

from postcard.canvas.codecs import palette

Rgba = tuple[int, int, int, int]
ColorCounts = Sequence[tuple[int, Rgba]]  # pixels by colour, the most frequent first

_MAX_COLORS = 256
_MAX_FLAT_COLORS = 8192  # colours; a picture with more is no flat art
_MAX_PIXELS = 4_000_000  # each is looked up by itself, but in rows that were there before
_MERGE_SPANS = (4, 6, 8)  # levels, premultiplied, that one entry may stand for
_MAX_REMAPPED_SHARE = 1 / 16  # of the pixels may come to wear another colour
_MIN_AREA_SHARE = 1 / 400  # of the pixels: a colour that so many wear keeps an entry of its own
_BYTES_PER_PIXEL = 4  # a pixel


def to_indexed(image: Image.Image, *, exact: bool) -> Image.Image | None:
    """An RGBA picture as indices into a palette with alpha, where that shows no difference.

    `exact`: only if no pixel changes. None where a palette would not do.
    """
    if image.width * image.height > _MAX_PIXELS or not palette.is_flat_art(image):
        return None
    counts = _color_counts(image, _MAX_COLORS if exact else _MAX_FLAT_COLORS)
    if not counts:
        return None
    if len(counts) <= _MAX_COLORS:
        return _map_to_palette(image, {ink: ink for _, ink in counts})
    if exact or palette.has_gradients(image):
        return None
    return next(
        (
            _map_to_palette(image, worn)
            for span in _MERGE_SPANS
            if (worn := _merge_colors(counts, span))
        ),
        None,
    )


def _color_counts(image: Image.Image, max_colors: int) -> ColorCounts:
    found = image.getcolors(max_colors) or ()
    return sorted(((n, ink) for n, ink in found if isinstance(ink, tuple)), reverse=True)  # type: ignore[misc]


def _merge_colors(counts: ColorCounts, span: int) -> Mapping[Rgba, Rgba] | None:
    """Each colour → the most frequent one of its cell; None if it would show."""
    everything = sum(count for count, _ in counts)
    area, room = everything * _MIN_AREA_SHARE, everything * _MAX_REMAPPED_SHARE
    cells: dict[tuple[int, ...], Rgba] = {}
    worn: dict[Rgba, Rgba] = {}
    for count, ink in counts:
        alpha = ink[3]
        seen = (*(level * alpha // 255 for level in ink[:3]), alpha)
        worn[ink] = cells.setdefault(tuple(level // span for level in seen), ink)
        if worn[ink] is not ink:
            room -= count
            if count > area or room < 0:
                return None
    return worn if len(cells) <= _MAX_COLORS else None


def _map_to_palette(image: Image.Image, merged: Mapping[Rgba, Rgba]) -> Image.Image:
    """Every pixel as the index of the colour it wears; those that show something through first."""
    inks = sorted(set(merged.values()), key=lambda ink: (ink[3] == 255, ink))
    places = {ink: place for place, ink in enumerate(inks)}
    indices = {int.from_bytes(ink, sys.byteorder): places[other] for ink, other in merged.items()}
    pixels, stride = image.tobytes(), image.width * _BYTES_PER_PIXEL
    known: dict[bytes, bytes] = {}
    for start in range(0, len(pixels), stride):
        row = pixels[start : start + stride]
        if row not in known:
            known[row] = bytes(map(indices.__getitem__, memoryview(row).cast("I")))
    rows = [known[pixels[start : start + stride]] for start in range(0, len(pixels), stride)]
    found = Image.frombytes("P", image.size, b"".join(rows))
    found.putpalette(bytes(level for ink in inks for level in ink), "RGBA")
    return found
