"""`/v1/designs`: listing designs, and beginning a template from one."""

import json
from typing import Any

import pytest

from api.routes.designs import GALLERY
from postcard.assets.asset_service import MAX_COPIES
from postcard.studio.designs import Design
from tests.functions.fake_services import HandlerResponse, solid_png
from tests.functions.in_memory_service import InMemoryService

DRAFT = "/v1/templates/sale/draft"


@pytest.fixture
def design() -> Design:
    """A design with a picture."""
    return next(design for design in GALLERY.list() if design.pictures)


def use(
    world: InMemoryService, design: Design, template: str = "sale", key: str = ""
) -> HandlerResponse:
    path = f"/v1/designs/{design.id}/use"
    return world.call("POST", path, {"template_id": template}, key=key)


def assets_of(reply: HandlerResponse) -> list[str]:
    assert reply.status == 200, reply.body
    return list(reply.json["assets"])


def code(reply: HandlerResponse) -> tuple[int, str]:
    return reply.status, reply.json["code"]


def test_designs_are_listed_with_their_thumbnails(empty: InMemoryService) -> None:
    items = empty.call("GET", "/v1/designs").json["items"]
    assert [item["id"] for item in items] == [design.id for design in GALLERY.list()]
    assert [(i["category"], i["name"]) for i in items] == sorted(
        (i["category"], i["name"]) for i in items
    )
    for item in items:
        thumbnail = empty.call("GET", item["thumbnail_url"], key=None)
        assert (thumbnail.status, thumbnail.headers["content-type"]) == (200, "image/webp")
        assert thumbnail.headers["cache-control"] == "public, max-age=3600"
        again = empty.call(
            "GET",
            item["thumbnail_url"],
            key=None,
            headers={"if-none-match": thumbnail.headers["etag"]},
        )
        assert again.status == 304


def test_the_pictures_of_a_design_are_public_at_their_addresses(
    empty: InMemoryService, design: Design
) -> None:
    pictures = empty.call("GET", f"/v1/designs/{design.id}").json["assets"]
    for picture, listed in zip(design.pictures, pictures, strict=True):
        plain = {"accept-encoding": "identity"}
        reply = empty.call("GET", listed["url"], key=None, headers=plain)
        assert reply.body == picture.path.read_bytes()
        assert reply.headers["content-type"] == listed["content_type"]
        assert reply.headers["cache-control"] == "public, max-age=3600"
        seen = {**plain, "if-none-match": reply.headers["etag"]}
        assert empty.call("GET", listed["url"], key=None, headers=seen).status == 304


def test_a_design_is_read_with_its_document_and_its_pictures(
    empty: InMemoryService, design: Design
) -> None:
    read = empty.call("GET", f"/v1/designs/{design.id}").json
    assert (read["name"], read["document"]) == (design.name, json.loads(design.document))
    assert read["assets"] == [picture.to_json() for picture in design.pictures]
    whole = empty.call("GET", f"/v1/designs/{design.id}/document")
    assert whole.body == design.document.encode()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/designs/none",
        "/v1/designs/none/document",
        "/v1/designs/..%2f..%2fstatic",
        "/studio/designs/none.webp",
        "/studio/designs/price-drop.json",
        "/studio/designs/..%2fapp.webp",
        "/studio/designs/none/lamp.jpg",
        "/studio/designs/price-drop/lamp.png",
        "/studio/designs/price-drop/..%2ftemplate.json",
    ],
)
def test_what_is_no_design_is_not_found(empty: InMemoryService, path: str) -> None:
    assert code(empty.call("GET", path)) == (404, "not_found")


def test_a_design_becomes_a_draft_whose_pictures_are_assets(
    empty: InMemoryService, design: Design
) -> None:
    reply = use(empty, design)
    ids = assets_of(reply)
    assert ids == [f"{design.id}-{picture.asset_id}" for picture in design.pictures]
    assert reply.headers["etag"] == f'"{reply.json["etag"]}"'
    assert reply.json["base"] is None
    for asset_id in ids:
        asset = empty.call("GET", f"/v1/assets/{asset_id}").json
        assert (asset["status"], asset["template_ids"]) == ("ready", None)
    draft = empty.call("GET", f"{DRAFT}/document").body.decode()
    assert draft == design.document_with(
        dict(zip((p.asset_id for p in design.pictures), ids, strict=True))
    )
    assert len(draft.splitlines()) == len(design.document.splitlines())
    preview = {"document": json.loads(draft), "format": "png"}
    drawn = empty.call("POST", "/v1/previews", preview, headers={"accept": "application/json"})
    assert (drawn.json["warnings"], drawn.json["findings"]) == ([], [])
    headers = {"postcard-draft": f'"{reply.json["etag"]}"'}
    assert empty.call("PUT", "/v1/templates/sale", draft, headers=headers).status == 200


