"""Surfaces, one a second, made into one GIF: only what changes is written, in one palette."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any

from PIL import Image, ImageChops

from postcard.canvas.codecs import gif_writer as gif
from postcard.canvas.codecs.encode import EncodeResult
from postcard.canvas.codecs.ordered_dither import apply_dither
from postcard.canvas.surface import Surface
from postcard.formats import EncodedImage
from postcard.runtime.lazy_dataclass import dataclass

_COLOR_COUNTS = (gif.MAX_COLORS, 127, 63, 31, 15)  # what a budget falls back on
_MAX_SAMPLED_CHANGES = 24  # changes that the palette is chosen from, beside the first picture
_MIN_FLAT_SHARE = (
    0.97  # of the pixels: if so many are of as many colours as there are, none is dithered
)
_MAX_COUNTED_COLORS = 1 << 15  # colours; a sample that has more is no flat art
_DROP_FRAMES_RATIO = 3  # times a budget: so much cannot be had by colours
_MAX_SAMPLE_PIXELS = 100_000  # pixels to choose colours from
_MIN_AREA_SHARE, _MAX_AREA_COLORS = (
    0.005,
    12,
)  # the share of a colour that is kept exactly, and how many may be
_MIN_COLOR_DISTANCE = (
    8  # levels about such a colour; Pillow compares corners of cells, three levels off
)
_FINE_DITHER_DEPTH, _COARSE_DITHER_DEPTH = (
    4,
    6,
)  # levels of grain for as many colours as there can be, and for fewer
_DEFAULT_BUDGET = 150_000, 90_000  # bytes of so many pixels that an animation keeps to unasked …
_MIN_DEFAULT_COLORS = 63  # … down to so many colours
_ALPHA_THRESHOLD_TABLE = [
    255 * (alpha >= 128) for alpha in range(256)
]  # a GIF knows no half measures
_NONZERO_TABLE = [255 * (level > 0) for level in range(256)]


@dataclass(frozen=True, slots=True)
class FrameChange:
    """What a picture shows otherwise than the one before: RGB at `at`, where `mask` says so."""

    position: tuple[int, int]
    pixels: Image.Image
    mask: Image.Image | None


def encode_animation(
    surfaces: Iterable[Surface], *, loop: bool, max_bytes: int | None = None
) -> EncodeResult:
    """One picture a second. Without `loop` it plays once and the last stays.

    Over `max_bytes` colours go down, and far over it the last pictures are left out; if nothing
    fits, the smallest is given and marked. Without a bound colours go down where that shows little
    and the file is large. Where ink gives way to nothing, each picture is written whole: a GIF
    cannot take back a part.
    """
    changes, whole = _frame_changes(surfaces)
    size = changes[0].pixels.size
    if all(change.pixels.size == (1, 1) for change in changes[1:]):
        changes = changes[:1]  # nothing moves
    body = b""
    for colors in _COLOR_COUNTS:
        palette = _AnimationPalette.choose(changes, colors)
        body = gif.write(
            size,
            palette.color_table,
            palette.frames(changes, full_frames=whole),
            transparent_index=colors,
            disposal=gif.DISPOSE_TO_BACKGROUND if whole else gif.DISPOSE_KEEP,
            loop=loop and len(changes) > 1,
        )
        if len(body) <= (max_bytes or _default_max_bytes(size)) or (
            not max_bytes and colors <= _MIN_DEFAULT_COLORS
        ):
            break
        if max_bytes and len(body) > _DROP_FRAMES_RATIO * max_bytes:
            changes = changes[: max(1, len(changes) * max_bytes // len(body))]
    over = max_bytes is not None and len(body) > max_bytes
    return EncodeResult(EncodedImage(body, "gif", *size), over)


def _default_max_bytes(size: tuple[int, int]) -> int:
    """Bytes that nobody minds in an animation of that size."""
    most, pixels = _DEFAULT_BUDGET
    return max(most, size[0] * size[1] * most // pixels)


def _frame_changes(surfaces: Iterable[Surface]) -> tuple[list[FrameChange], bool]:
    """The first picture and what each changes; or all pictures, and True."""
    changes: list[FrameChange] = []
    pictures: list[Image.Image] = []  # kept only where something shows through
    before: Image.Image | None = None
    gone = False
    for surface in surfaces:
        after = _with_binary_alpha(surface)
        changes.append(_frame_change(before, after) if before else _full_frame(after))
        if after.mode == "RGBA":
            pictures.append(after)
            gone = gone or (before is not None and _becomes_transparent(before, after))
        before = after
    return ([_full_frame(picture) for picture in pictures], True) if gone else (changes, False)


def _with_binary_alpha(surface: Surface) -> Image.Image:
    """RGB, or RGBA that is seen or is not: a GIF knows no half measures."""
    image = surface.to_image()
    if image.mode == "RGB":
        return image
    seen = image.getchannel("A").point(_ALPHA_THRESHOLD_TABLE)
    clear = Image.new("RGBA", image.size)
    image.putalpha(seen)
    return Image.composite(image, clear, seen)


def _becomes_transparent(previous: Image.Image, current: Image.Image) -> bool:
    one, two = previous.getchannel("A"), current.getchannel("A")
    return ImageChops.subtract(one, two).getbbox() is not None


def _full_frame(image: Image.Image) -> FrameChange:
    mask = image.getchannel("A") if image.mode == "RGBA" else None
    return FrameChange((0, 0), image.convert("RGB"), mask)


def _frame_change(previous: Image.Image, current: Image.Image) -> FrameChange:
    """What differs; one clear pixel where nothing does."""
    difference = None if current is previous else ImageChops.difference(previous, current)
    box = difference.getbbox(alpha_only=False) if difference else None
    if difference is None or box is None:
        return FrameChange((0, 0), Image.new("RGB", (1, 1)), Image.new("L", (1, 1)))
    differs = reduce(ImageChops.lighter, difference.crop(box).split()).point(_NONZERO_TABLE)
    pixels = current.crop(box)
    if pixels.mode == "RGBA":
        differs = ImageChops.darker(differs, pixels.getchannel("A"))
    return FrameChange((box[0], box[1]), pixels.convert("RGB"), differs)


@dataclass(frozen=True, slots=True)
class _AnimationPalette:
    """Colours chosen for all pictures together; the index behind the last shows nothing."""

    color_count: int
    image: Image.Image
    dither_depth: int

    @classmethod
    def choose(cls, changes: Sequence[FrameChange], color_count: int) -> "_AnimationPalette":
        """The palette of an animation."""
        sample = _palette_sample(changes)
        pixels = sample.width * sample.height
        found = sample.getcolors(_MAX_COUNTED_COLORS) or ()
        counted = sorted(found, key=itemgetter(0), reverse=True)
        flat = sum(count for count, _ in counted[:color_count]) >= _MIN_FLAT_SHARE * pixels
        areas = [
            ink for count, ink in counted[:_MAX_AREA_COLORS] if count >= _MIN_AREA_SHARE * pixels
        ]
        if found and len(found) <= color_count:
            inks: list[Any] = [ink for _, ink in counted]
        else:
            few = _downsample(sample).quantize(color_count - len(areas), Image.Quantize.MEDIANCUT)
            inks = _rgb_triples(few.getpalette() or ())
        grain = (
            0
            if flat
            else _FINE_DITHER_DEPTH
            if color_count == _COLOR_COUNTS[0]
            else _COARSE_DITHER_DEPTH
        )
        chosen = bytes(
            level for ink in _without_near_colors(areas, inks, 2 * grain) for level in ink
        )
        image = Image.new("P", (1, 1))
        image.putpalette(chosen)
        return cls(color_count, image, grain)

    @property
    def color_table(self) -> bytes:
        """The colours."""
        return bytes(self.image.getpalette() or ())[: 3 * self.color_count]

    def frames(
        self, changes: Iterable[FrameChange], *, full_frames: bool
    ) -> Iterator[gif.GifFrame]:
        """Changes in these colours; unless each is `whole`, what is shown already is left out."""
        shown: Image.Image | None = None
        for change in changes:
            indices, inked = self._to_indices(change), change.mask
            if shown is None or full_frames:
                shown = _index_values(indices)
            else:
                inked = _changed_mask(shown, indices, change)
                shown.paste(_index_values(indices), change.position, inked)
            if inked is not None:
                indices.paste(self.color_count, None, ImageChops.invert(inked))
            yield gif.GifFrame(change.position, indices)

    def _to_indices(self, change: FrameChange) -> Image.Image:
        pixels = (
            apply_dither(change.pixels, change.position, self.dither_depth)
            if self.dither_depth
            else change.pixels
        )
        return pixels.quantize(palette=self.image, dither=Image.Dither.NONE)


def _index_values(indices: Image.Image) -> Image.Image:
    """Indices as plain numbers."""
    return Image.frombytes("L", indices.size, indices.tobytes())


def _changed_mask(shown: Image.Image, indices: Image.Image, change: FrameChange) -> Image.Image:
    """Where a change shows another colour than was there."""
    left, top = change.position
    before = shown.crop((left, top, left + indices.width, top + indices.height))
    differs = ImageChops.difference(_index_values(indices), before).point(_NONZERO_TABLE)
    return ImageChops.darker(differs, change.mask) if change.mask else differs


def _downsample(sample: Image.Image) -> Image.Image:
    """Some of its pixels, so that choosing colours takes no longer than drawing."""
    by = max(1.0, (sample.width * sample.height / _MAX_SAMPLE_PIXELS) ** 0.5)
    size = (max(1, int(sample.width / by)), max(1, int(sample.height / by)))
    return sample if by == 1 else sample.resize(size, Image.Resampling.NEAREST)


def _rgb_triples(levels: Sequence[int]) -> list[Any]:
    return [levels[place : place + 3] for place in range(0, len(levels), 3)]


def _without_near_colors(
    area_colors: Sequence[Any], colors: Sequence[Any], min_distance: int
) -> list[Any]:
    """The colours of areas, and those of `inks` that neither Pillow's cells nor `grain` levels of
    a grain can take for one of them.
    """
    apart = max(_MIN_COLOR_DISTANCE, min_distance)
    room = [
        ink
        for ink in colors
        if all(
            max(abs(a - b) for a, b in zip(ink, area, strict=True)) > apart for area in area_colors
        )
    ]
    return [*area_colors, *room]


def _palette_sample(changes: Sequence[FrameChange]) -> Image.Image:
    """The first picture, and below it some of the changes."""
    rest = changes[1:]
    step = max(1, -(-len(rest) // _MAX_SAMPLED_CHANGES))
    parts = [changes[0].pixels, *(change.pixels for change in rest[::step])]
    sheet = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    return sheet
