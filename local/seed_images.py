"""The seed's own pictures, each drawn by Postcard from a document in seed/art.

`python -m local.seed_images` draws them into seed/assets.
"""

import json
from pathlib import Path

from local.docs_gallery import NOON, ROOT
from local.seed import SEED
from postcard.geometry import output_size
from postcard.rendering.renderer import Renderer
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

ART = SEED / "art"
ASSETS = SEED / "assets"
QUALITY = 70  # of the jpgs: flat shapes on plain ground


def drawing_order(folder: Path = ART) -> list[Path]:
    """The documents; what shows another picture comes after it."""
    return sorted(folder.glob("*.json"), key=lambda path: ("asset:" in path.read_text(), path))


def draw(path: Path) -> tuple[str, bytes]:
    """An asset's file name and its bytes."""
    document = parse_document(path.read_text(encoding="utf-8"))
    template = Template.compile(path.stem, 1, document)
    drawn = Renderer(Fonts.load(ROOT / "layers" / "fonts")).render(
        template,
        bind_defaults(template),
        output_size(template.width, template.height),
        format=template.format,
        quality=QUALITY,
        max_bytes=document.max_bytes,
        fetched_images={f"asset:{each.stem}": each.read_bytes() for each in ASSETS.iterdir()},
        now=NOON,
    )
    assert not drawn.warnings, json.dumps([str(each) for each in drawn.warnings])
    return f"{path.stem}.{template.format}", drawn.image.body


def main() -> None:
    """Draw all of them."""
    for path in drawing_order():
        name, body = draw(path)
        (ASSETS / name).write_bytes(body)


if __name__ == "__main__":
    main()
