"""The gallery shows what there is, as it is drawn today."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops

from local import gallery
from postcard.template.document import schema
from tests.golden.compare import MOST, TILE

ENTRIES = [entry for part in gallery.sections() for entry in part.entries]
SCHEMA = schema()
Shown = Iterator[tuple[str, str]]


def _parts(node: Any) -> Iterator[Any]:
    """What a value may be: references followed, unions taken apart."""
    if "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]
    inner = node.get("anyOf") or node.get("oneOf")
    if inner:
        for one in inner:
            yield from _parts(one)
    else:
        yield node


def _shown(node: Any, value: Any) -> Shown:
    """The properties that a value has, each with the title of the thing that it belongs to."""
    for part in _parts(node):
        if isinstance(value, dict) and "properties" in part:
            yield from _members(part, value)
        elif isinstance(value, dict) and isinstance(part.get("additionalProperties"), dict):
            for item in value.values():
                yield from _shown(part["additionalProperties"], item)
        elif isinstance(value, list):
            for member, item in zip(_items(part, len(value)), value, strict=False):
                yield from _shown(member, item)


def _members(part: Any, value: dict[str, Any]) -> Shown:
    own = part["properties"]
    kind = own.get("type", {})
    if set(value) <= set(own) and value.get("type", kind.get("default")) == kind.get("const"):
        for name, item in value.items():
            yield part["title"], name
            yield from _shown(own[name], item)


def _items(part: Any, count: int) -> list[Any]:
    items = part.get("items")
    return part.get("prefixItems") or ([items] * count if isinstance(items, dict) else [])


def test_every_property_of_each_thing_in_a_template_is_shown() -> None:
    things = [SCHEMA, *SCHEMA["$defs"].values()]
    every = {(one["title"], name) for one in things for name in one.get("properties", ())}
    shown = {found for entry in ENTRIES for found in _shown(SCHEMA, entry.document)}
    assert len(every) > 300
    assert every - shown == set()


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
