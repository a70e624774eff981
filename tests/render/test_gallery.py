"""The gallery shows what there is, as it is drawn today."""

import io
import json
import re
from typing import Any

import pytest
from PIL import Image, ImageChops

from local import gallery
from postcard.template.document import schema
from tests.golden.compare import MOST, TILE

ENTRIES = [entry for part in gallery.sections() for entry in part.entries]
UNSEEN = {"$schema", "meta"}  # ignored by the renderer


def _properties(part: Any) -> set[str]:
    """Every property that a document or something in it may have."""
    if isinstance(part, list):
        return {name for each in part for name in _properties(each)}
    if not isinstance(part, dict):
        return set()
    own = part.get("properties", {})
    names = set(own) if isinstance(own, dict) else set()
    return names | {name for each in part.values() for name in _properties(each)}


def test_every_property_of_a_template_is_shown() -> None:
    written = json.dumps([entry.document for entry in ENTRIES])
    missing = {n for n in _properties(schema()) - UNSEEN if f'"{n}":' not in written}
    assert missing == set()


def test_the_page_is_what_make_gallery_writes() -> None:
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page(gallery.sections())


def test_there_is_no_picture_that_the_page_does_not_show() -> None:
    shown = set(re.findall(r'src="gallery/([^"]+)"', gallery.PAGE.read_text(encoding="utf-8")))
    kept = {path.name for path in gallery.FOLDER.iterdir()} - {"entries.json", "opening.md"}
    assert kept == shown


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_picture_is_what_is_drawn_today(entry: gallery.Entry) -> None:
    rendered = gallery.draw(entry)
    drawn, kept = (
        Image.open(io.BytesIO(body)).convert("RGB")
        for body in (rendered.image.body, (gallery.FOLDER / entry.file).read_bytes())
    )
    assert drawn.size == kept.size
    assert rendered.warnings == ()
    difference = ImageChops.difference(drawn, kept).reduce(TILE)
    lows_and_highs = difference.getextrema()
    assert max(high for _, high in lows_and_highs) <= MOST  # type: ignore[misc]
