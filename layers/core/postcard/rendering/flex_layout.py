"""Rows and columns: what each layer of a group gets of its room, and where it stands.

Widths are settled first, from the outermost group inwards, since a text's height follows its
width; then heights; then places.
"""

from collections.abc import Sequence
from typing import NamedTuple

from postcard.canvas.canvas import Canvas
from postcard.rendering.placement import HEIGHT, WIDTH, Scene, Stage
from postcard.rendering.render_tree import Node
from postcard.template.layers.group import GroupLayer
from postcard.template.layers.text import TextLayer

_ALONG = {"row": WIDTH, "column": HEIGHT}  # the axis on which layers follow each other
_SHARES = {"center": 0.5, "end": 1.0}  # of the free room, before the layers
_ROUNDING = 0.01


class Inside(NamedTuple):
    """A group at work: its stage, its layer, the axis on which its layers follow each other."""

    stage: "Stage"
    layer: "GroupLayer"
    along: int | None

    @property
    def children(self) -> "list[Stage]":
        """The stages of its layers."""
        return self.stage.children

    @property
    def gaps(self) -> float:
        """The sum of all its gaps."""
        return self.layer.gap * max(0, len(self.children) - 1)

    @property
    def by_baseline(self) -> bool:
        """Whether its layers stand on one base line."""
        return self.along == WIDTH and self.layer.align == "baseline"

    def room(self, axis: int) -> float:
        """What its size leaves inside the padding."""
        return max(0.0, (self.stage.given[axis] or 0.0) - self.layer.around(axis))


def draw(scene: Scene, canvas: Canvas, nodes: Sequence[Node]) -> None:
    """Draws nodes over the whole canvas."""
    for stage in placed(scene, nodes):
        stage.draw(canvas)


def placed(scene: Scene, nodes: Sequence[Node]) -> list[Stage]:
    """The stages of nodes on the canvas, what they hold in its place."""
    stages = scene.stages(nodes)
    for stage in stages:
        if stage.group:
            arrange(stage)
    return stages


def arrange(stage: "Stage") -> None:
    """Gives a group and everything inside their sizes and places."""
    for axis in (WIDTH, HEIGHT):
        _settle(stage, axis)
    _place(stage)


def _inside(stage: "Stage") -> Inside | None:
    group = stage.group
    return Inside(stage, group, _ALONG.get(group.flow)) if group else None


# Sizes


def _settle(stage: "Stage", axis: int) -> None:
    """Gives a group its width or height, and what is inside theirs."""
    if not (group := _inside(stage)):
        return
    if stage.given[axis] is None:
        stage.given[axis] = _natural(stage, axis)
    if axis == group.along:
        _follow_heights(group)
        _share_out(group, axis)
    elif group.along is not None:
        for child in group.children:
            _fit_across(child, axis, group)
    for child in group.children:
        _settle(child, axis)


def _follow_heights(group: Inside) -> None:
    """In a row of a known height: a picture's width may follow the height that it fills."""
    if group.along == WIDTH and group.stage.given[HEIGHT] is not None:
        for child in group.children:
            if child.side(HEIGHT) == "fill":
                child.give(HEIGHT, group.room(HEIGHT))


def _natural(stage: "Stage", axis: int) -> float:
    """A layer's own width or height: what it says, or what its content takes."""
    if (said := stage.given[axis]) is not None:
        return said
    if not (group := _inside(stage)):
        return stage.layer.measure(stage)[axis]
    sides = [_natural(child, axis) for child in group.children]
    if axis == group.along:
        content = sum(sides) + group.gaps
    else:
        starts = _starts(group, axis)
        content = max((start + side for start, side in zip(starts, sides, strict=True)), default=0)
    return max(0.0, content) + group.layer.around(axis)


def _starts(group: Inside, axis: int) -> Sequence[float]:
    """Where the layers of a group of their size begin, across the flow or without one."""
    if group.along is None:
        return [child.place[axis] for child in group.children]
    if axis == HEIGHT and group.by_baseline:
        return _drops(group)
    return [0.0] * len(group.children)


