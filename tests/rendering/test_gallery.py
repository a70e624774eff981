"""The gallery shows what there is, as it is drawn today."""

import io
import re

import pytest
from PIL import Image, ImageChops

from local import docs_gallery as gallery
from tests.golden.compare import MAX_TILE_DIFFERENCE, TILE_PIXELS
from tests.template.document_parts import SCHEMA, walk_parts

ENTRIES = [entry for part in gallery.load_sections() for entry in part.entries]


def test_the_gallery_shows_every_property_of_a_document() -> None:
    things = [SCHEMA, *SCHEMA["$defs"].values()]
    every = {f"{one['title']}.{name}" for one in things for name in one.get("properties", ())}
    shown = {part.name for entry in ENTRIES for part in walk_parts(entry.document)}
    assert len(every) > 300
    assert every - shown == set()


def test_the_page_is_what_make_gallery_writes() -> None:
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.gallery_markdown(
        gallery.load_sections()
    )


def test_there_is_no_picture_that_the_page_does_not_show() -> None:
    shown = set(re.findall(r'src="gallery/([^"]+)"', gallery.PAGE.read_text(encoding="utf-8")))
    stored = {path.name for path in gallery.FOLDER.iterdir()} - {"entries.json", "opening.md"}
    assert stored == shown


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_each_gallery_picture_is_up_to_date(entry: gallery.GalleryEntry) -> None:
    rendered = gallery.render_entry(entry)
    drawn, stored = (
        Image.open(io.BytesIO(body)).convert("RGB")
        for body in (rendered.image.body, (gallery.FOLDER / entry.file).read_bytes())
    )
    assert drawn.size == stored.size
    assert rendered.warnings == ()
    difference = ImageChops.difference(drawn, stored).reduce(TILE_PIXELS)
    lows_and_highs = difference.getextrema()
    assert max(high for _, high in lows_and_highs) <= MAX_TILE_DIFFERENCE  # type: ignore[misc]
