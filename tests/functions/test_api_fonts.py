"""Custom fonts: uploaded, checked, used in documents and drawn by links."""

from typing import Any

import pytest

from postcard.ports import StoredObject
from tests.fonts import box_font, space_grotesk_as, upside_down_font, woff2
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

pytestmark = pytest.mark.usefixtures("fonts_are_checked_once")
JSON = {"accept": "application/json"}


def upload(world: InMemoryService, asset_id: str, body: bytes, kind: str = "font/ttf") -> None:
    world.upload_asset(asset_id, body, content_type=kind, replace=True)


def written(font: Any = None, text: str = "Hi there", **more: Any) -> dict[str, Any]:
    layer = {"type": "text", "x": 4, "y": 4, "width": 110, "text": text, "size": 20, **more}
    own = {} if font is None else {"font": font}
    return document(layers=[{**layer, **own}], fields={}, alt="")


def drawn(world: InMemoryService, made: dict[str, Any]) -> bytes:
    return bytes(world.call("POST", "/v1/previews", {"document": made}).body)


def listed(world: InMemoryService) -> dict[str, dict[str, Any]]:
    return {one["family"]: one for one in world.call("GET", "/v1/fonts").json}


@pytest.fixture
def kites(empty: InMemoryService) -> InMemoryService:
    """A service with one font of its own."""
    upload(empty, "kite", upside_down_font())
    return empty


@pytest.mark.parametrize("name", ["asset:kite", "Kite", ["Nope", "Kite", "Inter"]])
def test_a_document_names_a_font_by_its_asset_or_its_family(
    kites: InMemoryService, name: Any
) -> None:
    plain = drawn(kites, written())
    own = drawn(kites, written(name))
    assert own != plain
    assert own == drawn(kites, written(["asset:kite"]))


def test_a_link_s_picture_is_drawn_with_the_version_s_own_font(kites: InMemoryService) -> None:
    published = kites.publish(written("Kite"))
    assert [found["code"] for found in published.json["findings"]] == ["small_picture"]
    opened = kites.open_link(kites.sign_link())
    assert opened.headers["x-postcard-render"] == "drawn"
    assert opened.body == drawn(kites, written("asset:kite"))


def test_a_font_is_read_once_per_process(kites: InMemoryService) -> None:
    kites.publish({**written("Kite", "Hi {{ name }}"), "fields": {"name": {"max_length": 9}}})
    kites.open_link(kites.sign_link({"name": "A"}))
    gets = kites.store.gets
    kites.open_link(kites.sign_link({"name": "B"}))
    kites.publish({**written("Kite", "Ho {{ name }}"), "fields": {"name": {"max_length": 9}}})
    gets_of_api = kites.store.gets
    kites.open_link(kites.sign_link({"name": "C"}, version=2))
    assert gets > 0
    assert kites.store.gets == gets_of_api


def test_bundled_and_custom_fonts_are_listed(kites: InMemoryService) -> None:
    upload(kites, "sail", woff2(space_grotesk_as()), "font/woff2")
    upload(kites, "kite-bold", upside_down_font("Kite", 700))
    upload(kites, "kite-italic", upside_down_font("Kite", 400, italic=True))
    upload(kites, "broken", b"no font at all")
    fonts = listed(kites)
    assert set(fonts) == {"Inter", "Kite", "Sail"}
    assert fonts["Kite"] == {
        "family": "Kite",
        "weights": [400, 700],
        "italic": True,
        "scripts": [],
    }
    assert fonts["Sail"]["weights"] == [300, 400, 500, 600, 700]


def test_the_files_of_a_family_are_its_weights_and_styles(kites: InMemoryService) -> None:
    upload(kites, "kite-bold", upside_down_font("Kite", 700))
    upload(kites, "kite-italic", upside_down_font("Kite", 400, italic=True))
    shown = {
        (weight, italic): drawn(kites, written("Kite", weight=weight, italic=italic))
        for weight in (400, 700)
        for italic in (False, True)
    }
    assert shown[400, False] != shown[700, False]
    assert shown[700, False] == drawn(kites, written("asset:kite-bold", weight=700))
    assert shown[400, True] == shown[700, True]


def test_a_variable_font_has_all_its_weights(empty: InMemoryService) -> None:
    upload(empty, "sail", space_grotesk_as())
    weights = [drawn(empty, written("Sail", weight=weight)) for weight in (300, 400, 550, 700, 900)]
    assert len({*weights[:4]}) == 4
    assert weights[3] == weights[4]


def test_a_custom_family_named_like_a_bundled_one_is_used_by_its_asset(
    empty: InMemoryService,
) -> None:
    plain = drawn(empty, written("Inter"))
    upload(empty, "house", upside_down_font("Inter"))
    assert drawn(empty, written("Inter")) == plain
    assert drawn(empty, written("asset:house")) != plain


def test_missing_letters_come_from_another_font(empty: InMemoryService) -> None:
    upload(empty, "boxes", box_font("AB"))
    plain, own = (drawn(empty, written(font, "مرحبا漢字")) for font in (None, "asset:boxes"))
    assert own == plain
    assert drawn(empty, written("asset:boxes", "AB")) != drawn(empty, written(None, "AB"))


def test_a_lost_font_is_replaced_with_a_warning(kites: InMemoryService) -> None:
    kites.publish(written("Kite"))
    for key in [key for key in kites.store.keys("templates/") if "/sources/" in key]:
        kites.store.delete([key])
    lost = kites.open_link(kites.sign_link())
    assert (lost.status, lost.headers["x-postcard-fallback"]) == (200, "source")
    assert "max-age=60" in lost.headers["cache-control"]
    assert list(kites.pictures.keys("renders/")) == []
    assert lost.body == drawn(kites, written("Inter"))


