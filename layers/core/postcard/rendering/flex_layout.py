"""Lays out rows and columns: the size and the position of each layer of a group.

Widths come first, from the outermost group inwards, since a text's height follows its width; then
heights; then positions.
"""

from collections.abc import Sequence
from typing import NamedTuple

from postcard.canvas.canvas import Canvas
from postcard.rendering.drawing_context import DrawingContext
from postcard.rendering.placed_layer import HEIGHT, WIDTH, PlacedLayer, place_layers
from postcard.rendering.render_tree import RenderNode
from postcard.template.layers.group import GroupLayer
from postcard.template.layers.text import TextLayer

_MAIN_AXIS = {"row": WIDTH, "column": HEIGHT}  # the axis along which layers follow each other
_ALIGNMENT_FRACTIONS = {"center": 0.5, "end": 1.0}  # of the free space, before the layers
_TOLERANCE = 0.01  # CSS pixels: less is a rounding error


class FlexContainer(NamedTuple):
    """A group that is laid out; `main_axis` is None where its layers state their own positions."""

    placed_layer: PlacedLayer
    layer: GroupLayer
    main_axis: int | None

    @property
    def children(self) -> list[PlacedLayer]:
        """The group's layers."""
        return self.placed_layer.children

    @property
    def total_gap(self) -> float:
        """The sum of the gaps between its layers."""
        return self.layer.gap * max(0, len(self.children) - 1)

    @property
    def aligns_baselines(self) -> bool:
        """Whether its layers are aligned by their baselines."""
        return self.main_axis == WIDTH and self.layer.align == "baseline"

    def content_size(self, axis: int) -> float:
        """The width (0) or height (1) inside the padding."""
        return max(
            0.0, (self.placed_layer.definite_size[axis] or 0.0) - self.layer.total_padding(axis)
        )


def draw_nodes(drawing: DrawingContext, canvas: Canvas, nodes: Sequence[RenderNode]) -> None:
    """Lays out and draws nodes on the whole canvas."""
    for placed_layer in layout_nodes(drawing, nodes):
        placed_layer.draw(canvas)


def layout_nodes(drawing: DrawingContext, nodes: Sequence[RenderNode]) -> list[PlacedLayer]:
    """Places nodes on the canvas and lays out everything inside them."""
    placed_layers = place_layers(drawing, nodes)
    for placed_layer in placed_layers:
        if placed_layer.group:
            layout_group(placed_layer)
    return placed_layers


def layout_group(placed_layer: PlacedLayer) -> None:
    """Sets the sizes and positions of a group and of everything inside."""
    for axis in (WIDTH, HEIGHT):
        _resolve_sizes(placed_layer, axis)
    _position_children(placed_layer)


def _flex_container(placed_layer: PlacedLayer) -> FlexContainer | None:
    group = placed_layer.group
    return FlexContainer(placed_layer, group, _MAIN_AXIS.get(group.flow)) if group else None


# Sizes


def _resolve_sizes(placed_layer: PlacedLayer, axis: int) -> None:
    """Sets the width or height of a group and of everything inside."""
    if not (group := _flex_container(placed_layer)):
        return
    placed_layer.drawing.deadline.check()
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
    """In a row of known height: sets heights first, which a picture's width may follow."""
    if group.main_axis == WIDTH and group.placed_layer.definite_size[HEIGHT] is not None:
        for child in group.children:
            if child.specified_size(HEIGHT) == "fill":
                child.set_size(HEIGHT, group.content_size(HEIGHT))


def _natural_size(placed_layer: PlacedLayer, axis: int) -> float:
    """The width or height that a layer states, or else that of its content."""
    if (definite := placed_layer.definite_size[axis]) is not None:
        return definite
    placed_layer.drawing.deadline.check()
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
    """The offsets of a group's layers, for the size of a group that states none."""
    if group.main_axis is None:
        return [child.offset[axis] for child in group.children]
    if axis == HEIGHT and group.aligns_baselines:
        return _baseline_offsets(group)
    return [0.0] * len(group.children)


def _distribute_free_space(group: FlexContainer, axis: int) -> None:
    """Main axis: `fill` layers share the free space; texts shrink where a row has too little."""
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
    """Shrinks texts in proportion to their widths; without any space they are not drawn."""
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


def _shrink_to_fit(child: PlacedLayer, max_width: float) -> None:
    """Wraps a text within `max_width`; its box is then as wide as its widest line."""
    child.set_size(WIDTH, max_width)
    layer = child.layer
    assert isinstance(layer, TextLayer)
    child.definite_size[WIDTH] = min(max_width, layer.layout(child).width)


def _resolve_cross_size(child: PlacedLayer, axis: int, group: FlexContainer) -> None:
    """Cross axis: layers that fill or stretch take the whole of it.

    A text, row or column without a width is at most as wide as the column that holds it.
    """
    side, available = child.specified_size(axis), group.content_size(axis)
    if side == "fill" or (
        side is None and group.layer.align == "stretch" and _is_stretchable(child)
    ):
        child.set_size(axis, available)
    elif side is None and axis == WIDTH and _natural_size(child, axis) > available + _TOLERANCE:
        if _is_text(child):
            _shrink_to_fit(child, available)
        elif child.group and child.group.flow != "none":
            child.set_size(axis, available)


def _is_text(child: PlacedLayer) -> bool:
    return isinstance(child.layer, TextLayer)


def _is_stretchable(child: PlacedLayer) -> bool:
    """Whether `stretch` applies: pictures and codes keep their proportions."""
    return _is_text(child) or child.group is not None


# Positions


def _position_children(placed_layer: PlacedLayer) -> None:
    """Sets the offsets inside a group, from the corner of its content."""
    if not (group := _flex_container(placed_layer)):
        return
    for child in group.children:
        _position_children(child)
    if group.main_axis is None:
        return
    _justify(group, group.main_axis)
    _align(group, 1 - group.main_axis)
    if placed_layer.rtl:
        width = group.content_size(WIDTH)
        for child in group.children:
            child.offset[WIDTH] = width - child.offset[WIDTH] - child.size[WIDTH]


def _justify(group: FlexContainer, axis: int) -> None:
    """Main axis: one layer after the other."""
    sides = [child.size[axis] for child in group.children]
    free, justify = group.content_size(axis) - sum(sides) - group.total_gap, group.layer.justify
    offset, between = free * _ALIGNMENT_FRACTIONS.get(justify, 0.0), group.layer.gap
    if justify == "space-between" and len(sides) > 1:
        between += max(0.0, free) / (len(sides) - 1)
    for child, side in zip(group.children, sides, strict=True):
        child.offset[axis] = offset
        offset += side + between


def _align(group: FlexContainer, axis: int) -> None:
    """Cross axis: each layer by itself."""
    if group.aligns_baselines:
        offsets = _baseline_offsets(group)
    else:
        available = group.content_size(axis)
        fraction = _ALIGNMENT_FRACTIONS.get(group.layer.align, 0.0)
        offsets = [(available - child.size[axis]) * fraction for child in group.children]
    for child, offset in zip(group.children, offsets, strict=True):
        child.offset[axis] = offset


def _baseline_offsets(group: FlexContainer) -> list[float]:
    """The vertical offsets that put the baselines of a row's layers on one line."""
    baselines = [_baseline(child) for child in group.children]
    lowest = max(baselines, default=0.0)
    return [lowest - baseline for baseline in baselines]


def _baseline(placed_layer: PlacedLayer) -> float:
    """From the top: a text's first baseline, that of a group's first layer, or the lower edge."""
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
