"""The six documents of the gallery: by their examples, hard values and none, in five tongues."""

import io
from typing import Any

import pytest
from PIL import Image

from local import seed_images as art
from tests.documents.people import LOCALES, REQUIRED, Values, given
from tests.documents.seeded_service import (
    DOCUMENTS,
    Shown,
    document,
    examples,
    looks_like,
    preview,
    seeded,
)
from tests.functions.in_memory_service import World
from tests.golden.compare import golden

SORTS = ("example", "given", "missing")
OTHER = {"loyalty-card": "ja-JP", "certificate-arabic": "hi-IN", "abandoned-cart": "hi-IN"}
NEEDS = [name for name in DOCUMENTS if REQUIRED[name]]
PHOTOS = ("event-ticket", "abandoned-cart", "og-card")
ENDS = ("event-ticket", "countdown-banner")


@pytest.fixture(scope="module")
def world() -> World:
    return seeded()


def values_of(template: str, sort: str, locale: str) -> Values:
    if sort == "given":
        return given(template, locale)
    if sort == "example":
        return examples(template)
    return {**dict.fromkeys(document(template)["fields"]), **REQUIRED[template]}


def shown(world: World, template: str, sort: str, locale: str, **more: Any) -> Shown:
    of = {**document(template), "locale": locale}
    return preview(world, of, values_of(template, sort, locale), **more)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("template", DOCUMENTS)
def test_every_document_is_drawn_whole_with_any_values_in_any_tongue(
    world: World, template: str, sort: str, locale: str
) -> None:
    picture = shown(world, template, sort, locale)
    written = document(template)
    assert picture.image.size == (written["width"], written["height"])
    assert picture.warnings == []
    assert picture.boxes
    for pointer, box in picture.boxes.items():
        if _layer(written, pointer)["type"] == "text":
            assert box["x"] >= 0 and box["x"] + box["width"] <= written["width"], pointer
            assert box["y"] >= 0 and box["y"] + box["height"] <= written["height"], pointer


def _layer(written: dict[str, Any], pointer: str) -> Any:
    found: Any = written
    for step in pointer.split("/")[1:]:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


@pytest.mark.parametrize("template", DOCUMENTS)
def test_another_service_draws_the_same_bytes(world: World, template: str) -> None:
    locale = OTHER.get(template, "ar")
    assert shown(world, template, "given", locale).body == (
        shown(seeded(), template, "given", locale).body
    )


@pytest.mark.parametrize(
    ("sort", "template"),
    [(sort, template) for sort in ("given", "missing", "elsewhere") for template in DOCUMENTS],
)
def test_each_document_looks_as_its_author_meant(world: World, sort: str, template: str) -> None:
    written = document(template)
    if sort == "elsewhere":
        picture = shown(world, template, "given", OTHER.get(template, "ar"), width=600)
    else:
        picture = preview(world, written, values_of(template, sort, "en-GB"), width=600)
    golden(f"document-{template}-{sort}", picture.image, photo=template in PHOTOS)


# Through the service: published, asked for, and opened


@pytest.fixture(scope="module")
def published(world: World) -> World:
    for template in DOCUMENTS:
        assert world.put(document(template), template).json["findings"] == []
    return world


@pytest.mark.parametrize("template", DOCUMENTS)
def test_a_picture_made_by_post_opens_at_its_address(published: World, template: str) -> None:
    values = values_of(template, "given", "en-GB")
    made = published.post(values, template_id=template, format="png").json
    assert (made["success"], made["warnings"]) == (True, [])
    opened = published.open_image(made["url"])
    written = document(template)
    assert (opened.status, opened.size) == (200, (written["width"], written["height"]))
    assert "x-postcard-fallback" not in opened.headers


@pytest.mark.parametrize("template", DOCUMENTS)
def test_a_link_without_any_value_opens_a_picture_all_the_same(
    published: World, template: str
) -> None:
    opened = published.open(published.link(template=template))
    written = document(template)
    assert (opened.status, opened.size) == (200, (written["width"], written["height"]))
    assert "x-postcard-fallback" not in opened.headers
    stand_in = written["fallback"].get("source", "asset:none").removeprefix("asset:")
    if stand_in != "none":
        assert looks_like(opened.body, stand_in) == (template in NEEDS)


@pytest.mark.parametrize("template", ENDS)
def test_a_link_past_its_time_opens_the_ended_picture(published: World, template: str) -> None:
    link = published.link(template=template, expires=int(published.now) - 1)
    opened = published.open(link)
    written = document(template)
    assert (opened.status, opened.size) == (200, (written["width"], written["height"]))
    if template == "countdown-banner":
        assert looks_like(opened.body, "sale-over")
    else:
        golden(f"document-{template}-ended", _opened(opened.body))


def _opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body)).convert("RGB")


def test_the_art_is_what_its_documents_draw() -> None:
    for path in art.drawing_order():
        name, body = art.draw(path)
        assert (art.ASSETS / name).exists(), name
        assert looks_like(body, path.stem), name
