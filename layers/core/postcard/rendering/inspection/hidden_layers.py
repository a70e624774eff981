"""Finds the layers of a document that are not drawn, and why."""

from collections.abc import Iterator, Sequence
from typing import Literal

from postcard.rendering.inspection.layer_ink import walk_placed
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.prepared_render import PreparedRender
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.evaluator import Evaluator
from postcard.template.layers.group import AnyLayer, GroupLayer

HiddenReason = Literal["if", "visible", "empty", "value", "picture", "space"]
_REASONS_BY_TYPE: dict[str, HiddenReason] = {
    "image": "picture",
    "qr": "value",
    "barcode": "value",
    "text": "space",
}


@dataclass(frozen=True, slots=True)
class HiddenLayer:
    """A layer that is not drawn, and why.

    `if`: its condition is false. `visible`: a modification hides it. `empty`: it has no text, no
    value or no layers to draw. `value`: a code cannot have its value. `picture`: its picture is
    missing. `space`: the row that it is in has no space left for it.
    """

    pointer: str
    reason: HiddenReason


def find_hidden_layers(
    prepared: PreparedRender, placed_layers: Sequence[PlacedLayer]
) -> list[HiddenLayer]:
    """The layers of which no copy is drawn, without those inside a group that is not drawn."""
    finder = _HiddenLayerFinder(prepared, placed_layers)
    return list(finder.find(prepared.layers, prepared.pointer, ()))


class _HiddenLayerFinder:
    def __init__(self, prepared: PreparedRender, placed_layers: Sequence[PlacedLayer]) -> None:
        self._prepared = prepared
        self._drawn = {chain[-1].node.pointer for chain in walk_placed(placed_layers)}
        nodes = prepared.frame().nodes
        self._in_tree = {node.pointer for top in nodes for node in top.walk()}

    def find(
        self, layers: Sequence[AnyLayer], pointer: str, groups: tuple[GroupLayer, ...]
    ) -> Iterator[HiddenLayer]:
        """The hidden ones among these layers, which are at `pointer` in these groups."""
        for index, layer in enumerate(layers):
            where = f"{pointer}/{index}"
            around = (*groups, layer) if isinstance(layer, GroupLayer) else groups
            if where not in self._drawn:
                yield HiddenLayer(where, self._reason(layer, where, around))
            if isinstance(layer, GroupLayer) and where in self._in_tree:
                yield from self.find(layer.layers, f"{where}/layers", around)

    def _reason(
        self, layer: AnyLayer, pointer: str, groups: tuple[GroupLayer, ...]
    ) -> HiddenReason:
        if pointer in self._in_tree:
            return _REASONS_BY_TYPE.get(layer.type, "empty")
        visible = self._prepared.values.layers.get(layer.name or "", {}).get("visible")
        if visible is False:
            return "visible"
        if visible is None and pointer in self._prepared.template.conditions:
            evaluators = list(self._evaluators(groups))
            if evaluators and not any(one.is_visible(pointer) for one in evaluators):
                return "if"
        return "empty"

    def _evaluators(self, groups: tuple[GroupLayer, ...]) -> Iterator[Evaluator]:
        """An evaluator for each item of the lists that these groups repeat."""
        evaluators = [self._prepared.evaluator(lambda *_: None)]
        for group in groups:
            if group.repeat:
                evaluators = [item for one in evaluators for item in one.iterations(group)]
        yield from evaluators
