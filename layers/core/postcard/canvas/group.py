"""Groups: a surface of their own, laid over what is behind, turned and faded as one."""

import math

from PIL import Image

from postcard.canvas import blending
from postcard.canvas.mask import Area
from postcard.canvas.shadows import Shadow, shaded, throw
from postcard.canvas.surface import Surface
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

_FINE = 2  # times as large as it is, each way, a layer is drawn that is then turned
_MOST_FINE = 3_000_000  # pixels of such a surface; a larger one is turned as it is
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


def fineness(area: Area, rotation: float) -> int:
    """How many pixels a group's surface has for one of what is behind, each way.

    A turned layer is drawn finer, for turning mixes its pixels: letters would come out soft. A
    quarter of a turn mixes none.
    """
    fine = (area[2] - area[0]) * (area[3] - area[1]) * _FINE**2 <= _MOST_FINE
    return _FINE if rotation % 90 and fine else 1


def whole(box: Box, more_x: float = 0.0, more_y: float = 0.0) -> Area:
    """The whole pixels of a box, and `more` at each side."""
    return (
        math.floor(box.x - more_x),
        math.floor(box.y - more_y),
        math.ceil(box.right + more_x),
        math.ceil(box.bottom + more_y),
    )


def lay(behind: Surface, group: Surface, area: Area, box: Box, finish: Finish) -> None:
    """Lay a group whose surface is of `area`, turned about the centre of `box`.

    The shadow is in pixels of the group's surface, which is finer where it is turned.
    """
    if finish.opacity <= 0:
        return
    at = area[:2]
    if finish.shadow and finish.plain:
        throw(behind, group, finish.shadow, at)
    elif finish.shadow:
        group = shaded(group, finish.shadow)
    if finish.rotation % 360:
        center = (box.x + box.width / 2, box.y + box.height / 2)
        group, at = _turned(group, area, center, finish.rotation, behind.size)
    ink = group.alpha.getbbox() if group.alpha else None
    if ink is not None:
        part = Surface(group.color.crop(ink), group.alpha.crop(ink) if group.alpha else None)
        place = (at[0] + ink[0], at[1] + ink[1])
        blending.lay(behind, part, place, finish.opacity, finish.blend)


def _turned(
    group: Surface,
    area: Area,
    center: tuple[float, float],
    degrees: float,
    size: tuple[int, int],
) -> tuple[Surface, tuple[int, int]]:
    """The group turned clockwise, over the pixels of what is behind that it reaches."""
    cos, sin = _cos_sin(degrees)
    fine = max(1, round(group.size[0] / max(1, area[2] - area[0])))
    corners = [(x, y) for x in area[::2] for y in area[1::2]]
    seen = _overlap(_bounds(corners, center, cos, sin), (0, 0, *size))
    width, height = fine * max(1, seen[2] - seen[0]), fine * max(1, seen[3] - seen[1])
    x, y = seen[0] - center[0], seen[1] - center[1]
    across, down = center[0] - area[0], center[1] - area[1]
    shift = cos * x + sin * y + across, -sin * x + cos * y + down
    affine = (cos, sin, fine * shift[0], -sin, cos, fine * shift[1])

    def turn(image: Image.Image) -> Image.Image:
        kind = Image.Transform.AFFINE
        turned = image.transform((width, height), kind, affine, Image.Resampling.BILINEAR)
        return turned.reduce(fine) if fine > 1 else turned

    assert group.alpha is not None
    return Surface(turn(group.color), turn(group.alpha)), (seen[0], seen[1])


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
