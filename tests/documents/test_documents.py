"""The six documents of the gallery: by their examples, hard values and none, in five tongues."""

import io
from typing import Any

import pytest
from PIL import Image

from local import seed_images as art
from tests.documents.people import (
    LOCALES,
    NAMES,
    REQUIRED_VALUES,
    TITLES,
    Values,
    hard_values,
)
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


# As a designer would leave them


def drawn(world: InMemoryService, template: str, values: Values, **more: Any) -> PreviewResult:
    """The document as it is, with what a link must bring and `values`."""
    return preview(
        world, document(template), {**REQUIRED_VALUES.get(template, {}), **values}, **more
    )


def without_texts(template: str) -> dict[str, Any]:
    written = document(template)
    return {**written, "layers": [each for each in written["layers"] if each["type"] != "text"]}


def pixels_in_circle(
    image: Image.Image, center: tuple[int, int], radius: int
) -> list[tuple[int, ...]]:
    x, y = center
    width, height = image.size
    pixels: Any = image.load()
    return [
        pixels[column, row]
        for column in range(max(0, x - radius), min(width, x + radius))
        for row in range(max(0, y - radius), min(height, y + radius))
        if (column - x) ** 2 + (row - y) ** 2 < (radius - 1) ** 2
    ]


def look_alike(first: list[tuple[int, ...]], second: list[tuple[int, ...]]) -> bool:
    """Whether pixels are the same, but for the rounding of palettes."""
    return all(
        abs(one - other) <= 12
        for pixels in zip(first, second, strict=True)
        for one, other in zip(*pixels, strict=True)
    )


def dark_share(picture: PreviewResult, box: dict[str, float]) -> float:
    """The width of a code's ink, in widths of its box."""
    left, top = box["x"], box["y"]
    corners = (left, top, left + box["width"], top + box["height"])
    scale = picture.image.width / 1200
    area = picture.image.crop(tuple(round(each * scale) for each in corners))  # type: ignore[arg-type]
    ink = area.convert("L").point(lambda level: 255 * (level < 128)).getbbox()
    assert ink is not None
    return (ink[2] - ink[0]) / area.width


@pytest.mark.parametrize(
    ("starts_at", "venue", "line"),
    [
        ("2027-03-14", None, "Sun 14 March"),
        ("2027-03-14T20:00", None, "Sun 14 March · 20:00"),
        ("2027-03-14", "Arena", "Sun 14 March · Arena"),
    ],
)
def test_the_ticket_has_no_dangling_dot(
    world: InMemoryService, starts_at: str, venue: str | None, line: str
) -> None:
    written = document("event-ticket")
    layers = [{**each} for each in written["layers"]]
    layers[3]["text"] = line
    values = {**REQUIRED_VALUES["event-ticket"], "starts_at": starts_at, "venue": venue}
    expected = preview(world, {**written, "layers": layers}, values, width=400)
    assert drawn(world, "event-ticket", values, width=400).body == expected.body


@pytest.mark.parametrize("locale", LOCALES)
def test_the_tickets_texts_keep_apart(world: InMemoryService, locale: str) -> None:
    seats = dict.fromkeys(("section", "row", "seat"), "WWWWWWWW")
    values = {**hard_values("event-ticket", locale), **seats}
    boxes = preview(world, document("event-ticket"), values, width=300).boxes
    title, date, guest, row = (boxes[f"/layers/{index}"] for index in (2, 3, 4, 5))
    for upper, lower in ((title, date), (date, guest), (guest, row)):
        assert upper["y"] + upper["height"] + 8 <= lower["y"]
    for pointer, box in boxes.items():
        if pointer.startswith("/layers/5/"):
            assert box["x"] + box["width"] <= 824, "the stub begins at 880"


@pytest.mark.parametrize("ticket_id", ["NRD7X2K9", "W" * 20])
def test_the_tickets_code_has_one_size_at_every_density(
    world: InMemoryService, ticket_id: str
) -> None:
    values = {"ticket_id": ticket_id}
    shares = set()
    for dpr in (1, 2, 3):
        picture = drawn(world, "event-ticket", values, width=600, dpr=dpr)
        assert picture.warnings == []
        shares.add(round(dark_share(picture, dict(picture.boxes["/layers/9"])), 3))
    assert len(shares) == 1
    assert drawn(world, "event-ticket", values, width=300).warnings == []


@pytest.mark.parametrize(
    ("name", "percent"), [("Bo", 9), ("W" * 30, 88.88), (NAMES["ar"][:30], 12.5)]
)
def test_the_coupons_words_stay_off_its_circles(
    world: InMemoryService, name: str, percent: float
) -> None:
    values = {"first_name": name, "percent": percent, "discount_code": "SAVE25NOW"}
    words = preview(world, document("discount-coupon"), values)
    bare = preview(world, without_texts("discount-coupon"), values)
    discs = [pixels_in_circle(each.image, (372, 0), 88) for each in (words, bare)]
    assert words.warnings == [] and look_alike(*discs)


@pytest.mark.parametrize("name", ["there", "W" * 40, *(each[:40] for each in NAMES.values())])
def test_the_welcomes_words_stay_off_the_sun(world: InMemoryService, name: str) -> None:
    values = {"user_name": name, "profile_picture": "asset:portrait"}
    words = preview(world, document("tmpl_a1b2c3d4e5"), values)
    bare = preview(world, without_texts("tmpl_a1b2c3d4e5"), values)
    discs = [pixels_in_circle(each.image, (415, 176), 38) for each in (words, bare)]
    assert words.warnings == [] and look_alike(*discs)


@pytest.mark.parametrize("course", ["W" * 120, TITLES["hi-IN"], "好" * 120])
def test_the_certificate_always_shows_its_grade(world: InMemoryService, course: str) -> None:
    bodies = {
        drawn(world, "certificate-arabic", {"course": course, "grade": grade}, width=500).body
        for grade in (88, 97.5)
    }
    assert len(bodies) == 2


@pytest.mark.parametrize("name", ["👩‍🚀🎈", "♥♥", "渡邉"])
def test_the_loyalty_cards_circle_is_never_empty(world: InMemoryService, name: str) -> None:
    colors = pixels_in_circle(
        drawn(world, "loyalty-card", {"first_name": name}).image, (166, 166), 60
    )
    assert len(set(colors)) > 3


@pytest.mark.parametrize("points", [0, 1840, 1_000_000])
def test_the_loyalty_cards_barcode_scans_at_300_pixels(world: InMemoryService, points: int) -> None:
    picture = drawn(world, "loyalty-card", {"points": points}, width=300)
    assert picture.warnings == []


def test_the_carts_example_shows_its_products() -> None:
    (products,) = (examples("abandoned-cart")[name] for name in ("products",))
    images = [each["image"] for each in products]
    assert len(set(images)) == len(images) == 3


def test_the_countdown_that_is_published_never_ends() -> None:
    moving = seeded_service()
    bodies = []
    for seconds in (0, 3_600, 82_800, 400 * 86_400):  # now, in an hour, a day, 401 days
        moving.now += seconds
        bodies.append(drawn(moving, "countdown-banner", {}).body)
    assert bodies[0] == bodies[2] == bodies[3] != bodies[1]
    assert drawn(moving, "countdown-banner", {"ends_at": "2020-01-01"}).body not in bodies


def test_a_thousand_days_fit_their_box(world: InMemoryService) -> None:
    picture = drawn(world, "countdown-banner", {"ends_at": "2037-01-01"})
    days = next(box for where, box in picture.boxes.items() if where.count("/layers") == 4)
    assert days["width"] <= 92 and days["height"] <= 44
