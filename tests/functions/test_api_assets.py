"""`/v1/assets`: replacing bytes that are in use, and assets of some templates only."""

from dataclasses import replace
from typing import Any

import pytest

from postcard.adapters.memory import MemoryAssetStore
from postcard.assets.reader import AssetReader
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.ports import AssetRecord, StoredObject
from tests.fonts import upside_down_font
from tests.functions.fake_services import HandlerResponse, solid_png
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

RED, BLUE = solid_png(8, 4), solid_png(16, 10, (0, 0, 250))
pytestmark = pytest.mark.usefixtures("fonts_are_checked_once")
ANNOUNCED = {"id": "hero", "content_type": "image/png", "bytes": len(BLUE)}
NO_PICTURE = b"<svg onload=alert(1)>"


def photo_document(**more: Any) -> dict[str, Any]:
    """A template whose picture is a value, and a text by which its links differ."""
    fields = {"photo": {"type": "image"}, "name": {"max_length": 9}}
    layer = {"type": "image", "width": 20, "height": 20, "source": "{{ photo }}"}
    return document(fields=fields, layers=[layer], alt="{{ name }}", **more)


@pytest.fixture
def photos(empty: InMemoryService) -> InMemoryService:
    """A service with the asset `hero` in red, and a template that shows a photo."""
    empty.upload_asset("hero", RED)
    empty.publish(photo_document())
    return empty


def opened(world: InMemoryService, name: str, photo: str = "asset:hero") -> HandlerResponse:
    """A link's picture by the image function; another `name` is another link."""
    return world.open_link(world.sign_link({"photo": photo, "name": name}))


def read(world: InMemoryService, asset_id: str = "hero", key: str = "") -> dict[str, Any]:
    reply = world.call("GET", f"/v1/assets/{asset_id}", key=key)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def announce(world: InMemoryService, **more: Any) -> HandlerResponse:
    return world.call("POST", "/v1/assets", {**ANNOUNCED, **more})


def test_an_asset_is_in_use_until_the_upload_that_replaces_it_was_checked(
    photos: InMemoryService,
) -> None:
    red = opened(photos, "a").body
    photos.now += 60
    announced = announce(photos, replace=True).json
    assert (announced["status"], announced["bytes"]) == ("waiting", len(BLUE))
    assert opened(photos, "b").body == red
    waiting = read(photos)
    assert (waiting["status"], waiting["replacement"]) == ("ready", "waiting")
    assert (waiting["width"], waiting["height"]) == (8, 4)
    photos.store.put(announced["upload"]["fields"]["key"], StoredObject(BLUE, "image/png"))
    assert opened(photos, "c").body == red
    checked = read(photos)
    assert (checked["status"], checked["replacement"], checked["detail"]) == ("ready", None, None)
    assert (checked["width"], checked["height"]) == (16, 10)
    assert checked["created_at"] == announced["created_at"] == "2026-11-22T10:01:00Z"
    drawn = opened(photos, "d")
    assert drawn.body != red and "x-postcard-fallback" not in drawn.headers


def test_a_refused_upload_leaves_the_asset_as_it_was_and_says_why(photos: InMemoryService) -> None:
    red, before = opened(photos, "a").body, read(photos)
    photos.upload_asset("hero", NO_PICTURE, replace=True)
    refused = read(photos)
    assert (refused["status"], refused["replacement"]) == ("ready", "refused")
    assert "not a usable picture" in refused["detail"]
    assert {**refused, "detail": None, "replacement": None} == before
    assert opened(photos, "b").body == red
    assert list(photos.store.keys("uploads/")) == []
    assert announce(photos, replace=True).status == 200
    assert read(photos)["detail"] is None


