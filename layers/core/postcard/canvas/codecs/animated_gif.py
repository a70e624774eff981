"""Encodes surfaces as an animated GIF, one frame per second.

All frames share one palette, and each holds only the pixels that change.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any

from PIL import Image, ImageChops

from postcard.canvas.codecs.encode import EncodeResult, FindInks
from postcard.canvas.codecs.gif_writer import (
    DISPOSE_KEEP,
    DISPOSE_TO_BACKGROUND,
    MAX_COLORS,
    GifFrame,
    write_gif,
)
from postcard.canvas.codecs.ordered_dither import apply_dither
from postcard.canvas.codecs.palette import (
    MIN_OTHER_COLORS,
    color_distance,
    distinct_inks,
    find_exact,
    index_values,
    palette_colors,
    palette_image,
    with_binary_alpha,
)
from postcard.canvas.surface import Surface
from postcard.color import Rgb
from postcard.image_formats import EncodedImage
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass

# Colours are reduced step by step until the file fits.
_COLOR_COUNTS = (MAX_COLORS, 127, 63, 31, 15)
_DROP_FRAMES_RATIO = 3  # a file this many times too large loses frames, not only colours
_DEFAULT_MAX_BYTES, _DEFAULT_PIXELS = 150_000, 90_000  # limit without `max_bytes`; grows with size
_MIN_DEFAULT_COLORS = 63  # the default limit takes no more colours away than down to these

# Choosing the palette.
_MAX_SAMPLED_CHANGES = 24  # frames that the palette is chosen from, beside the first
_MAX_SAMPLE_PIXELS = 100_000
_MAX_COUNTED_COLORS = 1 << 15  # a sample with more is not flat art
_MIN_FLAT_SHARE = 0.97  # if the palette holds the colours of so many pixels, nothing is dithered
_MIN_AREA_SHARE, _MAX_AREA_COLORS = 0.005, 12  # colours of large areas that are kept exactly
_MIN_COLOR_DISTANCE = 8  # levels round such a colour; Pillow's lookup may be three levels off
_FINE_DITHER_DEPTH, _COARSE_DITHER_DEPTH = 4, 6  # levels; coarse for fewer than all colours

_NONZERO_TABLE = [255 * (level > 0) for level in range(256)]


@dataclass(frozen=True, slots=True)
class FrameChange:
    """The RGB pixels that differ from the frame before, where `mask` is not 0; None is all."""

    position: tuple[int, int]
    pixels: Image.Image
    mask: Image.Image | None


def encode_animation(
    surfaces: Iterable[Surface],
    *,
    loop: bool,
    max_bytes: int | None = None,
    find_inks: FindInks = tuple,
    deadline: Deadline = NO_DEADLINE,
) -> EncodeResult:
    """Encode an animation; without `loop` it plays once and the last frame stays.

    Over `max_bytes` the number of colours goes down, and far over it the last frames are left
    out; if nothing fits, the smallest file that was made is returned with `over_budget`. The inks
    are among the colours; palettes without room for them are not tried. Without `max_bytes`
    the colours of large files go down as far as that shows little. Frames are written whole if
    any pixel becomes transparent again, which a partial frame of a GIF cannot express.
    Raises `DeadlineExceeded` between frames, and before a try that would outlast `deadline`.
    """
    changes, full_frames = _frame_changes(surfaces, deadline)
    size = changes[0].pixels.size
    if all(change.pixels.size == (1, 1) for change in changes[1:]):
        changes = changes[:1]  # nothing moves
    inks = find_inks()
    smallest, longest_try = b"", 0.0
    for color_count in _COLOR_COUNTS:
        if color_count < len(inks) + MIN_OTHER_COLORS:
            break
        deadline.check(longest_try)
        before = deadline.remaining()
        palette = _AnimationPalette.choose(changes, color_count, inks)
        body = write_gif(
            size,
            palette.color_table,
            palette.frames(changes, deadline, full_frames=full_frames),
            transparent_index=color_count,
            disposal=DISPOSE_TO_BACKGROUND if full_frames else DISPOSE_KEEP,
            loop=loop and len(changes) > 1,
        )
        longest_try = max(longest_try, before - deadline.remaining())
        smallest = min(smallest or body, body, key=len)
        if len(body) <= (max_bytes or _default_max_bytes(size)) or (
            not max_bytes and color_count <= _MIN_DEFAULT_COLORS
        ):
            smallest = body
            break
        if max_bytes and len(body) > _DROP_FRAMES_RATIO * max_bytes:
            changes = changes[: max(1, len(changes) * max_bytes // len(body))]
    over_budget = max_bytes is not None and len(smallest) > max_bytes
    return EncodeResult(EncodedImage(smallest, "gif", *size), over_budget)


def _default_max_bytes(size: tuple[int, int]) -> int:
    """The limit without `max_bytes`: in proportion to the pixels, but not below that of few."""
    return max(_DEFAULT_MAX_BYTES, size[0] * size[1] * _DEFAULT_MAX_BYTES // _DEFAULT_PIXELS)


def _frame_changes(
    surfaces: Iterable[Surface], deadline: Deadline
) -> tuple[list[FrameChange], bool]:
    """The first frame and the changes to it; or, with True, all frames whole."""
    changes: list[FrameChange] = []
    transparent_frames: list[Image.Image] = []
    previous: Image.Image | None = None
    becomes_transparent = False
    for surface in surfaces:
        deadline.check()
        current = with_binary_alpha(surface)
        changes.append(_frame_change(previous, current) if previous else _full_frame(current))
        if current.mode == "RGBA":
            transparent_frames.append(current)
            becomes_transparent = becomes_transparent or (
                previous is not None and _becomes_transparent(previous, current)
            )
        previous = current
    if becomes_transparent:
        return [_full_frame(frame) for frame in transparent_frames], True
    return changes, False


def _becomes_transparent(previous: Image.Image, current: Image.Image) -> bool:
    before, after = previous.getchannel("A"), current.getchannel("A")
    return ImageChops.subtract(before, after).getbbox() is not None


def _full_frame(image: Image.Image) -> FrameChange:
    mask = image.getchannel("A") if image.mode == "RGBA" else None
    return FrameChange((0, 0), image.convert("RGB"), mask)


def _frame_change(previous: Image.Image, current: Image.Image) -> FrameChange:
    """The pixels that differ; one transparent pixel if none do."""
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
    """The palette of all frames; the index after its last colour is transparent."""

    color_count: int
    image: Image.Image
    dither_depth: int
    inks: Sequence[Rgb]

    @classmethod
    def choose(
        cls, changes: Sequence[FrameChange], color_count: int, inks: Sequence[Rgb]
    ) -> "_AnimationPalette":
        """Choose at most `color_count` colours by the pixels of some frames, the inks first."""
        sample = _palette_sample(changes)
        pixels = sample.width * sample.height
        counts = sorted(
            sample.getcolors(_MAX_COUNTED_COLORS) or (), key=itemgetter(0), reverse=True
        )
        is_flat = sum(count for count, _ in counts[:color_count]) >= _MIN_FLAT_SHARE * pixels
        area_colors: list[Any] = [
            color for count, color in counts[:_MAX_AREA_COLORS] if count >= _MIN_AREA_SHARE * pixels
        ]
        kept = distinct_inks([*inks, *area_colors])[: max(len(inks), color_count // 2)]
        if counts and len(counts) <= color_count:
            colors: list[Any] = [color for _, color in counts]
        else:
            quantized = _downsample(sample).quantize(
                color_count - len(kept), Image.Quantize.MEDIANCUT
            )
            colors = palette_colors(quantized)
        dither_depth = 0
        if not is_flat:
            dither_depth = _FINE_DITHER_DEPTH if color_count == MAX_COLORS else _COARSE_DITHER_DEPTH
        distinct = _without_near_colors(kept, colors, 2 * dither_depth)[:color_count]
        return cls(color_count, palette_image(distinct), dither_depth, kept[: len(inks)])

    @property
    def color_table(self) -> bytes:
        """The colours, three bytes each."""
        return bytes(self.image.getpalette() or ())[: 3 * self.color_count]

    def frames(
        self, changes: Iterable[FrameChange], deadline: Deadline, *, full_frames: bool
    ) -> Iterator[GifFrame]:
        """The changes as palette indices.

        Unless all are `full_frames`, pixels whose index is shown already become transparent.
        """
        shown: Image.Image | None = None
        for change in changes:
            deadline.check()
            indices, mask = self._to_indices(change), change.mask
            if shown is None or full_frames:
                shown = index_values(indices)
            else:
                mask = _changed_mask(shown, indices, change)
                shown.paste(index_values(indices), change.position, mask)
            if mask is not None:
                indices.paste(self.color_count, None, ImageChops.invert(mask))
            yield GifFrame(change.position, indices)

    def _to_indices(self, change: FrameChange) -> Image.Image:
        pixels = (
            apply_dither(change.pixels, change.position, self.dither_depth)
            if self.dither_depth
            else change.pixels
        )
        indices = pixels.quantize(palette=self.image, dither=Image.Dither.NONE)
        if self.inks:
            nearest, mask = find_exact(change.pixels, self.inks)
            indices.paste(nearest, mask=mask)
        return indices


def _changed_mask(shown: Image.Image, indices: Image.Image, change: FrameChange) -> Image.Image:
    """Where a change has another index than the one shown before."""
    left, top = change.position
    before = shown.crop((left, top, left + indices.width, top + indices.height))
    differs = ImageChops.difference(index_values(indices), before).point(_NONZERO_TABLE)
    return ImageChops.darker(differs, change.mask) if change.mask else differs


def _downsample(sample: Image.Image) -> Image.Image:
    """Fewer pixels, so that quantizing is quick."""
    factor = max(1.0, (sample.width * sample.height / _MAX_SAMPLE_PIXELS) ** 0.5)
    size = (max(1, int(sample.width / factor)), max(1, int(sample.height / factor)))
    return sample if factor == 1 else sample.resize(size, Image.Resampling.NEAREST)


def _without_near_colors(
    area_colors: Sequence[Any], colors: Sequence[Any], min_distance: int
) -> list[Any]:
    """The areas' colours, then the others that are more than `min_distance` levels from them.

    A nearer colour could be taken for an area's by Pillow's lookup or by dithering, which would
    show as specks.
    """
    distance = max(_MIN_COLOR_DISTANCE, min_distance)
    distinct = [
        color
        for color in colors
        if all(color_distance(color, area) > distance for area in area_colors)
    ]
    return [*area_colors, *distinct]


def _palette_sample(changes: Sequence[FrameChange]) -> Image.Image:
    """An image of the first frame with some of the changes below it."""
    later = changes[1:]
    step = max(1, -(-len(later) // _MAX_SAMPLED_CHANGES))
    parts = [changes[0].pixels, *(change.pixels for change in later[::step])]
    sheet = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    return sheet
