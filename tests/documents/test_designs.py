"""Every design is a document without faults and findings, in light and in heavy use."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from local.design_art import ART_FOLDER
from local.design_thumbnails import FOLDER, MAX_BYTES, draw_thumbnail
from local.seed_images import ASSETS_FOLDER
from postcard.identifiers import is_template_id
from postcard.ports import StoredObject
from postcard.studio.designs import Design, DesignGallery
from tests.functions.in_memory_service import InMemoryService

DESIGNS = DesignGallery(FOLDER).list()
MAX_FOLDER_BYTES = 6_000_000  # Lambda's limit for a package counts them
MAX_DESIGN_ID, MAX_PICTURE_ID = 30, 25  # with a number behind, an asset's id has at most 64
MAX_MAIL_BYTES = 150_000  # of a picture 1200 pixels wide: for sharp screens, or shared
ABOUT = {"name": 40, "description": 120, "category": 30}
each_design = pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.id)


@pytest.fixture(scope="module")
def world() -> InMemoryService:
    """A service with every design's pictures, by the names that the documents have for them."""
    world = InMemoryService()
    world.key = world.new_api_key(rate=100_000)  # the clock stands still
    return world


def upload_pictures(world: InMemoryService, design: Design) -> None:
    for picture in design.pictures:
        body = picture.path.read_bytes()
        asset = {"id": picture.asset_id, "content_type": picture.content_type, "bytes": len(body)}
        reply = world.call("POST", "/v1/assets", {**asset, "replace": True})
        key = reply.json["upload"]["fields"]["key"]
        world.store.put(key, StoredObject(body, picture.content_type))
        assert world.call("GET", f"/v1/assets/{picture.asset_id}").json["detail"] is None


def test_there_are_designs_and_each_folder_is_one() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert folders == {design.id for design in DESIGNS} and folders


def test_the_designs_fit_into_the_function_s_package() -> None:
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size <= MAX_FOLDER_BYTES


@each_design
def test_a_design_has_a_name_a_description_and_a_category(design: Design) -> None:
    about = json.loads((FOLDER / design.id / "design.json").read_text(encoding="utf-8"))
    assert set(about) == set(ABOUT)
    for name, longest in ABOUT.items():
        assert 0 < len(about[name]) <= longest and about[name] == about[name].strip(), name
    assert is_template_id(design.id) and len(design.id) <= MAX_DESIGN_ID


@each_design
def test_a_design_names_its_pictures_and_no_others(design: Design) -> None:
    files = {path.name for path in (FOLDER / design.id).glob("assets/*")}
    assert files == {picture.path.name for picture in design.pictures}
    assert design.document.count('"asset:') == design.document.count("asset:")  # whole strings
    for picture in design.pictures:
        assert f'"asset:{picture.asset_id}"' in design.document, picture.asset_id
        assert len(picture.asset_id) <= MAX_PICTURE_ID and is_template_id(picture.asset_id)
    renamed = design.document_with({picture.asset_id: "x" for picture in design.pictures})
    assert renamed.count('"asset:') == renamed.count('"asset:x"')


@each_design
def test_a_design_s_pictures_are_of_our_own_drawing(design: Design) -> None:
    for picture in design.pictures:
        seed = ASSETS_FOLDER / picture.path.name
        is_seed = seed.exists() and seed.read_bytes() == picture.path.read_bytes()
        drawn_from = ART_FOLDER / design.id / f"{picture.asset_id}.json"
        assert is_seed or drawn_from.exists(), f"{drawn_from} is missing: make design-art"


def fields_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The fields, those of items included."""
    for name, field in document.get("fields", {}).items():
        yield name, field
        for key, item_field in field.get("items", {}).items():
            yield f"{name}.{key}", item_field


@each_design
def test_every_field_of_a_design_has_a_label_and_bounds(design: Design) -> None:
    bounds = {"text": {"max_length", "pattern", "choices"}, "list": {"max_items"}}
    both = {"number": {"min", "max"}, "date": {"min", "max"}}
    for name, field in fields_of(json.loads(design.document)):
        kind = field.get("type", "text")
        assert field.get("label"), name
        assert kind not in bounds or bounds[kind] & field.keys(), f"{name} has no bound"
        assert both.get(kind, set()) <= field.keys(), f"{name} needs min and max"


@each_design
def test_every_field_of_a_design_has_an_example(design: Design) -> None:
    document = json.loads(design.document)
    counts_to = document.get("countdown", {}).get("to", "")  # an example would be over one day
    for name, field in document.get("fields", {}).items():
        assert {"example", "default"} & field.keys() or name in counts_to, name


@each_design
def test_a_design_has_no_finding_whoever_it_is_for(world: InMemoryService, design: Design) -> None:
    upload_pictures(world, design)
    published = world.publish(json.loads(design.document), design.id)
    assert published.json["findings"] == []
    body = {"document": json.loads(design.document), "people": "worst", "format": "jpg"}
    worst = world.call("POST", "/v1/previews", body, headers={"accept": "application/json"})
    assert worst.status == 200, worst.body
    assert worst.json["findings"] == []
    assert len(worst.json["pictures"]) == 7
    for picture in worst.json["pictures"]:
        assert picture["findings"] == [], picture
        assert picture["alt"] and picture["alt"] == " ".join(picture["alt"].split()), picture["alt"]


@each_design
def test_a_design_s_examples_are_inside_bounds_and_light_enough_for_mail(
    world: InMemoryService, design: Design
) -> None:
    upload_pictures(world, design)
    document = json.loads(design.document)
    examples = [
        {"name": name, "value": field["example"]}
        for name, field in document.get("fields", {}).items()
        if "example" in field
    ]
    body = {"document": document, "modifications": examples, "dpr": 2 if design.width == 600 else 1}
    drawn = world.call("POST", "/v1/previews", body, headers={"accept": "application/json"})
    assert (drawn.status, drawn.json.get("warnings")) == (200, []), drawn.body
    picture = base64.b64decode(drawn.json["image"].partition(",")[2])
    assert len(picture) <= MAX_MAIL_BYTES, len(picture)


@each_design
def test_a_design_s_thumbnail_shows_it(design: Design) -> None:
    stored = design.thumbnail.read_bytes()
    assert len(stored) <= MAX_BYTES
    with (
        Image.open(io.BytesIO(stored)) as old,
        Image.open(io.BytesIO(draw_thumbnail(design))) as new,
    ):
        assert old.size == new.size
        difference = ImageChops.difference(old.convert("RGB"), new.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 2, "make design-thumbnails draws it again"
