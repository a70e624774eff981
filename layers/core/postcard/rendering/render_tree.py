"""The render tree: layers with their Liquid evaluated and the request's modifications applied."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import LayerModifications
from postcard.template.evaluator import Evaluator
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.line import LineLayer, stroke_with_color
from postcard.template.layers.text import TextLayer, highlight_with_color
from postcard.template.liquid.loops import Iteration
from postcard.template.liquid.text_markers import isolate
from postcard.template.liquid_slots import replace_at


@dataclass(frozen=True, slots=True)
class RenderNode:
    """A layer to draw, its properties final; `pointer` is its JSON pointer in the document.

    `iteration` is the list item that it is drawn for, in a repeated group.
    """

    layer: AnyLayer
    pointer: str
    children: tuple["RenderNode", ...] = ()
    iteration: Iteration | None = None

    def walk(self) -> Iterator["RenderNode"]:
        """The node and all nodes inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


def build_tree(
    layers: Sequence[AnyLayer],
    pointer: str,
    evaluator: Evaluator,
    modifications: LayerModifications,
    *,
    first_index: int = 0,
) -> tuple[RenderNode, ...]:
    """The nodes of the layers at `pointer`, without those that are hidden or empty.

    `first_index`: the index of the first of these layers in the document.
    """
    nodes = (
        _build_node(layer, f"{pointer}/{index}", iteration, modifications)
        for index, layer in enumerate(layers, first_index)
        for iteration in _iterations(layer, evaluator)
    )
    return tuple(node for node in nodes if node)


def _iterations(layer: AnyLayer, evaluator: Evaluator) -> Iterable[Evaluator]:
    """An evaluator for each time that the layer is drawn."""
    repeats = isinstance(layer, GroupLayer) and layer.repeat
    return evaluator.iterations(layer) if repeats else (evaluator,)  # type: ignore[arg-type]


def _build_node(
    layer: AnyLayer, pointer: str, evaluator: Evaluator, modifications: LayerModifications
) -> RenderNode | None:
    changes = modifications.get(layer.name or "", {})
    visible = changes.get("visible")
    if visible is False or (visible is None and not evaluator.is_visible(pointer)):
        return None
    properties = {slot: value for slot, value in changes.items() if slot != "visible"}
    overridden = frozenset(
        layer.modifiable[slot] for slot in properties if layer.modifiable[slot] != "highlight"
    )
    resolved: AnyLayer = _modified(evaluator.resolve(layer, pointer, overridden), properties)
    if resolved.is_empty:
        return None
    if isinstance(resolved, GroupLayer):
        children = build_tree(resolved.layers, f"{pointer}/layers", evaluator, modifications)
        return RenderNode(resolved, pointer, children, evaluator.iteration)
    return RenderNode(resolved, pointer, iteration=evaluator.iteration)


def _modified(layer: AnyLayer, properties: Mapping[str, str | bool]) -> AnyLayer:
    for slot, value in properties.items():
        target = layer.modifiable[slot]
        if isinstance(layer, TextLayer) and target == "highlight":
            layer = replace(layer, highlight=highlight_with_color(layer, str(value)))
        elif isinstance(layer, TextLayer) and target == "text":
            layer = replace(layer, text=isolate(str(value)))
        elif isinstance(layer, LineLayer):
            layer = replace(layer, stroke=stroke_with_color(layer, str(value)))
        else:
            layer = replace_at(layer, (target,), str(value))
    return layer
