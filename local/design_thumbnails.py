"""Draws the thumbnail of each design in `functions/api/designs`: `make design-thumbnails`."""

from functools import cache
from pathlib import Path

from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.studio.designs import Design, DesignGallery
from postcard.template.bind import bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "functions" / "api" / "designs"
RENDER_TIME = 1_795_348_800.0  # 22 November 2026, 12:00 UTC: the `now` of all these pictures
WIDTH, DPR = 320, 2.0
MAX_BYTES = 20_000


def draw_thumbnail(design: Design) -> bytes:
    """The design with its examples as a small WebP."""
    template = Template.compile(design.id, 1, parse_document(design.document))
    size = output_size(template.width, template.height, width=min(WIDTH, design.width), dpr=DPR)
    pictures = {f"asset:{each.asset_id}": each.path.read_bytes() for each in design.pictures}
    prepared = PreparedRender(template, bind_examples(template), size, now=RENDER_TIME)
    rendered = _renderer().render(prepared, pictures, format="webp", max_bytes=MAX_BYTES)
    return rendered.image.body


@cache
def _renderer() -> Renderer:
    return Renderer(Fonts.load(ROOT / "layers" / "fonts"))


def main() -> None:
    """Write all thumbnails."""
    for design in DesignGallery(FOLDER).list():
        design.thumbnail.write_bytes(draw_thumbnail(design))


if __name__ == "__main__":
    main()
