"""The six documents of the gallery: by their examples, hard values and none, in five tongues."""

import io
from typing import Any

import pytest
from PIL import Image

from local import seed_images as art
from tests.documents.people import LOCALES, REQUIRED_VALUES, Values, hard_values
from tests.documents.seeded_service import (
    DOCUMENTS,
    PreviewResult,
    document,
    examples,
    matches_asset,
    preview,
    seeded_service,
)
from tests.functions.in_memory_service import InMemoryService
from tests.golden.compare import assert_matches_golden

SORTS = ("example", "given", "missing")
OTHER = {"loyalty-card": "ja-JP", "certificate-arabic": "hi-IN", "abandoned-cart": "hi-IN"}
NEEDS = [name for name in DOCUMENTS if REQUIRED_VALUES[name]]
PHOTOS = ("event-ticket", "abandoned-cart", "og-card")
ENDS = ("event-ticket", "countdown-banner")


@pytest.fixture(scope="module")
def world() -> InMemoryService:
    return seeded_service()


def values_of(template: str, sort: str, locale: str) -> Values:
    if sort == "given":
        return hard_values(template, locale)
    if sort == "example":
        return examples(template)
    return {**dict.fromkeys(document(template)["fields"]), **REQUIRED_VALUES[template]}


def shown(
    world: InMemoryService, template: str, sort: str, locale: str, **more: Any
) -> PreviewResult:
    of = {**document(template), "locale": locale}
    return preview(world, of, values_of(template, sort, locale), **more)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("template", DOCUMENTS)
def test_every_document_is_drawn_completely_with_any_values_in_any_language(
    world: InMemoryService, template: str, sort: str, locale: str
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
def test_another_service_draws_the_same_bytes(world: InMemoryService, template: str) -> None:
    locale = OTHER.get(template, "ar")
    assert shown(world, template, "given", locale).body == (
        shown(seeded_service(), template, "given", locale).body
    )


@pytest.mark.parametrize(
    ("sort", "template"),
    [(sort, template) for sort in ("given", "missing", "elsewhere") for template in DOCUMENTS],
)
def test_each_document_matches_its_golden_picture(
    world: InMemoryService, sort: str, template: str
) -> None:
    written = document(template)
    if sort == "elsewhere":
        picture = shown(world, template, "given", OTHER.get(template, "ar"), width=600)
    else:
        picture = preview(world, written, values_of(template, sort, "en-GB"), width=600)
    assert_matches_golden(f"document-{template}-{sort}", picture.image, photo=template in PHOTOS)


# Through the service: published, requested and opened


@pytest.fixture(scope="module")
def published(world: InMemoryService) -> InMemoryService:
    for template in DOCUMENTS:
        assert world.publish(document(template), template).json["findings"] == []
    return world


@pytest.mark.parametrize("template", DOCUMENTS)
def test_a_picture_that_was_made_by_post_is_served_at_its_address(
    published: InMemoryService, template: str
) -> None:
    values = values_of(template, "given", "en-GB")
    made = published.create_image(values, template_id=template, format="png").json
    assert (made["success"], made["warnings"]) == (True, [])
    opened = published.open_image(made["url"])
    written = document(template)
    assert (opened.status, opened.size) == (200, (written["width"], written["height"]))
    assert "x-postcard-fallback" not in opened.headers


@pytest.mark.parametrize("template", DOCUMENTS)
def test_a_link_without_any_value_opens_a_picture(
    published: InMemoryService, template: str
) -> None:
    opened = published.open_link(published.sign_link(template=template))
    written = document(template)
    assert (opened.status, opened.size) == (200, (written["width"], written["height"]))
    assert "x-postcard-fallback" not in opened.headers
    stand_in = written["fallback"].get("source", "asset:none").removeprefix("asset:")
    if stand_in != "none":
        assert matches_asset(opened.body, stand_in) == (template in NEEDS)


@pytest.mark.parametrize("template", ENDS)
def test_an_expired_link_opens_the_ended_picture(published: InMemoryService, template: str) -> None:
    link = published.sign_link(template=template, expires=int(published.now) - 1)
    opened = published.open_link(link)
    written = document(template)
    assert (opened.status, opened.size) == (200, (written["width"], written["height"]))
    if template == "countdown-banner":
        assert matches_asset(opened.body, "sale-over")
    else:
        assert_matches_golden(f"document-{template}-ended", _opened(opened.body))


def _opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body)).convert("RGB")


def test_the_seed_assets_are_what_their_documents_draw() -> None:
    for path in art.drawing_order():
        name, body = art.render_asset(path)
        assert (art.ASSETS_FOLDER / name).exists(), name
        assert matches_asset(body, path.stem), name