def _share_out(group: Inside, axis: int) -> None:
    """Along the flow: what is left goes to those that fill; texts give way where a row lacks."""
    fixed = [child for child in group.children if child.side(axis) != "fill"]
    filling = [child for child in group.children if child.side(axis) == "fill"]
    left = group.room(axis) - group.gaps - sum(_natural(child, axis) for child in fixed)
    if left < -_ROUNDING and axis == WIDTH:
        _give_way(group, left)
    for child in filling:
        child.give(axis, max(0.0, left) / len(filling))


def _give_way(group: Inside, left: float) -> None:
    """Texts get shorter in proportion to their length; one without any room is not drawn."""
    texts = [child for child in group.children if _is_text(child) and child.side(WIDTH) is None]
    long = sum(_natural(child, WIDTH) for child in texts)
    share = max(0.0, (long + left) / long) if long else 0.0
    for child in texts:
        if share:
            _hug(child, _natural(child, WIDTH) * share)
        else:
            group.children.remove(child)


def _hug(child: "Stage", most: float) -> None:
    """Sets a text into `most`; its box ends where its widest line does."""
    child.give(WIDTH, most)
    layer = child.layer
    assert isinstance(layer, TextLayer)
    child.given[WIDTH] = min(most, layer.layout(child).width)


def _fit_across(child: "Stage", axis: int, group: Inside) -> None:
    """Across the flow: the whole room for what fills or stretches.

    A text, row or column without a width is at most as wide as the column that holds it.
    """
    side, room = child.side(axis), group.room(axis)
    if side == "fill" or (side is None and group.layer.align == "stretch" and _yields(child)):
        child.give(axis, room)
    elif side is None and axis == WIDTH and _natural(child, axis) > room + _ROUNDING:
        if _is_text(child):
            _hug(child, room)
        elif child.group and child.group.flow != "none":
            child.give(axis, room)


def _is_text(child: "Stage") -> bool:
    return isinstance(child.layer, TextLayer)


def _yields(child: "Stage") -> bool:
    """Whether any size does: pictures and codes keep their proportions."""
    return _is_text(child) or child.group is not None


# Places


def _place(stage: "Stage") -> None:
    """Sets the places inside a group, from the corner of its content."""
    if not (group := _inside(stage)):
        return
    for child in group.children:
        _place(child)
    if group.along is None:
        return
    _follow(group, group.along)
    _line_up(group, 1 - group.along)
    if stage.rtl:
        room = group.room(WIDTH)
        for child in group.children:
            child.place[WIDTH] = room - child.place[WIDTH] - child.size[WIDTH]


def _follow(group: Inside, axis: int) -> None:
    """One layer after the other, from the start."""
    sides = [child.size[axis] for child in group.children]
    free, justify = group.room(axis) - sum(sides) - group.gaps, group.layer.justify
    at, between = free * _SHARES.get(justify, 0.0), group.layer.gap
    if justify == "space-between" and len(sides) > 1:
        between += max(0.0, free) / (len(sides) - 1)
    for child, side in zip(group.children, sides, strict=True):
        child.place[axis] = at
        at += side + between


def _line_up(group: Inside, axis: int) -> None:
    """Each layer by itself, across the flow."""
    if group.by_baseline:
        starts = _drops(group)
    else:
        room, share = group.room(axis), _SHARES.get(group.layer.align, 0.0)
        starts = [(room - child.size[axis]) * share for child in group.children]
    for child, start in zip(group.children, starts, strict=True):
        child.place[axis] = start


def _drops(group: Inside) -> list[float]:
    """How far down each layer of a row stands, so that all have one base line."""
    lines = [_baseline(child) for child in group.children]
    deepest = max(lines, default=0.0)
    return [deepest - line for line in lines]


def _baseline(stage: "Stage") -> float:
    """A text's first base line, a group's first layer's, or the lower edge; from the top."""
    layer = stage.layer
    if isinstance(layer, TextLayer):
        layout = layer.layout(stage)
        return layout.top(layer.measure(stage)[HEIGHT]) + layout.baseline
    if not (group := _inside(stage)):
        return stage.size[HEIGHT]
    _settle(stage, HEIGHT)
    _place(stage)
    if not group.children:
        return stage.size[HEIGHT]
    first = group.children[0]
    return group.layer.corner[HEIGHT] + first.place[HEIGHT] + _baseline(first)
