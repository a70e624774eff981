"""Groups: a surface of their own, laid over what is behind, turned and faded as one."""

import math

from PIL import Image

from postcard.canvas import blending
from postcard.canvas.mask import Area
from postcard.canvas.shadows import Shadow, shaded, throw
from postcard.canvas.surface import Point, Surface
from postcard.dataclass import dataclass
from postcard.geometry import Box

_MARGIN = 256  # device pixels beyond a turned box that its ink may reach


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to a group as one picture; the shadow is in device pixels."""

    shadow: Shadow | None
    opacity: float
    rotation: float
    blend: blending.Blend

    @property
    def plain(self) -> bool:
        """Whether a shadow laid first comes to the same."""
        return self.opacity == 1 and not self.rotation % 360 and self.blend == "normal"


def reach(
    size: tuple[int, int], box: Box, rotation: float, ink: Area | None, shadow: Shadow | None
) -> Area:
    """The pixels that a group's surface must have to be seen: left, top, right, bottom.

    Nothing is drawn outside of `ink`; `shadow` is in device pixels.
    """
    area = _seen(size, box, rotation)
    if shadow:
        area = shadow.casting(area)
    if rotation % 360:  # with a clear rim, since what lies beyond the surface is not mixed in
        ink = ink or whole(box.inset(-_MARGIN), box.width, box.height)
        ink = (ink[0] - 1, ink[1] - 1, ink[2] + 1, ink[3] + 1)
    if ink is None:
        return area
    return _overlap(area, shadow.cast(ink) if shadow else ink)


def whole(box: Box, more_x: float = 0.0, more_y: float = 0.0) -> Area:
    """The whole pixels of a box, and `more` at each side."""
    return (
        math.floor(box.x - more_x),
        math.floor(box.y - more_y),
        math.ceil(box.right + more_x),
        math.ceil(box.bottom + more_y),
    )


def lay(behind: Surface, group: Surface, at: Point, box: Box, finish: Finish) -> None:
    """Lay a group whose surface begins at `at`, turned about the centre of `box`."""
    if finish.opacity <= 0:
        return
    if finish.shadow and finish.plain:
        throw(behind, group, finish.shadow, at)
    elif finish.shadow:
        group = shaded(group, finish.shadow)
    if finish.rotation % 360:
        center = (box.x + box.width / 2, box.y + box.height / 2)
        group, at = _turned(group, at, center, finish.rotation, behind.size)
    ink = group.alpha.getbbox() if group.alpha else None
    if ink is not None:
        part = Surface(group.color.crop(ink), group.alpha.crop(ink) if group.alpha else None)
        place = (at[0] + ink[0], at[1] + ink[1])
        blending.lay(behind, part, place, finish.opacity, finish.blend)


def _turned(
    group: Surface,
    at: tuple[int, int],
    center: tuple[float, float],
    degrees: float,
    size: tuple[int, int],
) -> tuple[Surface, tuple[int, int]]:
    """The group turned clockwise, over the pixels of what is behind that it reaches."""
    cos, sin = _cos_sin(degrees)
    corners = [(at[0] + x, at[1] + y) for x in (0, group.size[0]) for y in (0, group.size[1])]
    area = _overlap(_bounds(corners, center, cos, sin), (0, 0, *size))
    out = (max(1, area[2] - area[0]), max(1, area[3] - area[1]))
    x, y = area[0] - center[0], area[1] - center[1]
    affine = (
        cos, sin, cos * x + sin * y + center[0] - at[0],
        -sin, cos, -sin * x + cos * y + center[1] - at[1],
    )  # fmt: skip

    def turn(image: Image.Image) -> Image.Image:
        return image.transform(out, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)

    assert group.alpha is not None
    return Surface(turn(group.color), turn(group.alpha)), (area[0], area[1])


def _seen(size: tuple[int, int], box: Box, rotation: float) -> Area:
    """The pixels that come to lie on the canvas when turned."""
    if not rotation % 360:
        return (0, 0, *size)
    cos, sin = _cos_sin(-rotation)
    corners = [(x, y) for x in (0, size[0]) for y in (0, size[1])]
    return _bounds(corners, (box.x + box.width / 2, box.y + box.height / 2), cos, sin)


def _cos_sin(degrees: float) -> tuple[float, float]:
    turn = math.radians(degrees)
    return round(math.cos(turn), 12), round(math.sin(turn), 12)  # quarter turns are exact


def _bounds(
    corners: list[tuple[int, int]], center: tuple[float, float], cos: float, sin: float
) -> Area:
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


def _overlap(one: Area, two: Area) -> Area:
    """What two areas share; at least one pixel, so that there is a surface."""
    left, top = max(one[0], two[0]), max(one[1], two[1])
    right, bottom = min(one[2], two[2]), min(one[3], two[3])
    return left, top, max(left + 1, right), max(top + 1, bottom)
