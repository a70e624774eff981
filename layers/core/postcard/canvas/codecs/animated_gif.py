"""Surfaces, one a second, made into one GIF: only what changes is written, in one palette."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any

from PIL import Image, ImageChops

from postcard.canvas.codecs import gif_writer as gif
from postcard.canvas.codecs.encode import Encoded
from postcard.canvas.codecs.ordered_dither import grained
from postcard.canvas.surface import Surface
from postcard.formats import EncodedImage
from postcard.runtime.lazy_dataclass import dataclass

_COLORS = (gif.MOST_COLORS, 127, 63, 31, 15)  # what a budget falls back on
_SAMPLES = 24  # changes that the palette is chosen from, beside the first picture
_FLAT = 0.97  # of the pixels: if so many are of as many colours as there are, none is dithered
_MANY = 1 << 15  # colours; a sample that has more is no flat art
_FAR = 3  # times a budget: so much cannot be had by colours
_ENOUGH = 100_000  # pixels to choose colours from
_AREA, _MOST_AREAS = 0.005, 12  # the share of a colour that is kept exactly, and how many may be
_ROOM = 8  # levels about such a colour; Pillow compares corners of cells, three levels off
_FINE, _COARSE = 4, 6  # levels of grain for as many colours as there can be, and for fewer
_USUAL = 150_000, 90_000  # bytes of so many pixels that an animation keeps to unasked …
_FEWEST = 63  # … down to so many colours
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
    fits, the smallest is given and marked. Without a bound colours go down where that shows little
    and the file is large. Where ink gives way to nothing, each picture is written whole: a GIF
    cannot take back a part.
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
            palette.frames(changes, whole=whole),
            clear=colors,
            then=gif.CLEAR if whole else gif.STAY,
            loop=loop and len(changes) > 1,
        )
        if len(body) <= (max_bytes or _usual(size)) or (not max_bytes and colors <= _FEWEST):
            break
        if max_bytes and len(body) > _FAR * max_bytes:
            changes = changes[: max(1, len(changes) * max_bytes // len(body))]
    over = max_bytes is not None and len(body) > max_bytes
    return Encoded(EncodedImage(body, "gif", *size), over)


def _usual(size: tuple[int, int]) -> int:
    """Bytes that nobody minds in an animation of that size."""
    most, pixels = _USUAL
    return max(most, size[0] * size[1] * most // pixels)


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
    grain: int

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
        grain = 0 if flat else _FINE if colors == _COLORS[0] else _COARSE
        chosen = bytes(level for ink in _with_room(areas, inks, 2 * grain) for level in ink)
        image = Image.new("P", (1, 1))
        image.putpalette(chosen)
        return cls(colors, image, grain)

    @property
    def table(self) -> bytes:
        """The colours."""
        return bytes(self.image.getpalette() or ())[: 3 * self.colors]

    def frames(self, changes: Iterable[Change], *, whole: bool) -> Iterator[gif.Frame]:
        """Changes in these colours; unless each is `whole`, what is shown already is left out."""
        shown: Image.Image | None = None
        for change in changes:
            indices, inked = self._indices(change), change.mask
            if shown is None or whole:
                shown = _levels(indices)
            else:
                inked = _differing(shown, indices, change)
                shown.paste(_levels(indices), change.at, inked)
            if inked is not None:
                indices.paste(self.colors, None, ImageChops.invert(inked))
            yield gif.Frame(change.at, indices)

    def _indices(self, change: Change) -> Image.Image:
        pixels = grained(change.pixels, change.at, self.grain) if self.grain else change.pixels
        return pixels.quantize(palette=self.image, dither=Image.Dither.NONE)


def _levels(indices: Image.Image) -> Image.Image:
    """Indices as plain numbers."""
    return Image.frombytes("L", indices.size, indices.tobytes())


def _differing(shown: Image.Image, indices: Image.Image, change: Change) -> Image.Image:
    """Where a change shows another colour than was there."""
    left, top = change.at
    before = shown.crop((left, top, left + indices.width, top + indices.height))
    differs = ImageChops.difference(_levels(indices), before).point(_ANY)
    return ImageChops.darker(differs, change.mask) if change.mask else differs


def _thinned(sample: Image.Image) -> Image.Image:
    """Some of its pixels, so that choosing colours takes no longer than drawing."""
    by = max(1.0, (sample.width * sample.height / _ENOUGH) ** 0.5)
    size = (max(1, int(sample.width / by)), max(1, int(sample.height / by)))
    return sample if by == 1 else sample.resize(size, Image.Resampling.NEAREST)


def _threes(levels: Sequence[int]) -> list[Any]:
    return [levels[place : place + 3] for place in range(0, len(levels), 3)]


def _with_room(areas: Sequence[Any], inks: Sequence[Any], grain: int) -> list[Any]:
    """The colours of areas, and those of `inks` that neither Pillow's cells nor `grain` levels of
    a grain can take for one of them.
    """
    apart = max(_ROOM, grain)
    room = [
        ink
        for ink in inks
        if all(max(abs(a - b) for a, b in zip(ink, area, strict=True)) > apart for area in areas)
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
