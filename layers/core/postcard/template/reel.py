"""The pictures of an animation: what is alike from one to the next is drawn once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields
from itertools import takewhile

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
        self._shown: Canvas | None = None
        self._kept: Canvas | None = None
        self._depth = 0  # how many layers lie on the kept canvas

    def draw(self, scene: Scene, blank: Blank, nodes: Sequence[Node]) -> Canvas:
        """The next picture, drawn on `blank` or on what is kept; the last one if it is equal."""
        begun: tuple[Canvas, int] | None = None
        if self._kept is None:
            begun = self._begin(scene, blank, nodes)
        stages = list(_apart(scene.placed(nodes)))
        now = [(stage.node, stage.box) for stage in stages]
        same = self._alike(scene.document, now)
        if self._shown is not None and same == len(now) == len(self._before):
            return self._shown
        if begun is None and same < self._depth:
            begun = self._begin(scene, blank, nodes)
        if begun is not None:
            self._kept, self._depth = begun[0], _still(stages, nodes[: begun[1]])
        assert self._kept is not None
        self._draw(self._kept, stages[self._depth : same])
        self._depth, self._before = max(self._depth, same), now
        self._document = scene.document
        self._shown = self._kept.copy()
        self._draw(self._shown, stages[self._depth :])
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


def _anew(scene: Scene, blank: Blank, nodes: Sequence[Node]) -> tuple[Canvas, int]:
    return blank.canvas(), 0


def _still(stages: Sequence[Stage], nodes: Sequence[Node]) -> int:
    """How many of the first stages come of these nodes, which are drawn already."""
    drawn = {id(inner) for node in nodes for inner in node.all()}
    return sum(1 for _ in takewhile(lambda stage: id(stage.node) in drawn, stages))


def _apart(stages: Sequence[Stage]) -> Iterator[Stage]:
    """Stages in the order they are drawn; groups that only hold their layers, taken apart."""
    for stage in stages:
        if _only_holds(stage.layer):
            place = stage.node.pointer, stage.box
            if place not in stage.scene.boxes:
                stage.scene.boxes.append(place)
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
