"""Compares the cost model of drawing with real drawing, layer type by layer type.

    .venv/bin/python -m bench.drawing_cost [rounds]

Prints model/real for each case at 16 and at 2 megapixels, in CPU time, the best of some rounds.
Publishing refuses at 2 s of the model: a ratio of 0.5 lets 4 s pass, one of 2 refuses at 1 s.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from postcard.canvas.codecs.encode import encode, max_seconds
from postcard.canvas.surface import Surface
from postcard.geometry import OutputSize, output_size
from postcard.json_text import canonical_json
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

Json = dict[str, Any]
COPIES = 4  # of each layer
WIDTH, HEIGHT = 1000, 640
BOX: Json = {"x": 50, "y": 50, "width": 900, "height": 540}
FULL: Json = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT}
SHADOW = {"color": "#00000080", "x": 4, "y": 6, "blur": 12}
GRADIENT = {
    "type": "linear",
    "angle": 30,
    "stops": [["#ff0000", 0], ["#0000ff80", 1]],
}
TEXT = "The quick brown fox jumps over the lazy dog, and over it again. " * 3
RECTANGLE: Json = {"type": "rectangle", **BOX, "fill": "#ff880080", "radius": 20}
PICTURE: Json = {"type": "image", **FULL, "source": "asset:photo"}
LETTERS: Json = {"type": "text", **BOX, "size": 60, "text": TEXT}
CASES: dict[str, Json] = {
    "rectangle": RECTANGLE,
    "rectangle, plain": RECTANGLE | {"fill": "#ff8800", "radius": 0},
    "gradient": RECTANGLE | {"fill": GRADIENT},
    "stroke": RECTANGLE | {"stroke": {"width": 4, "color": "#0000ff"}},
    "ellipse": {"type": "ellipse", **BOX, "fill": "#ff8800"},
    "text": LETTERS,
    "text, wide stroke": LETTERS | {"stroke": {"width": 60, "color": "#0000ff"}},
    "image": PICTURE,
    "image, saturation": PICTURE | {"filter": {"saturation": 0.5}},
    "image, blur": PICTURE | {"filter": {"blur": 2}},
    "opacity": RECTANGLE | {"opacity": 0.5},
    "blend": RECTANGLE | {"blend": "multiply"},
    "rotation": RECTANGLE | {"rotation": 10},
    "shadow": RECTANGLE | {"shadow": SHADOW},
    "shadow, small blur": RECTANGLE | {"shadow": SHADOW | {"blur": 2}},
    "shadow, large blur": RECTANGLE | {"shadow": SHADOW | {"blur": 200}},
    "shadow of text": LETTERS | {"shadow": SHADOW},
    "rotation and shadow": RECTANGLE | {"rotation": 10, "shadow": SHADOW},
    "group, clip": {"type": "group", **FULL, "clip": True, "radius": 20, "layers": [RECTANGLE]},
    "group, rotation, shadow and overlay": {
        "type": "group",
        **FULL,
        "rotation": 33,
        "shadow": SHADOW | {"blur": 200},
    }
    | {"blend": "overlay", "opacity": 0.5, "layers": [RECTANGLE]},
    "group, opacity": {"type": "group", **FULL, "opacity": 0.5, "layers": [RECTANGLE]},
}


def template(layer: Json) -> Template:
    """The layer several times, each a pixel aside, so that no cache answers."""
    layers = [layer | {"x": layer["x"] + index} for index in range(COPIES)]
    document = {"width": WIDTH, "height": HEIGHT, "layers": layers}
    return Template.compile("bench", 1, parse_document(canonical_json(document)))


def photo() -> bytes:
    """A noisy photo of 2000 × 1280 pixels, as a JPEG."""
    bands = [Image.effect_noise((2000, 1280), 60) for _ in range(3)]
    return encode(Surface(Image.merge("RGB", bands), None), "jpg").image.body


def compare(layer: Json, size: OutputSize, pictures: dict[str, bytes], rounds: int) -> float:
    """Milliseconds of the model over milliseconds of CPU."""
    fonts = Fonts.load(Path("layers/fonts"))
    compiled = template(layer)
    real = []
    for _ in range(rounds):
        renderer = Renderer(fonts)
        prepared = PreparedRender(compiled, bind_defaults(compiled), size)
        estimate = renderer.estimate_cost(prepared, pictures).total
        started = time.process_time()
        renderer.render_surface(prepared, pictures)
        real.append((time.process_time() - started) * 1000)
    return estimate / min(real)


def encoders(size: OutputSize) -> Iterator[tuple[str, float]]:
    """For each format: the bound of a picture of noise over the CPU time of encoding it."""
    pixels = (size.width, size.height)
    surface = Surface(Image.merge("RGB", [Image.effect_noise(pixels, 90)] * 3), None)
    for format in ("png", "jpg", "webp", "avif", "gif"):
        started = time.process_time()
        encode(surface, format)
        yield format, max_seconds(format, pixels) / (time.process_time() - started)


def main() -> None:
    """Prints both tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    sizes = [output_size(WIDTH, HEIGHT, width=width) for width in (5000, 1768)]
    pictures = {"asset:photo": photo()}
    print(f"{'model / real':36}  16 Mpx   2 Mpx")
    for name, layer in CASES.items():
        ratios = [compare(layer, size, pictures, rounds) for size in sizes]
        print(f"{name:36}", *(f"{ratio:7.2f}" for ratio in ratios))
    print("\nbound / real of an encoder")
    for size in sizes:
        print(f"{size.width} × {size.height}:", *(f"{f} {r:.1f}" for f, r in encoders(size)))


if __name__ == "__main__":
    main()