def test_a_second_use_copies_no_picture_again(empty: InMemoryService, design: Design) -> None:
    first = assets_of(use(empty, design))
    puts = empty.store.puts
    assert assets_of(use(empty, design, "other")) == first
    assert empty.store.puts == puts
    assert use(empty, design).status == 200, "a call whose response was lost is repeated"


def test_a_draft_that_is_there_is_never_replaced_by_a_design(
    empty: InMemoryService, design: Design
) -> None:
    empty.call("PUT", DRAFT, {"mine": 1}, headers={"if-none-match": "*"})
    assert code(use(empty, design)) == (412, "precondition_failed")
    assert empty.call("GET", f"{DRAFT}/document").json == {"mine": 1}


def test_a_design_begins_a_draft_of_a_published_template_too(
    world: InMemoryService, design: Design
) -> None:
    assert use(world, design, "welcome").json["base"] == 1
    world.call("DELETE", "/v1/templates/welcome")
    assets = len(world.call("GET", "/v1/assets").json["items"])
    assert code(use(world, design, "welcome")) == (410, "deleted")
    assert len(world.call("GET", "/v1/assets").json["items"]) == assets


def test_an_asset_of_the_user_s_is_never_overwritten(
    empty: InMemoryService, design: Design
) -> None:
    taken = f"{design.id}-{design.pictures[0].asset_id}"
    empty.upload_asset(taken, solid_png())
    assert empty.call("GET", f"/v1/assets/{taken}").json["width"] == 8
    ids = assets_of(use(empty, design))
    assert ids[0] == f"{taken}-2"
    assert f'"asset:{taken}-2"' in empty.call("GET", f"{DRAFT}/document").body.decode()
    assert empty.call("GET", f"/v1/assets/{taken}").json["width"] == 8
    assert assets_of(use(empty, design, "other")) == ids


def test_a_copy_that_the_user_replaced_is_theirs(empty: InMemoryService, design: Design) -> None:
    (first, *_) = assets_of(use(empty, design))
    empty.upload_asset(first, solid_png(), replace=True)
    assert empty.call("GET", f"/v1/assets/{first}").json["width"] == 8
    assert assets_of(use(empty, design, "other"))[0] == f"{first}-2"


def test_copies_of_one_picture_are_bounded(empty: InMemoryService, design: Design) -> None:
    taken = f"{design.id}-{design.pictures[0].asset_id}"
    for number in range(1, MAX_COPIES + 1):
        empty.upload_asset(taken if number == 1 else f"{taken}-{number}", solid_png())
    own = assets_of(use(empty, design, "other"))[0]
    assert own.startswith(f"{taken}-") and assets_of(use(empty, design, "other"))[0] == own
    empty.upload_asset(own, solid_png(), replace=True)
    assert empty.call("GET", f"/v1/assets/{own}").json["width"] == 8
    assert empty.call("DELETE", "/v1/templates/other/draft").status == 204
    assert code(use(empty, design, "other")) == (409, "conflict")
    assert empty.call("GET", "/v1/templates/other/draft").status == 404


def test_any_number_of_confined_keys_use_a_design(empty: InMemoryService, design: Design) -> None:
    templates = [f"sale-{number}" for number in range(MAX_COPIES + 5)]
    seen = set()
    for template in templates:
        key = empty.new_api_key(["drafts"], templates=[template])
        seen.update(assets_of(use(empty, design, template, key=key)))
    assert len(seen) == len(templates) * len(design.pictures)


def test_pictures_are_of_the_templates_of_the_key(empty: InMemoryService, design: Design) -> None:
    ours = empty.new_api_key(["drafts"], templates=["sale"])
    theirs = empty.new_api_key(["drafts"], templates=["other"])
    (first, *_) = assets_of(use(empty, design, key=ours))
    assert empty.call("GET", f"/v1/assets/{first}").json["template_ids"] == ["sale"]
    assert assets_of(use(empty, design, "other", key=theirs))[0] == f"{first}-2"
    assert code(use(empty, design, "other", key=ours)) == (403, "template_not_allowed")
    assert assets_of(use(empty, design, "third"))[0] == f"{first}-3"


def test_designs_need_the_scope_templates_or_drafts(empty: InMemoryService, design: Design) -> None:
    key = empty.new_api_key(["images", "batches", "admin"])
    for method, path in (
        ("GET", "/v1/designs"),
        ("GET", f"/v1/designs/{design.id}"),
        ("GET", f"/v1/designs/{design.id}/document"),
    ):
        assert code(empty.call(method, path, key=key)) == (403, "missing_scope")
    assert code(use(empty, design, key=key)) == (403, "missing_scope")


@pytest.mark.parametrize("body", [{}, {"template_id": "UPPER"}, {"template_id": 1}, {"x": "a"}])
def test_a_use_names_a_template(
    empty: InMemoryService, design: Design, body: dict[str, Any]
) -> None:
    reply = empty.call("POST", f"/v1/designs/{design.id}/use", body)
    assert reply.status == 400 and empty.call("GET", "/v1/assets").json["items"] == []
