"""Groups: a surface of their own, laid over what is behind, turned and faded as one."""

import math

from PIL import Image

from postcard.canvas import blending
from postcard.canvas.drop_shadow import DropShadow, draw_shadow, with_shadow
from postcard.canvas.mask import PixelBounds
from postcard.canvas.surface import Surface
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

_ROTATION_SUPERSAMPLING = (
    2  # times as large as it is, each way, a layer is drawn that is then turned
)
_MAX_SUPERSAMPLED_PIXELS = 3_000_000  # pixels of such a surface; a larger one is turned as it is
_INK_MARGIN = 256  # device pixels beyond a turned box that its ink may reach


@dataclass(frozen=True, slots=True)
class GroupEffects:
    """What is done to a group as one picture; the shadow is in device pixels."""

    shadow: DropShadow | None
    opacity: float
    rotation: float
    blend: blending.BlendMode

    @property
    def shadow_is_separable(self) -> bool:
        """Whether a shadow laid first comes to the same."""
        return self.opacity == 1 and not self.rotation % 360 and self.blend == "normal"


def surface_bounds(
    size: tuple[int, int],
    box: Box,
    rotation: float,
    ink_bounds: PixelBounds | None,
    shadow: DropShadow | None,
) -> PixelBounds:
    """The pixels that a group's surface must have to be seen: left, top, right, bottom.

    Nothing is drawn outside of `ink`; `shadow` is in device pixels.
    """
    area = _visible_bounds(size, box, rotation)
    if shadow:
        area = shadow.source_bounds(area)
    if rotation % 360:  # with a clear rim, since what lies beyond the surface is not mixed in
        ink_bounds = ink_bounds or pixel_bounds(box.inset(-_INK_MARGIN), box.width, box.height)
        ink_bounds = (ink_bounds[0] - 1, ink_bounds[1] - 1, ink_bounds[2] + 1, ink_bounds[3] + 1)
    if ink_bounds is None:
        return area
    return _intersection(area, shadow.painted_bounds(ink_bounds) if shadow else ink_bounds)


def supersampling(bounds: PixelBounds, rotation: float) -> int:
    """How many pixels a group's surface has for one of what is behind, each way.

    A turned layer is drawn finer, for turning mixes its pixels: letters would come out soft. A
    quarter of a turn mixes none.
    """
    fine = (bounds[2] - bounds[0]) * (
        bounds[3] - bounds[1]
    ) * _ROTATION_SUPERSAMPLING**2 <= _MAX_SUPERSAMPLED_PIXELS
    return _ROTATION_SUPERSAMPLING if rotation % 90 and fine else 1


def pixel_bounds(box: Box, margin_x: float = 0.0, margin_y: float = 0.0) -> PixelBounds:
    """The whole pixels of a box, and `more` at each side."""
    return (
        math.floor(box.x - margin_x),
        math.floor(box.y - margin_y),
        math.ceil(box.right + margin_x),
        math.ceil(box.bottom + margin_y),
    )


def composite_group(
    backdrop: Surface, group: Surface, bounds: PixelBounds, box: Box, effects: GroupEffects
) -> None:
    """Lay a group whose surface is of `area`, turned about the centre of `box`.

    The shadow is in pixels of the group's surface, which is finer where it is turned.
    """
    if effects.opacity <= 0:
        return
    at = bounds[:2]
    if effects.shadow and effects.shadow_is_separable:
        draw_shadow(backdrop, group, effects.shadow, at)
    elif effects.shadow:
        group = with_shadow(group, effects.shadow)
    if effects.rotation % 360:
        center = (box.x + box.width / 2, box.y + box.height / 2)
        group, at = _rotate(group, bounds, center, effects.rotation, backdrop.size)
    ink = group.alpha.getbbox() if group.alpha else None
    if ink is not None:
        part = Surface(group.color.crop(ink), group.alpha.crop(ink) if group.alpha else None)
        place = (at[0] + ink[0], at[1] + ink[1])
        blending.composite(backdrop, part, place, effects.opacity, effects.blend)


def _rotate(
    group: Surface,
    bounds: PixelBounds,
    center: tuple[float, float],
    degrees: float,
    size: tuple[int, int],
) -> tuple[Surface, tuple[int, int]]:
    """The group turned clockwise, over the pixels of what is behind that it reaches."""
    cos, sin = _cos_sin(degrees)
    fine = max(1, round(group.size[0] / max(1, bounds[2] - bounds[0])))
    corners = [(x, y) for x in bounds[::2] for y in bounds[1::2]]
    seen = _intersection(_rotated_bounds(corners, center, cos, sin), (0, 0, *size))
    width, height = fine * max(1, seen[2] - seen[0]), fine * max(1, seen[3] - seen[1])
    x, y = seen[0] - center[0], seen[1] - center[1]
    across, down = center[0] - bounds[0], center[1] - bounds[1]
    shift = cos * x + sin * y + across, -sin * x + cos * y + down
    affine = (cos, sin, fine * shift[0], -sin, cos, fine * shift[1])

    def turn(image: Image.Image) -> Image.Image:
        kind = Image.Transform.AFFINE
        turned = image.transform((width, height), kind, affine, Image.Resampling.BILINEAR)
        return turned.reduce(fine) if fine > 1 else turned

    assert group.alpha is not None
    return Surface(turn(group.color), turn(group.alpha)), (seen[0], seen[1])


def _visible_bounds(size: tuple[int, int], box: Box, rotation: float) -> PixelBounds:
    """The pixels that come to lie on the canvas when turned."""
    if not rotation % 360:
        return (0, 0, *size)
    cos, sin = _cos_sin(-rotation)
    corners = [(x, y) for x in (0, size[0]) for y in (0, size[1])]
    return _rotated_bounds(corners, (box.x + box.width / 2, box.y + box.height / 2), cos, sin)


def _cos_sin(degrees: float) -> tuple[float, float]:
    turn = math.radians(degrees)
    return round(math.cos(turn), 12), round(math.sin(turn), 12)  # quarter turns are exact


def _rotated_bounds(
    corners: list[tuple[int, int]], center: tuple[float, float], cos: float, sin: float
) -> PixelBounds:
    """Whole pixels about corners turned clockwise."""
    turned = [
        (
            center[0] + cos * (x - center[0]) - sin * (y - center[1]),
            center[1] + sin * (x - center[0]) + cos * (y - center[1]),
        )
        for x, y in corners
    ]
    xs, ys = [x for x, _ in turned], [y for _, y in turned]
    return math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))


def _intersection(first: PixelBounds, second: PixelBounds) -> PixelBounds:
    """What two areas share; at least one pixel, so that there is a surface."""
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    return left, top, max(left + 1, right), max(top + 1, bottom)
