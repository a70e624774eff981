"""Which assets a value may name: in an open part of a link, and with a key for some templates."""

from typing import Any

import pytest

from postcard.adapters.memory import MemoryAssetStore
from postcard.ports import AssetRecord
from tests.functions.fake_services import HandlerResponse, solid_png
from tests.functions.in_memory_service import BASE_URL, InMemoryService
from tests.functions.sample_events import document

COLORS = {
    "hero": (200, 30, 30),
    "gold": (200, 180, 20),
    "signature": (20, 20, 200),
    "badge-a": (9, 99, 9),
    "badge-b": (99, 9, 99),
}
PHOTO = {"type": "image", "allowed_hosts": ["cdn.example.com"], "open": True}
MISSING, SECRET = "asset:missing", "asset:signature"


class CountingAssets(MemoryAssetStore):
    """Counts reads of records, and the ids that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, asset_id: str) -> AssetRecord | None:
        self.asked.append(asset_id)
        return super().get(asset_id)


@pytest.fixture
def assets(empty: InMemoryService) -> CountingAssets:
    """Five assets of the whole account."""
    counting = CountingAssets()
    empty.assets = counting
    empty.rebuild()
    for asset_id, color in COLORS.items():
        empty.upload_asset(asset_id, solid_png(8, 8, color))
        assert empty.call("GET", f"/v1/assets/{asset_id}").json["status"] == "ready"
    return counting


def photo_template(source: str = "{{ photo }}", **fields: Any) -> dict[str, Any]:
    default = {"photo": {**PHOTO, "default": "asset:hero"}, "name": {"max_length": 9, "open": True}}
    layer = {"type": "image", "name": "frame", "width": 40, "height": 40, "source": source}
    return document(fields={**default, **fields}, layers=[layer], alt="{{ name }}")


def opened(
    world: InMemoryService, *, template: str = "welcome", signed: dict[str, str], **open_values: str
) -> HandlerResponse:
    """A merge link as a stranger opens it, with `open_values` in its open part."""
    link = world.sign_link(signed, open=list(open_values), template=template)
    parts = "".join(f"&{name}={value}" for name, value in open_values.items())
    return world.open_link(link + parts)


def is_drawn(reply: HandlerResponse) -> bool:
    return reply.status == 200 and "x-postcard-fallback" not in reply.headers


def test_an_open_value_cannot_show_an_asset_that_the_template_does_not_name(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    empty.publish(photo_template())
    usual = opened(empty, signed={"name": "a"}, photo="")
    assert is_drawn(usual)
    for number, asset in enumerate((SECRET, "asset:gold", MISSING, " " + SECRET)):
        assets.asked.clear()
        reply = opened(empty, signed={"name": f"b{number}"}, photo=asset)
        assert (is_drawn(reply), reply.body) == (True, usual.body)
        assert assets.asked == []


def test_a_reader_of_a_link_cannot_tell_which_assets_exist(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    empty.publish(photo_template())
    opened(empty, signed={"name": "warm"}, photo="")
    work = []
    for asset in (SECRET, MISSING):
        gets, assets.asked[:] = empty.store.gets, []
        reply = opened(empty, signed={"name": asset[-1]}, photo=asset)
        headers = {**reply.headers, "server-timing": ""}
        work.append((reply.status, reply.body, headers, empty.store.gets - gets))
        assert assets.asked == []
    assert work[0] == work[1]


def test_an_open_value_may_name_what_the_document_or_the_field_names(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    empty.publish(photo_template(photo={**PHOTO, "allowed_assets": ["gold"]}))
    empty.publish(photo_template(other={"type": "image", "default": "asset:gold"}), "named")
    signed = empty.open_link(empty.sign_link({"photo": "asset:gold"}))
    for template in ("welcome", "named"):
        reply = opened(empty, template=template, signed={}, photo="asset:gold")
        assert (is_drawn(reply), reply.body) == (True, signed.body)


def test_a_signed_value_may_still_name_any_asset(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    empty.publish(photo_template())
    signed = empty.open_link(empty.sign_link({"photo": SECRET}))
    beside = opened(empty, signed={"photo": SECRET}, name="x")
    assert is_drawn(signed) and signed.body == beside.body
    assert signed.body != opened(empty, signed={}, photo=SECRET).body


def test_allowed_assets_bound_every_value(empty: InMemoryService, assets: CountingAssets) -> None:
    empty.publish(photo_template(photo={**PHOTO, "allowed_assets": ["gold"]}))
    post = {"template_id": "welcome"}
    for asset, status in (("asset:gold", 200), (SECRET, 400), (MISSING, 400)):
        named = [{"name": "photo", "image_url": asset}]
        reply = empty.call("POST", "/v1/images", {**post, "modifications": named})
        assert reply.status == status
        if status == 400:
            assert reply.error_locations() == [("invalid_value", "/modifications/0/image_url")]
    shown = empty.open_link(empty.sign_link({"photo": SECRET, "name": "x"}))
    assert (
        is_drawn(shown)
        and shown.body != empty.open_link(empty.sign_link({"photo": "asset:gold"})).body
    )
    assert "signature" not in assets.asked[len(COLORS) * 3 :]


def test_an_open_item_of_a_list_is_bounded_and_a_signed_one_is_not(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    fields = {"goods": {"type": "list", "items": {"photo": PHOTO}, "max_items": 3}}
    layer = {"type": "image", "width": 30, "height": 30, "source": "{{ item.photo }}"}
    group = {"type": "group", "flow": "row", "repeat": "goods", "layers": [layer]}
    empty.publish(document(fields=fields, layers=[group], alt=""))
    signed = {"goods_1_photo": SECRET}
    alone = empty.open_link(empty.sign_link(signed))
    for asset in (SECRET, MISSING):
        assets.asked.clear()
        both = opened(empty, signed=signed, goods_2_photo=asset)
        assert is_drawn(both)
        assert both.body == alone.body
        assert assets.asked == ["signature"]


TIERS = {"tier": {"choices": ["a", "b"], "default": "a", "open": True}}
TEXT = {"tier": {"max_length": 20, "open": True}}


@pytest.mark.parametrize(
    "source",
    ["asset:{{ tier }}", "{{ tier }}", "{% assign x = tier %}asset:{{ x | downcase }}"],
)
def test_an_open_text_in_a_source_does_not_choose_among_all_assets(
    empty: InMemoryService, assets: CountingAssets, source: str
) -> None:
    empty.publish(photo_template(source, **TEXT))
    replies = []
    for asset in (SECRET, MISSING):
        assets.asked.clear()
        text = asset if source == "{{ tier }}" else asset.removeprefix("asset:")
        reply = opened(empty, signed={"name": text[-1]}, tier=text)
        replies.append((reply.status, reply.headers["x-postcard-fallback"], reply.body))
        assert assets.asked == []
    assert replies[0] == replies[1]


def test_an_open_field_with_choices_or_a_boolean_may_choose_an_asset(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    empty.publish(photo_template("asset:badge-{{ tier }}", **TIERS))
    first, second = (opened(empty, signed={"name": t}, tier=t) for t in "ab")
    assert is_drawn(first) and is_drawn(second) and first.body != second.body
    vip = {"vip": {"type": "boolean", "open": True}, **TEXT}
    source = "{% if vip %}asset:gold{% elsif tier == 'x' %}asset:badge-a{% endif %}"
    empty.publish(photo_template(source, **vip), "vip")
    assert is_drawn(opened(empty, template="vip", signed={}, vip="yes"))
    assert is_drawn(opened(empty, template="vip", signed={}, tier="x"))


# Keys that are limited to templates


@pytest.fixture
def confined(empty: InMemoryService, assets: CountingAssets) -> str:
    """A key for the template `welcome`, which names `hero`."""
    empty.publish(photo_template())
    return empty.new_api_key(templates=("welcome",))


CALLS = ("/v1/images", "/v1/links", "/v1/previews")


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("name", ["photo", "frame"])
def test_values_of_a_confined_key_name_only_assets_that_the_template_names(
    empty: InMemoryService, assets: CountingAssets, confined: str, path: str, name: str
) -> None:
    def post(asset: str, key: str, **more: object) -> HandlerResponse:
        named = [{"name": name, "image_url": asset}]
        body = {"template_id": "welcome", "modifications": named, **more}
        return empty.call("POST", path, body, key=key)

    answers = []
    for asset in (SECRET, MISSING):
        assets.asked.clear()
        reply = post(asset, confined)
        assert reply.error_locations() == [("invalid_value", "/modifications/0/image_url")]
        answers.append({**reply.json, "request_id": ""})
        late = post(asset, confined, width="no")
        assert ("invalid_value", "/modifications/0/image_url") in late.error_locations()
        assert assets.asked == []
    assert answers[0] == answers[1]
    assert post("asset:hero", confined).status == 200
    assert post(SECRET, "").status == 200
    replaced = post(SECRET, confined, on_invalid="default")
    assert replaced.status == 200


def test_a_link_that_a_confined_key_mints_shows_no_other_asset(
    empty: InMemoryService, assets: CountingAssets, confined: str
) -> None:
    named = [{"name": "photo", "image_url": SECRET}]
    body = {"template_id": "welcome", "modifications": named, "on_invalid": "default"}
    url = empty.call("POST", "/v1/links", body, key=confined).json["url"]
    assert "signature" not in url
    assert empty.open_link(url.removeprefix(BASE_URL)).body == (
        empty.open_link(empty.sign_link()).body
    )


@pytest.mark.parametrize("path", CALLS[:2])
def test_a_confined_key_s_text_in_a_source_does_not_choose_among_all_assets(
    empty: InMemoryService, assets: CountingAssets, confined: str, path: str
) -> None:
    empty.publish(photo_template("asset:{{ tier }}", **TEXT))
    answers = []
    for text in ("signature", "missing"):
        assets.asked.clear()
        named = [{"name": "tier", "text": text}]
        body = {"template_id": "welcome", "modifications": named, "on_invalid": "default"}
        reply = empty.call("POST", path, body, key=confined)
        assert reply.error_locations() == [("invalid_value", "/modifications")]
        assert assets.asked == []
        answers.append({**reply.json, "request_id": ""})
        assert empty.call("POST", path, body).status == 200
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("allowed", "pointer"),
    [
        ([], "/fields/photo/allowed_assets"),
        (["Hero"], "/fields/photo/allowed_assets/0"),
        (["asset:hero"], "/fields/photo/allowed_assets/0"),
        (["gold"] * 101, "/fields/photo/allowed_assets"),
        (["gold"], "/fields/photo/example"),
    ],
)
def test_allowed_assets_are_checked_at_publish(
    empty: InMemoryService, allowed: list[str], pointer: str
) -> None:
    photo = {**PHOTO, "allowed_assets": allowed, "example": SECRET}
    reply = empty.call("PUT", "/v1/templates/welcome", photo_template(photo=photo))
    assert [found for _, found in reply.error_locations()][:1] == [pointer]


def test_the_example_of_an_item_keeps_to_allowed_assets(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    items = {"photo": {**PHOTO, "allowed_assets": ["gold"]}}
    goods = {"type": "list", "items": items, "example": [{"photo": SECRET}]}
    reply = empty.call("PUT", "/v1/templates/welcome", photo_template(goods=goods))
    assert reply.error_locations() == [("invalid_value", "/fields/goods/example/0/photo")]


def test_allowed_assets_are_listed_with_the_fields(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    empty.publish(photo_template(photo={**PHOTO, "allowed_assets": ["gold"]}))
    (photo, _) = empty.call("GET", "/v1/templates/welcome/fields").json["items"]
    assert photo["allowed_assets"] == ["gold"]
