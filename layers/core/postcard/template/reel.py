"""The pictures of an animation: what is alike from one to the next is drawn once."""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.template.ground import Blank
from postcard.template.group import AnyLayer, GroupLayer
from postcard.template.nodes import Node
from postcard.template.properties import Document
from postcard.template.stage import Scene, Stage

_PLACING = frozenset(  # what a group may say and still draw nothing itself
    ("type", "name", "x", "y", "width", "height", "layers", "flow", "gap", "padding", "align")
) | frozenset(("justify", "repeat", "as_", "if_", "meta"))
_LOOKS = tuple(f for f in fields(GroupLayer) if f.name not in _PLACING)


class Reel:
    """Draws pictures of one size that follow each other.

    The layers below the first that changes are kept drawn on a canvas of their own.
    """

    def __init__(self) -> None:
        self.strokes = 0  # how many layers were drawn
        self._before: list[tuple[Node, Box]] = []
        self._document: Document | None = None
        self._shown: Canvas | None = None
        self._kept: Canvas | None = None
        self._depth = 0  # how many layers lie on the kept canvas

    def draw(self, scene: Scene, blank: Blank, nodes: Sequence[Node]) -> Canvas:
        """The next picture, drawn on `blank` or on what is kept; the last one if it is equal."""
        stages = list(_apart(scene.placed(nodes)))
        now = [(stage.node, stage.box) for stage in stages]
        same = self._alike(scene.document, now)
        if self._shown is not None and same == len(now) == len(self._before):
            return self._shown
        if self._kept is None or same < self._depth:
            self._kept, self._depth = blank.canvas(), 0
        self._draw(self._kept, stages[self._depth : same])
        self._depth, self._before, self._document = same, now, scene.document
        self._shown = self._kept.copy()
        self._draw(self._shown, stages[same:])
        return self._shown

    def _alike(self, document: Document, now: Sequence[tuple[Node, Box]]) -> int:
        """How many layers at the bottom are as they were."""
        if document != self._document:
            self._depth = len(now) + 1  # the background too may be another
            return 0
        pairs = zip(self._before, now, strict=False)
        return next((i for i, (one, two) in enumerate(pairs) if one != two), len(now))

    def _draw(self, canvas: Canvas, stages: Sequence[Stage]) -> None:
        self.strokes += len(stages)
        for stage in stages:
            stage.draw(canvas)


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
