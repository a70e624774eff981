"""Rows and columns: what each layer of a group gets of its room, and where it stands.

Widths are settled first, from the outermost group inwards, since a text's height follows its
width; then heights; then places.
"""

from collections.abc import Sequence
from typing import NamedTuple

from postcard.canvas.canvas import Canvas
from postcard.rendering.placement import HEIGHT, WIDTH, DrawingContext, PlacedLayer
from postcard.rendering.render_tree import RenderNode
from postcard.template.layers.group import GroupLayer
from postcard.template.layers.text import TextLayer

_MAIN_AXIS = {"row": WIDTH, "column": HEIGHT}  # the axis on which layers follow each other
_ALIGNMENT_FRACTIONS = {"center": 0.5, "end": 1.0}  # of the free room, before the layers
_TOLERANCE = 0.01


class FlexContainer(NamedTuple):
    """A group at work: its stage, its layer, the axis on which its layers follow each other."""

    placed_layer: "PlacedLayer"
    layer: "GroupLayer"
    main_axis: int | None

    @property
    def children(self) -> "list[PlacedLayer]":
        """The stages of its layers."""
        return self.placed_layer.children

    @property
    def total_gap(self) -> float:
        """The sum of all its gaps."""
        return self.layer.gap * max(0, len(self.children) - 1)

    @property
    def aligns_baselines(self) -> bool:
        """Whether its layers stand on one base line."""
        return self.main_axis == WIDTH and self.layer.align == "baseline"

    def content_size(self, axis: int) -> float:
        """What its size leaves inside the padding."""
        return max(
            0.0, (self.placed_layer.definite_size[axis] or 0.0) - self.layer.total_padding(axis)
        )


def draw_nodes(drawing: DrawingContext, canvas: Canvas, nodes: Sequence[RenderNode]) -> None:
    """Draws nodes over the whole canvas."""
    for placed_layer in layout_nodes(drawing, nodes):
        placed_layer.draw(canvas)


def layout_nodes(drawing: DrawingContext, nodes: Sequence[RenderNode]) -> list[PlacedLayer]:
    """The stages of nodes on the canvas, what they hold in its place."""
    placed_layers = drawing.place_layers(nodes)
    for placed_layer in placed_layers:
        if placed_layer.group:
            layout_group(placed_layer)
    return placed_layers


def layout_group(placed_layer: "PlacedLayer") -> None:
    """Gives a group and everything inside their sizes and places."""
    for axis in (WIDTH, HEIGHT):
        _resolve_sizes(placed_layer, axis)
    _position_children(placed_layer)


def _flex_container(placed_layer: "PlacedLayer") -> FlexContainer | None:
    group = placed_layer.group
    return FlexContainer(placed_layer, group, _MAIN_AXIS.get(group.flow)) if group else None


# Sizes


def _resolve_sizes(placed_layer: "PlacedLayer", axis: int) -> None:
    """Gives a group its width or height, and what is inside theirs."""
    if not (group := _flex_container(placed_layer)):
        return
    if placed_layer.definite_size[axis] is None:
        placed_layer.definite_size[axis] = _natural_size(placed_layer, axis)
    if axis == group.main_axis:
        _fill_row_heights(group)
        _distribute_free_space(group, axis)
    elif group.main_axis is not None:
        for child in group.children:
            _resolve_cross_size(child, axis, group)
    for child in group.children:
        _resolve_sizes(child, axis)


def _fill_row_heights(group: FlexContainer) -> None:
    """In a row of a known height: a picture's width may follow the height that it fills."""
    if group.main_axis == WIDTH and group.placed_layer.definite_size[HEIGHT] is not None:
        for child in group.children:
            if child.specified_size(HEIGHT) == "fill":
                child.set_size(HEIGHT, group.content_size(HEIGHT))


def _natural_size(placed_layer: "PlacedLayer", axis: int) -> float:
    """A layer's own width or height: what it says, or what its content takes."""
    if (definite := placed_layer.definite_size[axis]) is not None:
        return definite
    if not (group := _flex_container(placed_layer)):
        return placed_layer.layer.measure(placed_layer)[axis]
    sides = [_natural_size(child, axis) for child in group.children]
    if axis == group.main_axis:
        content = sum(sides) + group.total_gap
    else:
        offsets = _cross_axis_offsets(group, axis)
        content = max((start + side for start, side in zip(offsets, sides, strict=True)), default=0)
    return max(0.0, content) + group.layer.total_padding(axis)


def _cross_axis_offsets(group: FlexContainer, axis: int) -> Sequence[float]:
    """Where the layers of a group of their size begin, across the flow or without one."""
    if group.main_axis is None:
        return [child.offset[axis] for child in group.children]
    if axis == HEIGHT and group.aligns_baselines:
        return _baseline_offsets(group)
    return [0.0] * len(group.children)