@pytest.mark.parametrize("arrived", [0, len(BLUE) // 2])
def test_an_upload_that_breaks_off_leaves_links_drafts_and_posts_whole(
    photos: InMemoryService, arrived: int
) -> None:
    photo = [{"name": "photo", "image_url": "asset:hero"}]
    draft = "/v1/templates/welcome/draft"
    photos.call("PUT", draft, photo_document(), headers={"if-none-match": "*"})

    def pictures(name: str) -> list[bytes]:
        document = photos.call("GET", f"{draft}/document").json
        sent = {"document": document, "modifications": photo, "format": "png"}
        preview = photos.call("POST", "/v1/previews", sent, headers={"accept": "image/*"})
        values = [*photo, {"name": "name", "text": name}]
        image = photos.call(
            "POST", "/v1/images", {"template_id": "welcome", "modifications": values}
        )
        assert (preview.status, image.json["warnings"]) == (200, [])
        link = opened(photos, name)
        assert "x-postcard-fallback" not in link.headers
        return [preview.body, photos.open_image(image.json["url"]).body, link.body]

    before = pictures("a")
    key = announce(photos, replace=True).json["upload"]["fields"]["key"]
    if arrived:
        photos.store.put(key, StoredObject(BLUE[:arrived], "image/png"))
    assert pictures("b") == before
    assert read(photos)["replacement"] == ("refused" if arrived else "waiting")
    assert pictures("c") == before


def test_publishing_with_an_asset_checks_the_upload_that_replaces_it(
    photos: InMemoryService,
) -> None:
    layer = {"type": "image", "width": 20, "height": 20, "source": "asset:hero"}
    photos.publish(document(layers=[layer]), "banner")
    photos.upload_asset("hero", BLUE, replace=True)
    photos.publish(document(layers=[layer], background="#ffffff"), "banner")
    (line,) = photos.call("GET", "/v1/assets").json["items"]
    assert (line["width"], line["replacement"]) == (16, None)


def test_only_the_last_of_several_announced_uploads_is_used(photos: InMemoryService) -> None:
    first = announce(photos, replace=True).json["upload"]["fields"]["key"]
    photos.store.put(first, StoredObject(RED, "image/png"))
    photos.upload_asset("hero", BLUE, replace=True)
    assert read(photos)["width"] == 16
    assert list(photos.store.keys("uploads/")) == []


def test_an_upload_that_was_never_checked_is_in_use_until_another_was(
    empty: InMemoryService,
) -> None:
    empty.publish(photo_document())
    empty.upload_asset("hero", RED)
    assert "x-postcard-fallback" not in opened(empty, "a").headers
    announce(empty, replace=True)
    assert "x-postcard-fallback" not in opened(empty, "b").headers
    assert (read(empty)["status"], read(empty)["width"]) == ("ready", 8)


def test_an_id_that_exists_is_a_conflict_unless_it_is_to_be_replaced(
    photos: InMemoryService,
) -> None:
    reply = announce(photos)
    assert (reply.status, reply.json["code"]) == (409, "conflict")
    assert '"replace": true' in reply.json["detail"]
    assert announce(photos, replace=False).status == 409
    assert announce(photos, replace=True).status == 200
    assert announce(photos, id="new", replace=True).status == 200
    assert announce(photos, id="new").status == 409
    assert announce(photos, replace="yes").error_locations() == [("invalid_request", "/replace")]


def test_a_read_checks_an_upload_and_tells_the_size_of_the_picture(empty: InMemoryService) -> None:
    announced = announce(empty).json
    waiting = {key: value for key, value in announced.items() if key != "upload"}
    assert read(empty) == waiting
    assert (waiting["status"], waiting["width"], waiting["height"]) == ("waiting", None, None)
    empty.store.put(announced["upload"]["fields"]["key"], StoredObject(BLUE, "image/png"))
    ready = read(empty)
    assert (ready["status"], ready["width"], ready["height"]) == ("ready", 16, 10)
    (line,) = empty.call("GET", "/v1/assets").json["items"]
    assert line == ready


@pytest.mark.parametrize("body", [NO_PICTURE, BLUE + b"more"])
def test_a_read_tells_why_an_upload_was_refused(empty: InMemoryService, body: bytes) -> None:
    key = announce(empty).json["upload"]["fields"]["key"]
    empty.store.put(key, StoredObject(body, "image/png"))
    refused = read(empty)
    assert (refused["status"], refused["replacement"]) == ("refused", None)
    assert refused["detail"].startswith('The asset "hero" ')
    assert read(empty) == refused
    assert list(empty.store.keys("")) == []
    empty.upload_asset("hero", RED, replace=True)
    assert (read(empty)["status"], read(empty)["detail"]) == ("ready", None)


def test_a_read_of_a_font_checks_it_and_tells_its_family(empty: InMemoryService) -> None:
    empty.upload_asset("kite", upside_down_font(), content_type="font/ttf")
    kite = read(empty, "kite")
    assert (kite["status"], kite["family"], kite["width"]) == ("ready", "Kite", None)
    empty.upload_asset("kite", b"no font", content_type="font/ttf", replace=True)
    kite = read(empty, "kite")
    assert (kite["status"], kite["family"], kite["replacement"]) == ("ready", "Kite", "refused")
    families = [font["family"] for font in empty.call("GET", "/v1/fonts").json]
    assert families == ["Inter", "Kite"]


def test_a_font_is_listed_though_there_is_no_time_to_check_its_replacement(
    empty: InMemoryService,
) -> None:
    empty.upload_asset("kite", upside_down_font(), content_type="font/ttf")
    read(empty, "kite")
    empty.upload_asset("kite", upside_down_font("Sail"), content_type="font/ttf", replace=True)
    fonts = empty.call("GET", "/v1/fonts", remaining_ms=9_000).json
    assert [font["family"] for font in fonts] == ["Inter", "Kite"]
    assert read(empty, "kite")["family"] == "Sail"


def test_a_read_of_a_record_of_0_1_tells_the_size_of_its_picture(photos: InMemoryService) -> None:
    read(photos)
    record = photos.assets.get("hero")
    assert record is not None
    photos.assets = MemoryAssetStore()
    photos.assets.put(replace(record, width=None, height=None, revision=1))
    photos.rebuild()
    assert (read(photos)["width"], read(photos)["height"]) == (8, 4)


def test_there_is_nothing_to_read_by_an_unknown_id(photos: InMemoryService) -> None:
    for path in ("/v1/assets/nothing", "/v1/assets/HERO"):
        assert photos.call("GET", path).status == 404


def test_a_deleted_asset_takes_its_replacement_along(photos: InMemoryService) -> None:
    read(photos)
    photos.upload_asset("hero", BLUE, replace=True)
    assert photos.call("DELETE", "/v1/assets/hero").status == 204
    assert [key for key in photos.store.keys("") if not key.startswith("templates/")] == []


class DeletingStore(MemoryAssetStore):
    """Somebody deletes every asset while its upload is checked."""

    def put(self, record: AssetRecord) -> None:
        if record.revision > 1:
            self.delete(record.asset_id)
        super().put(record)


def test_an_asset_that_is_deleted_while_it_is_checked_stays_deleted(
    empty: InMemoryService,
) -> None:
    empty.assets = DeletingStore()
    empty.rebuild()
    empty.upload_asset("hero", RED)
    assert read(empty)["status"] == "refused"
    assert empty.call("GET", "/v1/assets").json["items"] == []
    assert list(empty.store.keys("assets/")) == []


class OutdatedReads(MemoryAssetStore):
    """The first read gets the record as it was before it was replaced."""

    def __init__(self, outdated: AssetRecord, current: AssetRecord) -> None:
        super().__init__()
        self.reads = [outdated]
        self.put(replace(current, revision=1))

    def get(self, asset_id: str) -> AssetRecord | None:
        return self.reads.pop() if self.reads else super().get(asset_id)


def test_a_picture_that_is_replaced_between_two_reads_is_still_drawn(
    photos: InMemoryService,
) -> None:
    read(photos)
    old = photos.assets.get("hero")
    photos.upload_asset("hero", BLUE, replace=True)
    read(photos)
    new = photos.assets.get("hero")
    assert old is not None and new is not None and photos.store.get(old.object_key) is None
    reader = AssetReader(
        OutdatedReads(old, new), photos.store, DecodedImage.decode, normalize=False
    )
    assert reader.read("hero") == reader.read("hero")


# Assets of some templates


def shop_key(world: InMemoryService, *templates: str) -> str:
    return world.new_api_key(templates=templates or ("shop",))


@pytest.fixture
def shop(empty: InMemoryService) -> InMemoryService:
    """`logo` is of the whole account, `hero` of the template `shop`."""
    empty.upload_asset("logo", RED)
    empty.upload_asset("hero", RED, key=shop_key(empty))
    return empty


def listed(world: InMemoryService, key: str = "") -> list[str]:
    return [item["id"] for item in world.call("GET", "/v1/assets", key=key).json["items"]]


def test_an_asset_has_the_templates_of_the_key_that_uploaded_it(shop: InMemoryService) -> None:
    assert (read(shop)["template_ids"], read(shop, "logo")["template_ids"]) == (["shop"], None)
    shop.upload_asset("hero", BLUE, replace=True)
    assert read(shop)["template_ids"] == ["shop"]


def test_an_asset_of_other_templates_is_like_one_that_is_not_there(shop: InMemoryService) -> None:
    other = shop_key(shop, "news")
    assert listed(shop, other) == ["logo"]
    assert listed(shop, shop_key(shop)) == listed(shop) == ["hero", "logo"]
    for method in ("GET", "DELETE"):
        hero, none = (shop.call(method, f"/v1/assets/{i}", key=other) for i in ("hero", "none"))
        assert (hero.status, hero.json["code"]) == (none.status, none.json["code"])
        assert hero.status == 404
        assert hero.json["detail"].replace("hero", "none") == none.json["detail"]
    for more in ({}, {"replace": True}):
        reply = shop.call("POST", "/v1/assets", {**ANNOUNCED, **more}, key=other)
        assert (reply.status, reply.json["code"]) == (409, "conflict")
    assert read(shop)["replacement"] is None


def test_a_confined_key_changes_its_own_assets(shop: InMemoryService) -> None:
    key = shop_key(shop)
    shop.upload_asset("hero", BLUE, replace=True, key=key)
    assert read(shop, key=key)["width"] == 16
    assert shop.call("DELETE", "/v1/assets/hero", key=key).status == 204
    shop.upload_asset("hero", BLUE, key=shop_key(shop, "news"))


def test_an_asset_of_the_whole_account_needs_a_key_for_all_templates_to_change(
    shop: InMemoryService,
) -> None:
    key = shop_key(shop)
    assert read(shop, "logo", key)["status"] == "ready"
    sent = {**ANNOUNCED, "id": "logo"}
    assert shop.call("POST", "/v1/assets", sent, key=key).status == 409
    for reply in (
        shop.call("POST", "/v1/assets", {**sent, "replace": True}, key=key),
        shop.call("DELETE", "/v1/assets/logo", key=key),
    ):
        assert (reply.status, reply.json["code"]) == (403, "template_not_allowed")
    assert read(shop, "logo")["replacement"] is None
    assert shop.call("DELETE", "/v1/assets/logo").status == 204


def test_an_asset_of_several_templates_needs_a_key_for_all_of_them(empty: InMemoryService) -> None:
    both = shop_key(empty, "shop", "news")
    empty.upload_asset("hero", RED, key=both)
    assert read(empty, key=shop_key(empty))["template_ids"] == ["shop", "news"]
    assert empty.call("DELETE", "/v1/assets/hero", key=shop_key(empty)).status == 403
    assert empty.call("DELETE", "/v1/assets/hero", key=both).status == 204


def test_an_asset_is_shown_in_its_templates_only(shop: InMemoryService) -> None:
    layer = {"type": "image", "width": 20, "height": 20, "source": "asset:hero"}
    shop.publish(document(layers=[layer]), "shop")
    missing = [{**layer, "source": "asset:none"}]
    replies = [
        shop.call("PUT", "/v1/templates/news", document(layers=layers))
        for layers in ([layer], missing)
    ]
    details = [reply.json["errors"][0]["detail"] for reply in replies]
    assert [reply.error_locations() for reply in replies] == [
        [("image_unavailable", "/layers/0/source")]
    ] * 2
    assert details[0].replace("hero", "none") == details[1]
    shop.publish(photo_document(), "news")
    named = [{"name": "photo", "image_url": "asset:hero"}]
    made = shop.call("POST", "/v1/images", {"template_id": "news", "modifications": named})
    assert [warning["code"] for warning in made.json["warnings"]] == ["image_unavailable"]
    link = shop.sign_link({"photo": "asset:hero"}, template="news")
    assert shop.open_link(link).headers["x-postcard-fallback"] == "source"


def test_a_draft_shows_the_assets_of_the_key_s_templates(shop: InMemoryService) -> None:
    layer = {"type": "image", "width": 20, "height": 20, "source": "asset:hero"}
    draft = {"document": document(layers=[layer])}
    as_json = {"accept": "application/json"}
    warned = {
        key: shop.call("POST", "/v1/previews", draft, headers=as_json, key=key).json["warnings"]
        for key in ("", shop_key(shop), shop_key(shop, "news"))
    }
    assert [len(warnings) for warnings in warned.values()] == [0, 0, 1]


def test_a_font_of_other_templates_is_neither_listed_nor_drawn_with(
    empty: InMemoryService,
) -> None:
    key, other = shop_key(empty), shop_key(empty, "news")
    empty.upload_asset("kite", upside_down_font(), content_type="font/ttf", key=key)
    families = {
        one: [font["family"] for font in empty.call("GET", "/v1/fonts", key=one).json]
        for one in (key, other)
    }
    assert families == {key: ["Inter", "Kite"], other: ["Inter"]}
    layer = {"type": "text", "x": 4, "y": 4, "width": 110, "text": "Hi there", "size": 20}

    def drawn(font: str, template: str) -> bytes:
        empty.publish(document(layers=[{**layer, "font": font}], fields={}, alt=""), template)
        number = empty.call("GET", f"/v1/templates/{template}").json["version"]
        return empty.open_link(empty.sign_link(template=template, version=number)).body

    assert drawn("Kite", "news") == drawn("Inter", "news")
    assert drawn("Kite", "shop") != drawn("Inter", "shop")
    named = document(layers=[{**layer, "font": "asset:kite"}], fields={}, alt="")
    refused = empty.call("PUT", "/v1/templates/news", named)
    assert refused.error_locations() == [("invalid_value", "/layers/0/font")]
    assert empty.call("POST", "/v1/previews", {"document": named}, key=other).status == 400
    assert empty.call("POST", "/v1/previews", {"document": named}, key=key).status == 200


def test_announcing_the_same_new_id_twice_at_once_gives_it_to_one_key(
    empty: InMemoryService,
) -> None:
    key = shop_key(empty)

    class Late(MemoryAssetStore):
        """Another key announces the id between the read and the write."""

        def get(self, asset_id: str) -> AssetRecord | None:
            found = super().get(asset_id)
            if found is None:
                first = AssetRecord(asset_id, "image/png", 1, "uploads/hero/0", int(NOW))
                super().put(first)
            return found

    empty.assets = Late()
    empty.rebuild()
    reply = empty.call("POST", "/v1/assets", ANNOUNCED, key=key)
    assert (reply.status, reply.json["code"]) == (409, "conflict")
    assert read(empty)["template_ids"] is None


def test_a_checked_file_is_read_once_and_replaced_at_once(empty: InMemoryService) -> None:
    shown = {"type": "image", "width": 120, "height": 60, "source": "asset:hero"}
    draft = {"document": document(fields={}, layers=[shown], alt=""), "findings": False}

    def draw() -> tuple[bytes, int]:
        before = empty.store.gets
        reply = empty.call("POST", "/v1/previews", draft)
        return reply.body, empty.store.gets - before

    empty.upload_asset("hero", solid_png(color=(255, 0, 0)))
    red, _ = draw()
    assert draw()[0] == red and draw() == (red, 0)
    empty.upload_asset("hero", solid_png(color=(0, 0, 255)), replace=True)
    blue, _ = draw()
    assert blue != red and draw() == (blue, 0)
    empty.call("DELETE", "/v1/assets/hero")
    gone = empty.call("POST", "/v1/previews", draft, headers={"accept": "application/json"}).json
    assert [warning["code"] for warning in gone["warnings"]] == ["image_unavailable"]
