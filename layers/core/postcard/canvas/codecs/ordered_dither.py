"""Ordered dithering: a shade between two colours of a palette becomes a fine, regular grain.

The same colour at the same place always takes the same grain, so what stands still in a film stands
still, and a grain that repeats packs well. Diffused errors do neither.
"""

from functools import lru_cache

from PIL import Image, ImageChops

_SIDE = 8
_MIDDLE = (_SIDE * _SIDE - 1) / 2


def grained(image: Image.Image, at: tuple[int, int], depth: int) -> Image.Image:
    """An RGB picture, at that place of a larger one, up to `depth` levels lighter and darker."""
    lighter, darker = _grain(image.size, at[0] % _SIDE, at[1] % _SIDE, depth)
    return ImageChops.add(ImageChops.subtract(image, darker), lighter)


@lru_cache(maxsize=16)
def _grain(
    size: tuple[int, int], left: int, top: int, depth: int
) -> tuple[Image.Image, Image.Image]:
    """What to add and what to take away."""
    offsets = [[round((rank / _MIDDLE - 1) * depth) for rank in row] for row in _ranks(_SIDE)]
    return tuple(  # type: ignore[return-value]  # two
        _tiled(size, left, top, [[max(0, sign * level) for level in row] for row in offsets])
        for sign in (1, -1)
    )


def _ranks(side: int) -> list[list[int]]:
    """Bayer's matrix: neighbours are as far apart in rank as can be."""
    if side == 1:
        return [[0]]
    inner = _ranks(side // 2)
    above = [[4 * v for v in row] + [4 * v + 2 for v in row] for row in inner]
    below = [[4 * v + 3 for v in row] + [4 * v + 1 for v in row] for row in inner]
    return above + below


def _tiled(size: tuple[int, int], left: int, top: int, tile: list[list[int]]) -> Image.Image:
    width, height = size
    rows = [
        bytes(row[(left + x) % _SIDE] for x in range(_SIDE)) * (width // _SIDE + 1) for row in tile
    ]
    pixels = b"".join(rows[(top + y) % _SIDE][:width] for y in range(height))
    grain = Image.frombytes("L", size, pixels)
    return Image.merge("RGB", (grain, grain, grain))