def _distribute_free_space(group: FlexContainer, axis: int) -> None:
    """Along the flow: what is left goes to those that fill; texts give way where a row lacks."""
    fixed = [child for child in group.children if child.specified_size(axis) != "fill"]
    filling = [child for child in group.children if child.specified_size(axis) == "fill"]
    free = (
        group.content_size(axis)
        - group.total_gap
        - sum(_natural_size(child, axis) for child in fixed)
    )
    if free < -_TOLERANCE and axis == WIDTH:
        _shrink_texts(group, free)
    for child in filling:
        child.set_size(axis, max(0.0, free) / len(filling))


def _shrink_texts(group: FlexContainer, free_space: float) -> None:
    """Texts get shorter in proportion to their length; one without any room is not drawn."""
    texts = [
        child for child in group.children if _is_text(child) and child.specified_size(WIDTH) is None
    ]
    total_width = sum(_natural_size(child, WIDTH) for child in texts)
    scale = max(0.0, (total_width + free_space) / total_width) if total_width else 0.0
    for child in texts:
        if scale:
            _shrink_to_fit(child, _natural_size(child, WIDTH) * scale)
        else:
            group.children.remove(child)


def _shrink_to_fit(child: "PlacedLayer", max_width: float) -> None:
    """Sets a text into `most`; its box ends where its widest line does."""
    child.set_size(WIDTH, max_width)
    layer = child.layer
    assert isinstance(layer, TextLayer)
    child.definite_size[WIDTH] = min(max_width, layer.layout(child).width)


def _resolve_cross_size(child: "PlacedLayer", axis: int, group: FlexContainer) -> None:
    """Across the flow: the whole room for what fills or stretches.

    A text, row or column without a width is at most as wide as the column that holds it.
    """
    side, room = child.specified_size(axis), group.content_size(axis)
    if side == "fill" or (
        side is None and group.layer.align == "stretch" and _is_stretchable(child)
    ):
        child.set_size(axis, room)
    elif side is None and axis == WIDTH and _natural_size(child, axis) > room + _TOLERANCE:
        if _is_text(child):
            _shrink_to_fit(child, room)
        elif child.group and child.group.flow != "none":
            child.set_size(axis, room)


def _is_text(child: "PlacedLayer") -> bool:
    return isinstance(child.layer, TextLayer)


def _is_stretchable(child: "PlacedLayer") -> bool:
    """Whether any size does: pictures and codes keep their proportions."""
    return _is_text(child) or child.group is not None


# Places


def _position_children(placed_layer: "PlacedLayer") -> None:
    """Sets the places inside a group, from the corner of its content."""
    if not (group := _flex_container(placed_layer)):
        return
    for child in group.children:
        _position_children(child)
    if group.main_axis is None:
        return
    _justify(group, group.main_axis)
    _align(group, 1 - group.main_axis)
    if placed_layer.rtl:
        room = group.content_size(WIDTH)
        for child in group.children:
            child.offset[WIDTH] = room - child.offset[WIDTH] - child.size[WIDTH]


def _justify(group: FlexContainer, axis: int) -> None:
    """One layer after the other, from the start."""
    sides = [child.size[axis] for child in group.children]
    free, justify = group.content_size(axis) - sum(sides) - group.total_gap, group.layer.justify
    offset, between = free * _ALIGNMENT_FRACTIONS.get(justify, 0.0), group.layer.gap
    if justify == "space-between" and len(sides) > 1:
        between += max(0.0, free) / (len(sides) - 1)
    for child, side in zip(group.children, sides, strict=True):
        child.offset[axis] = offset
        offset += side + between


def _align(group: FlexContainer, axis: int) -> None:
    """Each layer by itself, across the flow."""
    if group.aligns_baselines:
        offsets = _baseline_offsets(group)
    else:
        room, fraction = group.content_size(axis), _ALIGNMENT_FRACTIONS.get(group.layer.align, 0.0)
        offsets = [(room - child.size[axis]) * fraction for child in group.children]
    for child, offset in zip(group.children, offsets, strict=True):
        child.offset[axis] = offset


def _baseline_offsets(group: FlexContainer) -> list[float]:
    """How far down each layer of a row stands, so that all have one base line."""
    baselines = [_baseline(child) for child in group.children]
    lowest = max(baselines, default=0.0)
    return [lowest - line for line in baselines]


def _baseline(placed_layer: "PlacedLayer") -> float:
    """A text's first base line, a group's first layer's, or the lower edge; from the top."""
    layer = placed_layer.layer
    if isinstance(layer, TextLayer):
        layout = layer.layout(placed_layer)
        return layout.text_y(layer.measure(placed_layer)[HEIGHT]) + layout.baseline
    if not (group := _flex_container(placed_layer)):
        return placed_layer.size[HEIGHT]
    _resolve_sizes(placed_layer, HEIGHT)
    _position_children(placed_layer)
    if not group.children:
        return placed_layer.size[HEIGHT]
    first = group.children[0]
    return group.layer.content_offset[HEIGHT] + first.offset[HEIGHT] + _baseline(first)
