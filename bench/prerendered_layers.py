"""What a stored ground saves a cold start: bytes to fetch, and CPU to the first picture.

    .venv/bin/python bench/prerendered_layers.py

Each row is a template with an art of its own under one text, at one sharpness: what its pictures
weigh as they were sent and as they are kept, what its ground weighs, whether it is stored, and the
CPU milliseconds of a first JPEG in a process that has its fonts, without and with the ground. Each
time is the median of nine.
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
VEIL = {"type": "linear", "angle": 90, "stops": [["#0f172ae6", 0], ["#0f172a00", 0.7]]}
GLOW = {"type": "radial", "center": [0.3, 0.2], "stops": [["#7c3aed", 0], ["#0f172a", 1]]}
WHOLE: dict[str, Any] = {"width": 1200, "height": 630}
SHADE = {"type": "rectangle", **WHOLE, "fill": VEIL}
CARD = {"y": 150, "radius": 24, "shadow": {"color": "#00000060", "y": 8, "blur": 30}}
NAME = {"type": "text", "text": "Hi {{ name }}", "x": 80, "y": 60, "size": 60, "color": "#ffffff"}
CASES: Mapping[str, list[dict[str, Any]]] = {
    "a photograph that fits": [{"type": "image", "source": "asset:fits", **WHOLE}, SHADE],
    "a large photograph": [{"type": "image", "source": "asset:large", **WHOLE}, SHADE],
    "a blurred photograph": [
        {"type": "image", "source": "asset:fits", **WHOLE, "filter": {"blur": 20}},
        SHADE,
    ],
    "three cards with shadows": [
        {"type": "image", "source": "asset:large", "x": x, "width": 340, "height": 340, **CARD}
        for x in (60, 440, 820)
    ],
    "four plates with shadows": [
        {"type": "rectangle", "x": x, "width": 240, "height": 400, "fill": "#ffffff", **CARD}
        for x in (60, 340, 620, 900)
    ],
    "a gradient and five lines": [
        {"type": "rectangle", **WHOLE, "fill": GLOW},
        *({**NAME, "text": "A line of words as they are", "y": 150 + 80 * n} for n in range(5)),
    ],
}


def sample_photo(width: int, height: int) -> bytes:
    """Colours at every scale, as a camera sees them."""
    chance, shown = Random(3), Image.new("RGB", (width, height), "#7f6f8f")
    for cell, share in ((400, 0.6), (150, 0.45), (60, 0.3), (20, 0.18), (6, 0.1), (2, 0.06)):
        size = (max(2, width // cell), max(2, height // cell))
        grain = Image.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3))
        shown = Image.blend(shown, grain.resize((width, height), Image.Resampling.BICUBIC), share)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=88)
    return file.getvalue()


def first_render_milliseconds(
    fonts: Fonts,
    template: Template,
    size: OutputSize,
    pictures: dict[str, bytes],
    prerendered: bytes,
) -> float:
    """CPU milliseconds of a first picture."""
    times = []
    for _ in range(RUNS):
        renderer = Renderer(fonts)
        begin = time.process_time()
        renderer.render(
            PreparedRender(template, bind_defaults(template), size),
            pictures,
            format="jpg",
            quality=82,
            prerendered=PrerenderedLayers.from_bytes("ground", prerendered)
            if prerendered
            else None,
        )
        times.append((time.process_time() - begin) * 1000)
    return statistics.median(times)


def rows() -> Iterator[str]:
    """The table."""
    fonts = Fonts.load(ROOT / "layers" / "fonts")
    photos = {"asset:fits": sample_photo(2400, 1600), "asset:large": sample_photo(4000, 2667)}
    for title, layers in CASES.items():
        fields = {"name": {"default": "Anna"}}
        document = {**WHOLE, "fields": fields, "layers": [*layers, NAME]}
        template = Template.compile("bench", 1, parse_document(json.dumps(document)))
        sent = {name: photos[name] for name in template.image_references}
        kept = downscale(template, sent)
        for dpr in PRERENDERED_DPRS:
            size, renderer = output_size(1200, 630, dpr=dpr), Renderer(fonts)
            prepared = PreparedRender(template, bind_defaults(template), size)
            laid = renderer.prerender(prepared, kept)
            assert laid is not None
            file = laid.to_bytes()
            stored = is_cheaper_to_read(prepared, kept, laid, len(file))
            without, with_it = (
                first_render_milliseconds(fonts, template, size, kept, one) for one in (b"", file)
            )
            weights = (sum(map(len, sent.values())), sum(map(len, kept.values())), len(file))
            told = " | ".join(f"{weight // 1000:,}" for weight in weights)
            yes = "yes" if stored else "no"
            yield f"| {title} ×{dpr:g} | {told} | {yes} | {without:.0f} | {with_it:.0f} |"


if __name__ == "__main__":
    print("| template | sent, KB | kept, KB | ground, KB | stored | first, ms | with it, ms |")
    print("|---|---|---|---|---|---|---|")
    for row in rows():
        print(row, flush=True)
