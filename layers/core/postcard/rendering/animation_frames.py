"""The pictures of an animation: what is alike from one to the next is drawn once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.rendering.flex_layout import placed
from postcard.rendering.placement import Scene, Stage
from postcard.rendering.render_tree import Node
from postcard.rendering.static_layers import Blank
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import Document

_PLACING = frozenset(  # what a group may say and still draw nothing itself
    ("type", "name", "x", "y", "width", "height", "layers", "flow", "gap", "padding", "align")
) | frozenset(("justify", "repeat", "as_", "if_", "meta"))
_LOOKS = tuple(f for f in fields(GroupLayer) if f.name not in _PLACING)


Begin = Callable[[Scene, Blank, Sequence[Node]], tuple[Canvas, int]]
"""A canvas to begin with, and how many of the nodes are drawn on it."""


class Reel:
    """Draws pictures of one size that follow each other.

    The layers below the first that changes are kept drawn on a canvas of their own.
    """

    def __init__(self, begin: Begin | None = None) -> None:
        self._begin = begin or _anew
        self.strokes = 0  # how many layers were drawn
        self._before: list[tuple[Node, Box]] = []
        self._document: Document | None = None
        self._ground: Sequence[Node] = ()  # what the kept canvas began with
        self._shown: Canvas | None = None
        self._kept: Canvas | None = None
        self._depth = 0  # how many layers lie on the kept canvas, above its ground

    def draw(self, scene: Scene, blank: Blank, nodes: Sequence[Node]) -> Canvas:
        """The next picture, drawn on `blank` or on what is kept; the last one if it is equal."""
        kept = self._kept if self._stands(scene.document, nodes) else None
        canvas = kept or self._begun(scene, blank, nodes)
        stages = list(_apart(placed(scene, nodes[len(self._ground) :])))
        now = [(stage.node, stage.box) for stage in stages]
        same = self._alike(now) if kept else 0
        if kept and self._shown and same == len(now) == len(self._before):
            return self._shown
        if same < self._depth:
            self._document = None  # nothing of what is kept will do
            return self.draw(scene, blank, nodes)
        self._draw(canvas, stages[self._depth : same])
        self._depth, self._before, self._kept = same, now, canvas
        self._shown = canvas.copy()
        self._draw(self._shown, stages[same:])
        return self._shown

    def _stands(self, document: Document, nodes: Sequence[Node]) -> bool:
        """Whether what is kept began as this picture does."""
        return document == self._document and self._ground == nodes[: len(self._ground)]

    def _begun(self, scene: Scene, blank: Blank, nodes: Sequence[Node]) -> Canvas:
        canvas, below = self._begin(scene, blank, nodes)
        self._ground, self._document, self._depth = nodes[:below], scene.document, 0
        return canvas

    def _alike(self, now: Sequence[tuple[Node, Box]]) -> int:
        """How many layers above the ground are as they were."""
        pairs = zip(self._before, now, strict=False)
        return next((i for i, (one, two) in enumerate(pairs) if one != two), len(now))

    def _draw(self, canvas: Canvas, stages: Sequence[Stage]) -> None:
        self.strokes += len(stages)
        for stage in stages:
            stage.draw(canvas)


def _anew(scene: Scene, blank: Blank, nodes: Sequence[Node]) -> tuple[Canvas, int]:
    return blank.canvas(), 0


def _apart(stages: Sequence[Stage]) -> Iterator[Stage]:
    """Stages in the order they are drawn; groups that only hold their layers, taken apart."""
    for stage in stages:
        if _only_holds(stage.layer):
            stage.scene.boxes.append((stage.node.pointer, stage.box))
            yield from _apart(stage.children)
        else:
            yield stage


def _only_holds(layer: AnyLayer) -> bool:
    return (
        isinstance(layer, GroupLayer)
        and layer.direct
        and all(
            getattr(layer, f.name) == (f.default if f.default is not MISSING else None)
            for f in _LOOKS
        )
    )
