"""Draws the sample pictures in `seed/assets` from the template documents in `seed/art`.

Run it as `python -m local.seed_images` after a change to a document in `seed/art`.
"""

import json
from pathlib import Path

from local.docs_gallery import RENDER_TIME, ROOT
from local.seed import SEED_FOLDER
from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

ART_FOLDER = SEED_FOLDER / "art"
ASSETS_FOLDER = SEED_FOLDER / "assets"
JPEG_QUALITY = 70  # enough for flat shapes on a plain background


def drawing_order(folder: Path = ART_FOLDER) -> list[Path]:
    """The documents; those that contain another asset come after those that do not."""
    return sorted(folder.glob("*.json"), key=lambda path: ("asset:" in path.read_text(), path))


def render_asset(path: Path) -> tuple[str, bytes]:
    """Draw one document; returns the asset's file name and bytes."""
    document = parse_document(path.read_text(encoding="utf-8"))
    template = Template.compile(path.stem, 1, document)
    size = output_size(template.width, template.height)
    result = Renderer(Fonts.load(ROOT / "layers" / "fonts")).render(
        PreparedRender(template, bind_defaults(template), size, now=RENDER_TIME),
        {f"asset:{each.stem}": each.read_bytes() for each in ASSETS_FOLDER.iterdir()},
        format=template.format,
        quality=JPEG_QUALITY,
        max_bytes=document.max_bytes,
    )
    assert not result.warnings, json.dumps([str(each) for each in result.warnings])
    return f"{path.stem}.{template.format}", result.image.body


def main() -> None:
    """Draw all sample pictures."""
    for path in drawing_order():
        name, body = render_asset(path)
        (ASSETS_FOLDER / name).write_bytes(body)


if __name__ == "__main__":
    main()
