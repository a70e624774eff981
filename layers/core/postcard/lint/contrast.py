"""Texts that are hard to read on the plain colour behind them (WCAG 2.2, 1.4.3 at AA).

Only what is certain is told: a gradient, a picture, a shape that is half behind a text or a colour
that Liquid yields make what is behind it unknown, until something opaque covers it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from postcard.color import Color, parse_color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.line import LineLayer
from postcard.template.layers.rectangle import RectangleLayer
from postcard.template.layers.text import TextLayer, looks
from postcard.template.model import Document, walk_layers
from postcard.template.schema.validators import has_liquid

_NEEDED, _NEEDED_LARGE = 4.5, 3.0
_ANYWHERE = 20_000.0  # pixels; turned things are not followed
_LARGE, _LARGE_BOLD, _BOLD = 24.0, 56 / 3, 700  # pixels: 18 and 14 points

Boxes = Sequence[tuple[str, Box]]  # where layers were drawn, in turn, and their pointers
Ground = Color | None  # an opaque colour; None where nobody knows


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A layer that was drawn. `plain`: its own colours are what is seen, over its whole box;
    `turned`: it, or a group round it, does not stand upright.
    """

    layer: AnyLayer
    pointer: str
    box: Box
    plain: bool
    turned: bool


def faint(document: Document, boxes: Boxes) -> Iterator[Fault]:
    """`low_contrast` for every drawn text that is too faint for its background.

    One that is drawn for each item of a list is told once.
    """
    below: list[_Drawn] = []
    told: set[str] = set()
    for drawn in _drawn(document, boxes):
        if isinstance(drawn.layer, TextLayer) and drawn.plain and drawn.pointer not in told:
            ground = _opaque(document.background)
            for one in below:
                ground = _over(ground, one, drawn.box, document)
            if detail := _judged(drawn.layer, ground, document):
                told.add(drawn.pointer)
                yield Fault("low_contrast", drawn.pointer, detail)
        below.append(drawn)


def contrast(one: Color, other: Color) -> float:
    """The ratio of two opaque colours, 1 to 21.

    >>> round(contrast((0, 0, 0, 255), (255, 255, 255, 255)), 2)
    21.0
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _drawn(document: Document, boxes: Boxes) -> Iterator[_Drawn]:
    """Drawn layers, first those at the back; a group before what it holds."""
    layers = {where: layer for layer, where, _ in walk_layers(document.layers)}
    last: dict[str, _Drawn] = {}  # by pointer; a repeated group comes again before what it holds
    for pointer, box in boxes:
        layer, around = layers[pointer], last.get(pointer.rpartition("/layers/")[0])
        turned = layer.rotation % 360 != 0 or (around is not None and around.turned)
        plain = not turned and layer.blend == "normal" and (around is None or _whole(around))
        last[pointer] = _Drawn(layer, pointer, box, plain, turned)
        yield last[pointer]


def _whole(group: _Drawn) -> bool:
    """Whether what a group holds is seen as it is drawn."""
    layer = group.layer
    clips = isinstance(layer, GroupLayer) and layer.clip
    return group.plain and layer.opacity == 1 and not clips


def _over(ground: Ground, drawn: _Drawn, area: Box, document: Document) -> Ground:
    """What is behind `area` once a layer lies on the ground."""
    layer = drawn.layer
    if not _meet(_reach(drawn), area):
        return ground
    if isinstance(layer, TextLayer):
        marked = any(look.get("highlight") for _, look in looks(layer, document.styles))
        return None if marked else ground
    if not isinstance(layer, RectangleLayer | GroupLayer) or not drawn.plain:
        return None
    outline = layer.border if isinstance(layer, GroupLayer) else layer.stroke
    inside = _covers(drawn.box.inset(outline.width if outline else 0.0), area)
    if layer.fill is None:
        return ground if inside or outline is None else None
    color = _plain(layer.fill)
    if color is None or not inside:
        return None
    return _laid(color, layer.opacity, ground)


def _reach(drawn: _Drawn) -> Box:
    """All that a layer may paint."""
    layer, box = drawn.layer, drawn.box
    by = _ANYWHERE if drawn.turned else 0.0
    if isinstance(layer, LineLayer):
        by += layer.stroke.width if layer.stroke else 0.0
    if layer.shadow is not None:
        shadow = layer.shadow
        by += max(abs(shadow.x), abs(shadow.y)) + 2 * shadow.blur
    return box.inset(-by)


def _meet(one: Box, other: Box) -> bool:
    across = one.x < other.right and other.x < one.right
    return across and one.y < other.bottom and other.y < one.bottom


def _covers(one: Box, other: Box) -> bool:
    across = one.x <= other.x and other.right <= one.right
    return across and one.y <= other.y and other.bottom <= one.bottom


def _judged(layer: TextLayer, ground: Ground, document: Document) -> str | None:
    """A sentence about the faintest of a text's spans, if it is too faint."""
    worst: tuple[float, str] | None = None
    for _, look in looks(layer, document.styles):
        behind = _behind(look, ground)
        color = _plain(look.get("color", document.color))
        if behind is None or color is None or look.get("stroke"):
            continue
        shown = _laid(color, layer.opacity, behind)
        assert shown is not None  # what is laid on an opaque colour is opaque
        ratio, needed = contrast(shown, behind), _needed(look)
        if ratio < needed and (worst is None or ratio < worst[0]):
            worst = ratio, _sentence(shown, behind, ratio, needed)
    return worst[1] if worst and layer.shadow is None else None


def _behind(look: Mapping[str, Any], ground: Ground) -> Ground:
    if (highlight := look.get("highlight")) is None:
        return ground
    color = _plain(highlight.color)
    return None if color is None else _laid(color, 1.0, ground)


def _needed(look: Mapping[str, Any]) -> float:
    size, bold = look.get("size", 16.0), look.get("weight", 400) >= _BOLD
    return _NEEDED_LARGE if size >= (_LARGE_BOLD if bold else _LARGE) else _NEEDED


def _sentence(shown: Color, behind: Color, ratio: float, needed: float) -> str:
    told = math.floor(ratio * 10) / 10  # never as much as what is needed
    return (
        f"{_hex(shown)} on {_hex(behind)} is hard to read: its contrast is {told}, "
        f"and letters of this size need {needed}."
    )


def _plain(paint: Any) -> Ground:
    """The colour of a paint that is no gradient and has no Liquid; it may be translucent."""
    return parse_color(paint) if isinstance(paint, str) and not has_liquid(paint) else None


def _opaque(paint: str) -> Ground:
    color = _plain(paint)
    return color if color and color[3] == 255 else None


def _laid(color: Color, opacity: float, ground: Ground) -> Ground:
    """A colour over the ground."""
    share = color[3] / 255 * opacity
    if share == 1:
        return color
    if ground is None:
        return ground
    red, green, blue = (
        round(above * share + below * (1 - share))
        for above, below in zip(color[:3], ground[:3], strict=True)
    )
    return red, green, blue, 255


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(channel / 255) for channel in color[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _hex(color: Color) -> str:
    return "#" + bytes(color[:3]).hex()
