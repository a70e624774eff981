"""The layers of one picture: Liquid run, the request's changes made, what is not drawn left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.evaluator import Evaluator
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.line import LineLayer, recoloured
from postcard.template.layers.text import TextLayer, highlighted
from postcard.template.liquid.loops import Iteration
from postcard.template.liquid.text_markers import isolate
from postcard.template.liquid_slots import replace_at

Properties = Mapping[str, str | bool]
LayerChanges = Mapping[str, Properties]


@dataclass(frozen=True, slots=True)
class Node:
    """A layer that is drawn, its properties final; `pointer` is its place in the document.

    `turn` is the item that it is drawn for, in a repeated group.
    """

    layer: AnyLayer
    pointer: str
    children: tuple["Node", ...] = ()
    turn: Iteration | None = None

    def all(self) -> Iterator["Node"]:
        """The node itself and everything inside."""
        yield self
        for child in self.children:
            yield from child.all()


def nodes_of(
    layers: Sequence[AnyLayer], where: str, speaker: Evaluator, changes: LayerChanges
) -> tuple[Node, ...]:
    """The nodes of layers at the pointer `where`."""
    found = (
        _node(layer, f"{where}/{index}", turn, changes)
        for index, layer in enumerate(layers)
        for turn in _turns(layer, speaker)
    )
    return tuple(node for node in found if node)


def _turns(layer: AnyLayer, speaker: Evaluator) -> Iterable[Evaluator]:
    """A speaker for each time that the layer is drawn."""
    repeats = isinstance(layer, GroupLayer) and layer.repeat
    return speaker.iterations(layer) if repeats else (speaker,)  # type: ignore[arg-type]


def _node(layer: AnyLayer, where: str, speaker: Evaluator, changes: LayerChanges) -> Node | None:
    given = changes.get(layer.name or "", {})
    visible = given.get("visible")
    if visible is False or (visible is None and not speaker.is_visible(where)):
        return None
    own = {slot: value for slot, value in given.items() if slot != "visible"}
    kept = frozenset(layer.takes[slot] for slot in own if layer.takes[slot] != "highlight")
    shown: AnyLayer = _changed(speaker.resolve(layer, where, kept), own)
    if shown.empty:
        return None
    if isinstance(shown, GroupLayer):
        children = nodes_of(shown.layers, f"{where}/layers", speaker, changes)
        return Node(shown, where, children, speaker.iteration)
    return Node(shown, where, turn=speaker.iteration)


def _changed(layer: AnyLayer, given: Properties) -> AnyLayer:
    for slot, value in given.items():
        target = layer.takes[slot]
        if isinstance(layer, TextLayer) and target == "highlight":
            layer = replace(layer, highlight=highlighted(layer, str(value)))
        elif isinstance(layer, TextLayer) and target == "text":
            layer = replace(layer, text=isolate(str(value)))
        elif isinstance(layer, LineLayer):
            layer = replace(layer, stroke=recoloured(layer, str(value)))
        else:
            layer = replace_at(layer, (target,), str(value))
    return layer
