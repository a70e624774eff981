"""Inspects drawn documents for tests: the seeded gallery, and documents of a few layers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from postcard.canvas.canvas import Canvas
from postcard.canvas.surface import Surface
from postcard.geometry import output_size
from postcard.rendering.drawing_context import CanvasSpec
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.images import FramePictures
from postcard.rendering.inspection.layer_ink import Chain, draw_layer, walk_placed
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.prepared_render import PreparedRender
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.template.bind import bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from tests.rendering.drawing import NOON, renderer

SEED = Path("local/seed")
SEEDS = sorted(path.stem for path in SEED.glob("*.json"))


@dataclass(frozen=True, slots=True)
class Inspected:
    """A document with its examples, laid out."""

    prepared: PreparedRender
    images: Mapping[str, bytes]
    canvas_spec: CanvasSpec
    placed: list[PlacedLayer]

    def chains(self) -> list[Chain]:
        """Every drawn layer with its groups."""
        return list(walk_placed(self.placed))

    def whole(self) -> Surface:
        """The whole picture's pixels."""
        return renderer().render_surface(self.prepared, self.images)

    def alone(self, chain: Chain) -> Image.Image:
        """The alpha of a layer that is drawn alone."""
        surface = Surface.new(self.canvas_spec.pixels, (0, 0, 0, 0))
        if all(one.layer.opacity for one in chain):
            draw_layer(Canvas(surface, self.canvas_spec.scales), chain)
        assert surface.alpha is not None
        return surface.alpha


@cache
def seed_images() -> dict[str, bytes]:
    return {f"asset:{path.stem}": path.read_bytes() for path in (SEED / "assets").iterdir()}


@cache
def inspected_seed(name: str) -> Inspected:
    return inspect((SEED / f"{name}.json").read_text(encoding="utf-8"), seed_images())


def inspected_layers(*layers: dict[str, Any], **rest: Any) -> Inspected:
    document = {"width": 200, "height": 120, "background": "#ffffff", **rest}
    return inspect(json.dumps({**document, "layers": list(layers)}), {})


def inspect(
    document: str, images: Mapping[str, bytes], deadline: Deadline = NO_DEADLINE
) -> Inspected:
    template = Template.compile("t", 1, parse_document(document))
    size = output_size(template.width, template.height)
    prepared = PreparedRender(
        template,
        bind_examples(template),
        size,
        now=NOON,
        deadline=deadline,
        frame_pictures=FramePictures(),
    )
    drawing = renderer().frame_drawing(prepared, images)
    placed = layout_nodes(drawing.context, drawing.nodes)
    return Inspected(prepared, images, drawing.canvas_spec, placed)
