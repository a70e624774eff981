"""Composites a group's surface: rotation, opacity, shadow and blend mode apply to all of it."""

import math

from PIL import Image

from postcard.canvas import blending
from postcard.canvas.drop_shadow import DropShadow, draw_shadow, with_shadow
from postcard.canvas.mask import PixelBounds
from postcard.canvas.surface import Surface
from postcard.geometry import Box
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass

_ROTATION_SUPERSAMPLING = 2  # rotating mixes pixels, which would make letters soft
_MAX_SUPERSAMPLED_PIXELS = 3_000_000  # a larger group is not supersampled
_INK_MARGIN = 256  # device pixels that a rotated layer may draw beyond its box


@dataclass(frozen=True, slots=True)
class GroupEffects:
    """What is applied to a group as a whole; the shadow is in device pixels."""

    shadow: DropShadow | None
    opacity: float
    rotation: float
    blend: blending.BlendMode

    @property
    def shadow_is_separable(self) -> bool:
        """Whether drawing the shadow first, straight onto the backdrop, looks the same."""
        return self.opacity == 1 and not self.rotation % 360 and self.blend == "normal"


def surface_bounds(
    size: tuple[int, int],
    box: Box,
    rotation: float,
    ink_bounds: PixelBounds | None,
    shadow: DropShadow | None,
) -> PixelBounds:
    """The part of the canvas that a group's surface has to cover.

    That is what will be visible after rotation, within `ink_bounds` (outside them nothing is
    drawn), including what casts a visible shadow. `shadow` is in device pixels.
    """
    bounds = _visible_bounds(size, box, rotation)
    if shadow:
        bounds = shadow.source_bounds(bounds)
    if rotation % 360:  # with a transparent pixel around, so that rotated edges are anti-aliased
        ink_bounds = ink_bounds or pixel_bounds(box.inset(-_INK_MARGIN), box.width, box.height)
        ink_bounds = (ink_bounds[0] - 1, ink_bounds[1] - 1, ink_bounds[2] + 1, ink_bounds[3] + 1)
    if ink_bounds is None:
        return bounds
    return _intersection(bounds, shadow.painted_bounds(ink_bounds) if shadow else ink_bounds)


def supersampling(bounds: PixelBounds, rotation: float) -> int:
    """The supersampling factor of a group; rotation by quarter turns needs none."""
    pixels = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) * _ROTATION_SUPERSAMPLING**2
    supersampled = rotation % 90 and pixels <= _MAX_SUPERSAMPLED_PIXELS
    return _ROTATION_SUPERSAMPLING if supersampled else 1


def pixel_bounds(box: Box, margin_x: float = 0.0, margin_y: float = 0.0) -> PixelBounds:
    """The whole pixels that a box touches, with a margin at each side."""
    return (
        math.floor(box.x - margin_x),
        math.floor(box.y - margin_y),
        math.ceil(box.right + margin_x),
        math.ceil(box.bottom + margin_y),
    )


def composite_group(
    backdrop: Surface,
    group: Surface,
    bounds: PixelBounds,
    box: Box,
    effects: GroupEffects,
    deadline: Deadline = NO_DEADLINE,
) -> None:
    """Composite a group, rotated about the centre of `box`, onto the backdrop.

    `bounds` are the backdrop pixels that the group's surface covers. The shadow is in pixels of
    that surface, which may be supersampled.
    """
    if effects.opacity <= 0:
        return
    deadline.check()
    position = bounds[:2]
    if effects.shadow and effects.shadow_is_separable:
        draw_shadow(backdrop, group, effects.shadow, position, deadline)
    elif effects.shadow:
        group = with_shadow(group, effects.shadow, deadline)
    if effects.rotation % 360:
        center = (box.x + box.width / 2, box.y + box.height / 2)
        deadline.check()
        group, position = _rotate(group, bounds, center, effects.rotation, backdrop.size)
    ink = group.alpha.getbbox() if group.alpha else None
    if ink is not None:
        deadline.check()
        part = Surface(group.color.crop(ink), group.alpha.crop(ink) if group.alpha else None)
        ink_position = (position[0] + ink[0], position[1] + ink[1])
        blending.composite(backdrop, part, ink_position, effects.opacity, effects.blend, deadline)


def _rotate(
    group: Surface,
    bounds: PixelBounds,
    center: tuple[float, float],
    degrees: float,
    size: tuple[int, int],
) -> tuple[Surface, tuple[int, int]]:
    """The group rotated clockwise at the backdrop's resolution, and its position there."""
    cos, sin = _cos_sin(degrees)
    factor = max(1, round(group.size[0] / max(1, bounds[2] - bounds[0])))
    corners = [(x, y) for x in bounds[::2] for y in bounds[1::2]]
    visible = _intersection(_rotated_bounds(corners, center, cos, sin), (0, 0, *size))
    width = factor * max(1, visible[2] - visible[0])
    height = factor * max(1, visible[3] - visible[1])
    x, y = visible[0] - center[0], visible[1] - center[1]
    center_x, center_y = center[0] - bounds[0], center[1] - bounds[1]
    shift_x, shift_y = cos * x + sin * y + center_x, -sin * x + cos * y + center_y
    matrix = (cos, sin, factor * shift_x, -sin, cos, factor * shift_y)

    def transform(image: Image.Image) -> Image.Image:
        rotated = image.transform(
            (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        return rotated.reduce(factor) if factor > 1 else rotated

    assert group.alpha is not None
    return Surface(transform(group.color), transform(group.alpha)), (visible[0], visible[1])


def _visible_bounds(size: tuple[int, int], box: Box, rotation: float) -> PixelBounds:
    """The pixels that lie on the canvas after rotation."""
    if not rotation % 360:
        return (0, 0, *size)
    cos, sin = _cos_sin(-rotation)
    corners = [(x, y) for x in (0, size[0]) for y in (0, size[1])]
    return _rotated_bounds(corners, (box.x + box.width / 2, box.y + box.height / 2), cos, sin)


def _cos_sin(degrees: float) -> tuple[float, float]:
    angle = math.radians(degrees)
    return round(math.cos(angle), 12), round(math.sin(angle), 12)  # exact for quarter turns


def _rotated_bounds(
    corners: list[tuple[int, int]], center: tuple[float, float], cos: float, sin: float
) -> PixelBounds:
    """The whole pixels that corners rotated clockwise enclose."""
    rotated = [
        (
            center[0] + cos * (x - center[0]) - sin * (y - center[1]),
            center[1] + sin * (x - center[0]) + cos * (y - center[1]),
        )
        for x, y in corners
    ]
    xs, ys = [x for x, _ in rotated], [y for _, y in rotated]
    return math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))


def _intersection(first: PixelBounds, second: PixelBounds) -> PixelBounds:
    """The intersection; at least one pixel, because no surface can be empty."""
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    return left, top, max(left + 1, right), max(top + 1, bottom)
