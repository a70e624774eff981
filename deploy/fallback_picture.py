"""Draws the generic fallback picture, which has no words, from `fallback.json`.

python -m deploy.fallback_picture picture.png
"""

import sys
import time
from pathlib import Path

from postcard.geometry import OutputSize
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.modifications import Modifications
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

DOCUMENT = Path(__file__).with_name("fallback.json")
FONTS = Path(__file__).parents[1] / "layers" / "fonts"


def render_fallback_png() -> bytes:
    """The fallback picture as a PNG; always the same bytes."""
    template = Template.compile("fallback", 1, parse_document(DOCUMENT.read_text(encoding="utf-8")))
    document = template.document
    prepared = PreparedRender(
        template,
        bind(template, Modifications(), mode="error"),
        OutputSize(document.width, document.height, document.width, document.height),
        now=time.time(),
    )
    return Renderer(Fonts.load(FONTS)).render(prepared, {}, format="png").image.body


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(render_fallback_png())
