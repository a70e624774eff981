"""Measures what prerendered static layers save a cold start: bytes to fetch and CPU time.

    .venv/bin/python -m bench.prerendered_layers

Each row is a template with different static layers under one text, at one dpr: the size of its
pictures as uploaded and as stored, the size of the prerendered layers, whether Postcard stores
them, and the CPU time of a first JPEG in a process that has loaded its fonts, without and with
them. Each time is the median of nine.
"""

import io
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from postcard.geometry import OutputSize, output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.rendering.static_layers import PrerenderedLayers
from postcard.services.prerendering import PRERENDERED_DPRS, is_cheaper_to_read
from postcard.services.source_downscaling import downscale
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

ROOT = Path(__file__).resolve().parent.parent
RUNS = 9
LINEAR_FILL = {"type": "linear", "angle": 90, "stops": [["#0f172ae6", 0], ["#0f172a00", 0.7]]}
RADIAL_FILL = {"type": "radial", "center": [0.3, 0.2], "stops": [["#7c3aed", 0], ["#0f172a", 1]]}
CANVAS: dict[str, Any] = {"width": 1200, "height": 630}
OVERLAY = {"type": "rectangle", **CANVAS, "fill": LINEAR_FILL}
BOX = {"y": 150, "radius": 24, "shadow": {"color": "#00000060", "y": 8, "blur": 30}}
NAME = {"type": "text", "text": "Hi {{ name }}", "x": 80, "y": 60, "size": 60, "color": "#ffffff"}
CASES: Mapping[str, list[dict[str, Any]]] = {
    "a photograph that fits": [{"type": "image", "source": "asset:fits", **CANVAS}, OVERLAY],
    "a large photograph": [{"type": "image", "source": "asset:large", **CANVAS}, OVERLAY],
    "a blurred photograph": [
        {"type": "image", "source": "asset:fits", **CANVAS, "filter": {"blur": 20}},
        OVERLAY,
    ],
    "three pictures with shadows": [
        {"type": "image", "source": "asset:large", "x": x, "width": 340, "height": 340, **BOX}
        for x in (60, 440, 820)
    ],
    "four rectangles with shadows": [
        {"type": "rectangle", "x": x, "width": 240, "height": 400, "fill": "#ffffff", **BOX}
        for x in (60, 340, 620, 900)
    ],
    "a gradient and five lines": [
        {"type": "rectangle", **CANVAS, "fill": RADIAL_FILL},
        *({**NAME, "text": "A line of text without values", "y": 150 + 80 * n} for n in range(5)),
    ],
}


def sample_photo(width: int, height: int) -> bytes:
    """A JPEG with noise at every scale, which compresses like a photograph."""
    random, photo = Random(3), Image.new("RGB", (width, height), "#7f6f8f")
    for scale, alpha in ((400, 0.6), (150, 0.45), (60, 0.3), (20, 0.18), (6, 0.1), (2, 0.06)):
        size = (max(2, width // scale), max(2, height // scale))
        noise = Image.frombytes("RGB", size, random.randbytes(size[0] * size[1] * 3))
        photo = Image.blend(photo, noise.resize((width, height), Image.Resampling.BICUBIC), alpha)
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=88)
    return file.getvalue()


def first_render_milliseconds(
    fonts: Fonts,
    template: Template,
    size: OutputSize,
    pictures: dict[str, bytes],
    prerendered: bytes,
) -> float:
    """Median CPU milliseconds of a first picture; `prerendered` is empty for none."""
    times = []
    for _ in range(RUNS):
        renderer = Renderer(fonts)
        begin = time.process_time()
        renderer.render(
            PreparedRender(template, bind_defaults(template), size),
            pictures,
            format="jpg",
            quality=82,
            prerendered=PrerenderedLayers.from_bytes("prerendered", prerendered)
            if prerendered
            else None,
        )
        times.append((time.process_time() - begin) * 1000)
    return statistics.median(times)


def rows() -> Iterator[str]:
    """The rows of the table."""
    fonts = Fonts.load(ROOT / "layers" / "fonts")
    photos = {"asset:fits": sample_photo(2400, 1600), "asset:large": sample_photo(4000, 2667)}
    for title, layers in CASES.items():
        fields = {"name": {"default": "Anna"}}
        document = {**CANVAS, "fields": fields, "layers": [*layers, NAME]}
        template = Template.compile("bench", 1, parse_document(json.dumps(document)))
        uploaded = {name: photos[name] for name in template.image_references}
        downscaled = downscale(template, uploaded)
        for dpr in PRERENDERED_DPRS:
            size, renderer = output_size(1200, 630, dpr=dpr), Renderer(fonts)
            prepared = PreparedRender(template, bind_defaults(template), size)
            prerendered = renderer.prerender(prepared, downscaled)
            assert prerendered is not None
            file = prerendered.to_bytes()
            is_stored = is_cheaper_to_read(renderer, prepared, downscaled, prerendered, len(file))
            without_ms, with_ms = (
                first_render_milliseconds(fonts, template, size, downscaled, layers_file)
                for layers_file in (b"", file)
            )
            sizes = (
                sum(map(len, uploaded.values())),
                sum(map(len, downscaled.values())),
                len(file),
            )
            kilobytes = " | ".join(f"{count // 1000:,}" for count in sizes)
            stored, times = "yes" if is_stored else "no", f"{without_ms:.0f} | {with_ms:.0f}"
            yield f"| {title} ×{dpr:g} | {kilobytes} | {stored} | {times} |"


if __name__ == "__main__":
    print(
        "| template | uploaded, KB | downscaled, KB | prerendered, KB | stored"
        " | without, ms | with, ms |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in rows():
        print(row, flush=True)
