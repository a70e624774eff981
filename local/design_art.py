"""Draws the pictures of the designs from the documents in `local/designs/art`: `make design-art`.

`local/designs/art/{design}/{picture}.json` becomes `assets/{picture}.{format}` of that design. Give
the designs as arguments to draw only theirs.
"""

import sys
from pathlib import Path

from local.design_thumbnails import FOLDER, RENDER_TIME, ROOT
from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

ART_FOLDER = ROOT / "local" / "designs" / "art"


def draw_art(path: Path, renderer: Renderer) -> tuple[str, bytes]:
    """A document as a picture: its file's name and bytes."""
    document = parse_document(path.read_text(encoding="utf-8"))
    template = Template.compile(path.stem, 1, document)
    size = output_size(template.width, template.height)
    prepared = PreparedRender(template, bind_defaults(template), size, now=RENDER_TIME)
    rendered = renderer.render(
        prepared,
        {},
        format=template.format,
        quality=document.quality,
        max_bytes=document.max_bytes,
    )
    assert not rendered.warnings, [str(each) for each in rendered.warnings]
    return f"{path.stem}.{template.format}", rendered.image.body


def main(designs: list[str]) -> None:
    """Draw the pictures of these designs, of all if there are none."""
    renderer = Renderer(Fonts.load(ROOT / "layers" / "fonts"))
    for path in sorted(ART_FOLDER.glob("*/*.json")):
        if designs and path.parent.name not in designs:
            continue
        name, body = draw_art(path, renderer)
        assets = FOLDER / path.parent.name / "assets"
        assets.mkdir(parents=True, exist_ok=True)
        (assets / name).write_bytes(body)
        print(f"{path.parent.name}/assets/{name}: {len(body):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
