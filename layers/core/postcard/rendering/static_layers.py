"""The layers at the bottom that are alike in every picture of a template: drawn once, then kept."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from postcard.canvas.canvas import Canvas
from postcard.color import Color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.rendering.flex_layout import draw
from postcard.rendering.placement import Scene
from postcard.rendering.prerendered import Laid, depth, digest_of
from postcard.rendering.render_tree import Node
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Kept
from postcard.template.compiled import Template
from postcard.template.liquid_slots import value_at
from postcard.template.model import walk_layers

KEPT_BYTES = 36_000_000  # of pixels, and of the files that they were drawn from
_PIXEL = 4  # bytes

Key = tuple[object, ...]
Pictures = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Blank:
    """A canvas to come: its size in CSS pixels, its device pixels, its colour."""

    size: tuple[int, int]
    pixels: tuple[int, int]
    background: Color

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return (self.pixels[0] / self.size[0] + self.pixels[1] / self.size[1]) / 2

    def canvas(self) -> Canvas:
        """The canvas."""
        return Canvas.new(*self.size, self.pixels, self.background)


@dataclass(frozen=True, slots=True)
class Ground:
    """A drawn canvas, and what drawing it said; `weight` in bytes.

    `held` is whatever its key names by `id`, so that no other object can take that place.
    """

    canvas: Canvas
    boxes: tuple[tuple[str, Box], ...]
    warnings: tuple[Fault, ...]
    weight: int
    held: tuple[object, ...]


class Grounds:
    """Grounds by template, size, pictures and layers shown. Bounded by bytes."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self.drawn = 0  # how often a ground had to be drawn
        self._kept: Kept[Key, Ground] = Kept(most_bytes, lambda ground: ground.weight)
        self._laid: Kept[str, Laid] = Kept(most_bytes, lambda laid: laid.weight)

    def known(self, key: str) -> Laid | None:
        """The stored ground that was read by that key, if it is still here."""
        return self._laid.get(key)

    def keep(self, key: str, file: bytes) -> Laid | None:
        """Read a stored ground, whose key its digest ends; None if it is not what was stored."""
        laid = Laid.read(key, file) if file and key.endswith(digest_of(file)) else None
        if laid is not None:
            self._laid.put(key, laid)
        return laid

    def begin(
        self,
        scene: Scene,
        blank: Blank,
        nodes: Sequence[Node],
        template: Template,
        pictures: Pictures,
        laid: Laid | None = None,
    ) -> tuple[Canvas, int]:
        """A canvas to go on with, and how many nodes are drawn on it.

        `laid` spares the first of them, where it is theirs.
        """
        below = untouched(nodes, template)
        if not below:
            return blank.canvas(), 0
        laid = laid if laid and laid.fits(blank.pixels, below) else None
        files = tuple(pictures.get(reference, b"") for reference in template.references)
        key = (files, blank, laid and laid.key, *_key(scene, below, template))
        ground = self._kept.get(key)
        if ground is None:
            held = (*files, template.document)
            ground = self._drawn(scene, blank, below, held, laid)
            self._kept.put(key, ground)
        scene.boxes[:] = ground.boxes
        for fault in ground.warnings:
            scene.note(fault)
        return ground.canvas.copy(), len(below)

    def _drawn(
        self,
        scene: Scene,
        blank: Blank,
        below: Sequence[Node],
        held: tuple[object, ...],
        laid: Laid | None,
    ) -> Ground:
        before, rest = len(scene.warnings), below
        if laid is None:
            self.drawn += 1
            canvas = blank.canvas()
        else:
            rest = below[depth(laid.pointers) :]
            canvas = laid.canvas(blank.size, copied=bool(rest))
            scene.boxes[:] = laid.boxes
        draw(scene, canvas, rest)
        files = sum(len(one) for one in held if isinstance(one, bytes))
        return Ground(
            canvas=canvas,
            boxes=tuple(scene.boxes),
            warnings=tuple(scene.warnings[before:]),
            weight=canvas.size[0] * canvas.size[1] * _PIXEL + files,
            held=(*held, scene.fonts),
        )


def untouched(nodes: Sequence[Node], template: Template) -> list[Node]:
    """The first nodes whose layers are the document's own objects.

    Whatever Liquid, a request or a list's item changes about a layer makes a copy of it.
    """
    own = {id(layer) for layer, _, _ in walk_layers(template.document.layers)}
    return list(takewhile(lambda node: all(id(one.layer) in own for one in node.all()), nodes))


def _key(scene: Scene, below: Sequence[Node], template: Template) -> Key:
    """What else than pictures the drawing of untouched layers hangs on."""
    slots = template.slots.get("", ())
    return (
        id(template.document),
        id(scene.fonts),
        tuple(value_at(scene.document, slot.path) for slot in slots),
        tuple((one.pointer, id(one.layer)) for node in below for one in node.all()),
    )
