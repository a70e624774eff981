"""Surfaces, one a second, made into one GIF: only what changes is written, in one palette."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any

from PIL import Image, ImageChops

from postcard.canvas import gif
from postcard.canvas.encode import Encoded
from postcard.canvas.surface import Surface
from postcard.dataclass import dataclass
from postcard.formats import EncodedImage

_COLORS = (gif.MOST_COLORS, 127, 63, 31, 15)  # what a budget falls back on
_SAMPLES = 24  # changes that the palette is chosen from, beside the first picture
_FLAT = 0.97  # of the pixels: if so many are of as many colours as there are, none is dithered
_MANY = 1 << 15  # colours; a sample that has more is no flat art
_FAR = 3  # times a budget: so much cannot be had by colours
_ENOUGH = 100_000  # pixels to choose colours from
_AREA, _MOST_AREAS = 0.005, 12  # the share of a colour that is kept exactly, and how many may be
_ROOM = 8  # levels about such a colour; Pillow compares corners of cells, three levels off
_SEEN = [255 * (alpha >= 128) for alpha in range(256)]  # a GIF knows no half measures
_ANY = [255 * (level > 0) for level in range(256)]


@dataclass(frozen=True, slots=True)
class Change:
    """What a picture shows otherwise than the one before: RGB at `at`, where `mask` says so."""

    at: tuple[int, int]
    pixels: Image.Image
    mask: Image.Image | None


def animate(surfaces: Iterable[Surface], *, loop: bool, max_bytes: int | None = None) -> Encoded:
    """One picture a second. Without `loop` it plays once and the last stays.

    Over `max_bytes` colours go down, and far over it the last pictures are left out; if nothing
    fits, the smallest is given and marked. Where ink gives way to nothing, each picture is written
    whole: a GIF cannot take back a part.
    """
    changes, whole = _changes(surfaces)
    size = changes[0].pixels.size
    if all(change.pixels.size == (1, 1) for change in changes[1:]):
        changes = changes[:1]  # nothing moves
    body = b""
    for colors in _COLORS:
        palette = _Palette.of(changes, colors)
        body = gif.write(
            size,
            palette.table,
            (palette.frame(change) for change in changes),
            clear=colors,
            then=gif.CLEAR if whole else gif.STAY,
            loop=loop and len(changes) > 1,
        )
        if max_bytes is None or len(body) <= max_bytes:
            break
        if len(body) > _FAR * max_bytes:
            changes = changes[: max(1, len(changes) * max_bytes // len(body))]
    over = max_bytes is not None and len(body) > max_bytes
    return Encoded(EncodedImage(body, "gif", *size), over)


def _changes(surfaces: Iterable[Surface]) -> tuple[list[Change], bool]:
    """The first picture and what each changes; or all pictures, and True."""
    changes: list[Change] = []
    pictures: list[Image.Image] = []  # kept only where something shows through
    before: Image.Image | None = None
    gone = False
    for surface in surfaces:
        after = _shown(surface)
        changes.append(_change(before, after) if before else _whole(after))
        if after.mode == "RGBA":
            pictures.append(after)
            gone = gone or (before is not None and _gives_way(before, after))
        before = after
    return ([_whole(picture) for picture in pictures], True) if gone else (changes, False)


def _shown(surface: Surface) -> Image.Image:
    """RGB, or RGBA that is seen or is not: a GIF knows no half measures."""
    image = surface.image()
    if image.mode == "RGB":
        return image
    seen = image.getchannel("A").point(_SEEN)
    clear = Image.new("RGBA", image.size)
    image.putalpha(seen)
    return Image.composite(image, clear, seen)


def _gives_way(before: Image.Image, after: Image.Image) -> bool:
    one, two = before.getchannel("A"), after.getchannel("A")
    return ImageChops.subtract(one, two).getbbox() is not None


def _whole(picture: Image.Image) -> Change:
    mask = picture.getchannel("A") if picture.mode == "RGBA" else None
    return Change((0, 0), picture.convert("RGB"), mask)


def _change(before: Image.Image, after: Image.Image) -> Change:
    """What differs; one clear pixel where nothing does."""
    difference = None if after is before else ImageChops.difference(before, after)
    box = difference.getbbox(alpha_only=False) if difference else None
    if difference is None or box is None:
        return Change((0, 0), Image.new("RGB", (1, 1)), Image.new("L", (1, 1)))
    differs = reduce(ImageChops.lighter, difference.crop(box).split()).point(_ANY)
    pixels = after.crop(box)
    if pixels.mode == "RGBA":
        differs = ImageChops.darker(differs, pixels.getchannel("A"))
    return Change((box[0], box[1]), pixels.convert("RGB"), differs)


@dataclass(frozen=True, slots=True)
class _Palette:
    """Colours chosen for all pictures together; the index behind the last shows nothing."""

    colors: int
    image: Image.Image
    dither: Image.Dither

    @classmethod
    def of(cls, changes: Sequence[Change], colors: int) -> "_Palette":
        """The palette of an animation."""
        sample = _sample(changes)
        pixels = sample.width * sample.height
        found = sample.getcolors(_MANY) or ()
        counted = sorted(found, key=itemgetter(0), reverse=True)
        flat = sum(count for count, _ in counted[:colors]) >= _FLAT * pixels
        areas = [ink for count, ink in counted[:_MOST_AREAS] if count >= _AREA * pixels]
        if found and len(found) <= colors:
            inks: list[Any] = [ink for _, ink in counted]
        else:
            few = _thinned(sample).quantize(colors - len(areas), Image.Quantize.MEDIANCUT)
            inks = _threes(few.getpalette() or ())
        chosen = bytes(level for ink in _with_room(areas, inks) for level in ink)
        image = Image.new("P", (1, 1))
        image.putpalette(chosen)
        return cls(colors, image, Image.Dither.NONE if flat else Image.Dither.FLOYDSTEINBERG)

    @property
    def table(self) -> bytes:
        """The colours."""
        return bytes(self.image.getpalette() or ())[: 3 * self.colors]

    def frame(self, change: Change) -> gif.Frame:
        """A change in these colours."""
        indices = change.pixels.quantize(palette=self.image, dither=self.dither)
        if change.mask is not None:
            indices.paste(self.colors, None, ImageChops.invert(change.mask))
        return gif.Frame(change.at, indices)


def _thinned(sample: Image.Image) -> Image.Image:
    """Some of its pixels, so that choosing colours takes no longer than drawing."""
    by = max(1.0, (sample.width * sample.height / _ENOUGH) ** 0.5)
    size = (max(1, int(sample.width / by)), max(1, int(sample.height / by)))
    return sample if by == 1 else sample.resize(size, Image.Resampling.NEAREST)


def _threes(levels: Sequence[int]) -> list[Any]:
    return [levels[place : place + 3] for place in range(0, len(levels), 3)]


def _with_room(areas: Sequence[Any], inks: Sequence[Any]) -> list[Any]:
    """The colours of areas, and those of `inks` that Pillow's cells cannot take for one of them."""
    room = [
        ink
        for ink in inks
        if all(max(abs(a - b) for a, b in zip(ink, area, strict=True)) > _ROOM for area in areas)
    ]
    return [*areas, *room]


def _sample(changes: Sequence[Change]) -> Image.Image:
    """The first picture, and below it some of the changes."""
    rest = changes[1:]
    step = max(1, -(-len(rest) // _SAMPLES))
    parts = [changes[0].pixels, *(change.pixels for change in rest[::step])]
    sheet = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    return sheet