def test_a_font_that_was_changed_in_the_store_is_not_used(kites: InMemoryService) -> None:
    kites.publish(written("Kite"))
    [key] = [key for key in kites.store.keys("templates/") if "/sources/" in key]
    kites.store.put(key, StoredObject(upside_down_font("Kite", 700), "font/ttf"))
    assert kites.open_link(kites.sign_link()).headers["x-postcard-fallback"] == "source"


def test_a_picture_is_drawn_in_another_font_while_the_store_is_down(kites: InMemoryService) -> None:
    kites.publish(written("Kite"))
    kites.store.down = True
    lost = kites.open_link(kites.sign_link())
    kites.store.down = False
    assert (lost.status, lost.headers["x-postcard-fallback"]) == (200, "source")
    assert kites.open_link(kites.sign_link()).headers["x-postcard-render"] == "drawn"


def test_a_version_keeps_its_font_when_the_asset_is_replaced_or_deleted(
    kites: InMemoryService,
) -> None:
    kites.publish(written("asset:kite"))
    before = kites.open_link(kites.sign_link()).body
    upload(kites, "kite", upside_down_font("Other", 700))
    assert kites.open_link(kites.sign_link()).body == before
    assert kites.call("DELETE", "/v1/assets/kite").status == 204
    assert kites.open_link(kites.sign_link()).body == before
    assert "Kite" not in listed(kites) and "Other" not in listed(kites)


def test_a_font_asset_that_is_missing_or_not_a_font_is_400_with_its_pointer(
    kites: InMemoryService,
) -> None:
    kites.upload_asset("hero", b"not needed")
    for name, sentence in (("asset:nope", "There is no asset"), ("asset:hero", "is a picture")):
        reply = kites.call("PUT", "/v1/templates/welcome", written(["Inter", name]))
        assert reply.error_locations() == [("invalid_value", "/layers/0/font")]
        assert sentence in reply.json["errors"][0]["detail"]
    preview = kites.call("POST", "/v1/previews", {"document": written("asset:nope")})
    assert preview.error_locations() == [("invalid_value", "/document/layers/0/font")]


def test_a_font_asset_cannot_be_used_as_an_image(kites: InMemoryService) -> None:
    layer = {"type": "image", "width": 9, "height": 9, "source": "asset:kite"}
    reply = kites.call("PUT", "/v1/templates/welcome", document(layers=[layer]))
    assert reply.error_locations() == [("image_unavailable", "/layers/0/source")]


def test_a_bad_font_is_refused_once_with_what_to_do(empty: InMemoryService) -> None:
    upload(empty, "old", b"wOFF" + bytes(60))
    for _ in range(2):
        reply = empty.call("PUT", "/v1/templates/welcome", written("asset:old"))
        assert reply.status == 400
        assert "save it as WOFF2, TTF or OTF" in reply.json["errors"][0]["detail"]
    [line] = empty.call("GET", "/v1/assets").json["items"]
    assert line["status"] == "refused" and "WOFF2" in line["detail"]
    assert list(empty.store.keys("uploads/")) == []
    upload(empty, "old", upside_down_font())
    assert empty.publish(written("asset:old")).status == 200


def test_a_ready_font_asset_has_its_family(kites: InMemoryService) -> None:
    listed(kites)
    [line] = kites.call("GET", "/v1/assets").json["items"]
    assert (line["status"], line["family"], line["detail"]) == ("ready", "Kite", None)
    assert line["content_type"] == "font/ttf"


def test_fonts_that_cannot_be_checked_in_time_are_504(kites: InMemoryService) -> None:
    reply = kites.call("PUT", "/v1/templates/welcome", written("Kite"), remaining_ms=9_000)
    assert (reply.status, reply.json["code"]) == (504, "timeout")
    assert kites.call("PUT", "/v1/templates/welcome", written("Kite")).status == 200


def test_a_font_that_only_a_fallback_uses_is_stored_too(kites: InMemoryService) -> None:
    layers = [{"type": "text", "x": 4, "y": 4, "size": 20, "text": "Hi", "font": "asset:kite"}]
    made = {**written(), "fallback": {"layers": layers}}
    kites.publish(made)
    plain = [{**layers[0], "font": "Inter"}]
    kites.publish({**made, "fallback": {"layers": plain}})
    kites.call("PATCH", "/v1/templates/welcome", {"paused": True})
    first, second = (kites.open_link(kites.sign_link(version=number)) for number in (1, 2))
    assert first.headers["x-postcard-fallback"] == "paused"
    assert first.size == second.size


def test_letters_without_a_font_are_counted_and_not_logged(
    empty: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = {"name": {"default": "you", "max_length": 40}}
    empty.publish({**written(None, "Hi {{ name }}"), "fields": fields})
    posted = empty.call(
        "POST",
        "/v1/images",
        {"template_id": "welcome", "modifications": [{"name": "name", "text": "A\U00013080"}]},
    )
    [warning] = posted.json["warnings"]
    assert warning["code"] == "missing_glyph" and "\U00013080" in warning["detail"]
    capsys.readouterr()
    assert (
        empty.open_link(empty.sign_link({"name": "B\U00013080"})).headers["x-postcard-render"]
        == "drawn"
    )
    log = capsys.readouterr().out
    assert '"MissingGlyphs":[1.0]' in log and '"missing_glyphs":1' in log
    assert "\U00013080" not in log and "d80c" not in log
    empty.open_link(empty.sign_link({"name": "B"}))
    assert '"MissingGlyphs":[0.0]' in capsys.readouterr().out
