"""Previews with examples or defaults, of several people, of fallback pictures, at any time."""

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.functions.fake_services import noise_png, solid_png
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

JSON = {"accept": "application/json"}
TITLE = {"type": "text", "x": 4, "y": 4, "width": 110, "size": 14}


def preview(world: InMemoryService, **body: Any) -> dict[str, Any]:
    reply = world.call("POST", "/v1/previews", body, headers=JSON)
    assert reply.status == 200, reply.body
    result: dict[str, Any] = reply.json
    return result


def picture(world: InMemoryService, **body: Any) -> bytes:
    reply = world.call("POST", "/v1/previews", body)
    assert reply.status == 200, reply.body
    return reply.body


def image_of(data_uri: str) -> bytes:
    return base64.b64decode(data_uri.partition(",")[2])


def greeting(**fields: Any) -> dict[str, Any]:
    """A document whose text shows two fields."""
    text = "{{ name }} {{ city }}"
    return document(fields=fields, layers=[{**TITLE, "text": text}], alt=text, format="png")


NAME = {"default": "you", "example": "Ann", "max_length": 20}
CITY = {"default": "here", "example": "Oslo", "max_length": 20}
BOTH = greeting(name=NAME, city=CITY)


def named(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


# Examples and defaults


def test_fields_without_a_modification_show_their_example_or_their_default(
    empty: InMemoryService,
) -> None:
    def alike(base: dict[str, Any], values: dict[str, Any]) -> bool:
        shown = picture(empty, document=BOTH, modifications=named(name="Bo"), **base)
        return shown == picture(empty, document=BOTH, modifications=named(**values))

    assert alike({"base": "examples"}, {"name": "Bo", "city": "Oslo"})
    assert alike({"base": "defaults"}, {"name": "Bo", "city": "here"})
    assert alike({}, {"name": "Bo", "city": "here"})


def test_without_modifications_examples_are_shown_unless_defaults_are_asked_for(
    empty: InMemoryService,
) -> None:
    empty.publish(BOTH)
    examples = picture(empty, document=BOTH, modifications=named(name="Ann", city="Oslo"))
    defaults = picture(empty, document=BOTH, modifications=named(name="you", city="here"))
    for shown in ({"document": BOTH}, {"template_id": "welcome"}):
        assert picture(empty, **shown) == picture(empty, **shown, base="examples") == examples
        assert picture(empty, **shown, base="defaults") == defaults
    assert examples != defaults


def test_with_examples_no_field_is_required(empty: InMemoryService) -> None:
    item = {"title": {"required": True}, "price": {"type": "number", "example": 5}}
    draft = greeting(
        name={"required": True},
        city={**CITY, "required": True},
        goods={"type": "list", "items": item},
    )
    body = {"document": draft, "modifications": named(goods=[{"price": 3}])}
    assert preview(empty, **body, base="examples")["warnings"] == []
    refused = empty.call("POST", "/v1/previews", {**body, "base": "defaults"})
    assert {code for code, _ in refused.error_locations()} == {"missing_value"}
    assert len(refused.error_locations()) == 3


def test_with_examples_a_field_that_is_named_without_a_value_has_its_default(
    empty: InMemoryService,
) -> None:
    shown = picture(empty, document=BOTH, modifications=named(city=""), base="examples")
    assert shown == picture(empty, document=BOTH, modifications=named(name="Ann", city="here"))


# People


def test_people_get_the_pictures_that_their_links_show(empty: InMemoryService) -> None:
    empty.publish(BOTH)
    people = [named(name="Zoë"), [], named(name="Bo", city="Rome")]
    shown = preview(empty, document=BOTH, people=people)
    assert (shown["image"], shown["boxes"], shown["warnings"]) == (None, [], [])
    links = [{"name": "Zoë"}, {}, {"name": "Bo", "city": "Rome"}]
    for one, values in zip(shown["pictures"], links, strict=True):
        assert image_of(one["image"]) == empty.open_link(empty.sign_link(values)).body
        assert (one["show"], one["name"], one["modifications"]) == ("picture", None, None)
    assert [one["alt"] for one in shown["pictures"]] == ["Zoë here", "you here", "Bo Rome"]


def test_a_picture_that_people_share_is_fetched_once(empty: InMemoryService) -> None:
    url = "https://photos.example.com/a.png"
    empty.web.pictures[url] = solid_png(9, 9)
    photo = {"type": "image", "width": 9, "height": 9, "source": url}
    preview(empty, document=document(layers=[photo], fields={}, alt=""), people=[[], [], []])
    assert empty.web.fetched == [url]
    assert empty.renderer.renders == 3 and empty.renderer.static_layers.draw_count == 1


def test_a_person_without_a_required_value_sees_the_fallback_picture(
    empty: InMemoryService,
) -> None:
    draft = greeting(name={"required": True, "max_length": 9}, city=CITY)
    empty.publish(draft)
    shown = preview(empty, document=draft, people=[[], named(name="Bo")])
    one, other = shown["pictures"]
    assert (one["show"], other["show"]) == ("fallback", "picture")
    assert image_of(one["image"]) == empty.open_link(empty.sign_link()).body
    assert [(w["code"], w["pointer"]) for w in one["warnings"]] == [("missing_value", "/people/0")]
    assert other["warnings"] == []


def test_a_person_whose_picture_cannot_be_fetched_sees_the_fallback_picture(
    empty: InMemoryService,
) -> None:
    photo = {
        "type": "image", "width": 9, "height": 9, "source": "{{ photo }}", "on_error": "fail"
    }  # fmt: skip
    draft = document(fields={"photo": {"type": "image"}}, layers=[photo], alt="")
    people = [[{"name": "photo", "image_url": "https://photos.example.com/none.png"}], []]
    one, other = preview(empty, document=draft, people=people)["pictures"]
    assert (one["show"], other["show"]) == ("fallback", "picture")
    assert [(w["code"], w["pointer"]) for w in one["warnings"]] == [
        ("image_unavailable", "/people/0/0/image_url")
    ]


def test_each_person_has_warnings_and_findings_of_their_own(empty: InMemoryService) -> None:
    title = {**TITLE, "text": "{{ name }}", "height": 18, "color": "#ffffff"}
    fields = {"name": {"example": "Bo", "max_length": 300}}
    draft = document(height=120, fields=fields, layers=[title], alt="")
    people = [
        named(name="Bo"),
        named(name="Bo and his sisters and brothers"),
        named(name="\U00013080"),
    ]
    shown = preview(empty, document=draft, people=people)
    short, long, hieroglyph = shown["pictures"]
    assert short["findings"] == short["warnings"] == []
    assert [(f["code"], f["pointer"]) for f in long["findings"]] == [("text_overflow", "/layers/0")]
    assert [w["code"] for w in hieroglyph["warnings"]] == ["missing_glyph"]
    assert [f["code"] for f in hieroglyph["findings"]] == ["missing_glyph"]
    assert [f["code"] for f in shown["findings"]] == ["text_overflow"]  # with its longest value


def test_invalid_values_of_people_become_defaults_or_faults(empty: InMemoryService) -> None:
    draft = greeting(name=NAME, city={"default": "Here", "pattern": "[A-Z].*"})
    people = [named(name="Bo"), named(name="Bo", city="oslo")]
    shown = preview(empty, document=draft, people=people)["pictures"][1]
    assert [(w["code"], w["pointer"]) for w in shown["warnings"]] == [
        ("invalid_value", "/people/1/1/value")
    ]
    body = {"document": draft, "people": people, "on_invalid": "error"}
    reply = empty.call("POST", "/v1/previews", body, headers=JSON)
    assert reply.error_locations() == [("invalid_value", "/people/1/1/value")]
    reply = empty.call("POST", "/v1/previews", {**body, "people": [named(nobody=1)]}, headers=JSON)
    assert reply.error_locations() == [("unknown_name", "/people/0/0/name")]


def test_the_worst_people_follow_from_the_bounds_of_the_fields(empty: InMemoryService) -> None:
    fields = {
        "name": {"max_length": 12, "example": "Ann", "default": "you"},
        "code": {"pattern": "[A-Z]{4}", "example": "ABCD"},
        "tier": {"choices": ["gold", "platinum"]},
        "points": {"type": "number", "min": 5, "max": 90_000},
        "member": {"type": "boolean"},
        "day": {"type": "date", "min": "2026-01-01", "max": "2026-12-31"},
        "goods": {"type": "list", "max_items": 3, "items": {"title": {"max_length": 4}}},
    }
    draft = document(fields=fields, layers=[], alt="")
    pictures = preview(empty, document=draft, people="worst")["pictures"]
    values = {
        one["name"]: {m["name"]: m["value"] for m in one["modifications"]} for one in pictures
    }
    assert list(values) == ["nothing", "shortest", "widest", "arabic", "thai", "emoji", "unfilled"]
    assert values["nothing"] == {}
    assert values["shortest"] == {
        "name": "I", "code": "ABCD", "tier": "gold", "points": 5, "member": False,
        "day": "2026-05-01", "goods": [{"title": "I"}],
    }  # fmt: skip
    assert values["widest"] == {
        "name": "Wilhelmina H", "code": "ABCD", "tier": "platinum", "points": 90_000,
        "member": True, "day": "2026-12-31", "goods": [{"title": "Wilh"}] * 3,
    }  # fmt: skip
    assert values["arabic"]["name"] == "عبد الرحمن ب"
    assert values["thai"]["name"].startswith("ศรีสุวรรณ")
    assert values["emoji"]["name"] == "👩🏽‍🚀 Zoë 👨‍👩‍👧‍👦 🇳🇴 🏳️‍🌈"
    assert values["unfilled"]["name"] == values["unfilled"]["points"] == "{{ first_name }}"
    assert all(one["warnings"] == [] for one in pictures[:-1])
    assert {w["code"] for w in pictures[-1]["warnings"]} == {"missing_value"}
    assert pictures[-1]["image"] == pictures[0]["image"]


@pytest.mark.parametrize(
    "more",
    [
        {"modifications": named(name="Bo")},
        {"show": "ended"},
        {"debug": True},
        {"people": "worst", "on_invalid": "error"},
        {"people": []},
        {"people": [[]] * 13},
        {"people": "best"},
    ],
)
def test_what_does_not_go_with_people_is_a_fault(
    empty: InMemoryService, more: dict[str, Any]
) -> None:
    body = {"document": BOTH, "people": [[]], **more}
    reply = empty.call("POST", "/v1/previews", body, headers=JSON)
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("show", ["fallback", "ended"])
def test_the_boxes_of_debug_go_with_the_picture_alone(empty: InMemoryService, show: str) -> None:
    body = {"document": BOTH, "show": show, "debug": True}
    reply = empty.call("POST", "/v1/previews", body)
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert "debug" in reply.json["detail"]


def test_people_are_answered_in_json_alone(empty: InMemoryService) -> None:
    reply = empty.call("POST", "/v1/previews", {"document": BOTH, "people": [[]]})
    assert (reply.status, reply.error_locations()) == (400, [("invalid_request", "/people")])
    assert "Accept: application/json" in reply.json["detail"]


def test_pictures_that_are_too_large_for_one_response_are_refused(empty: InMemoryService) -> None:
    empty.upload_asset("noise", noise_png(900, 900))
    photo = {"type": "image", "width": 900, "height": 900, "source": "asset:noise"}
    draft = document(width=900, height=900, fields={}, layers=[photo], alt="", format="png")
    body = {"document": draft, "people": [[], []], "findings": False}
    reply = empty.call("POST", "/v1/previews", body, headers=JSON)
    assert (reply.status, reply.error_locations()) == (400, [("invalid_request", "/people")])
    assert "smaller width" in reply.json["detail"]
    reply = empty.call("POST", "/v1/previews", {"document": draft, "dpr": 2}, headers=JSON)
    assert (reply.status, reply.error_locations()) == (400, [("invalid_request", "/max_bytes")])
    assert len(preview(empty, **{**body, "width": 300})["pictures"]) == 2


def test_a_response_with_too_much_about_the_layers_is_refused(empty: InMemoryService) -> None:
    empty.upload_asset("noise", noise_png(1222, 1222))
    photo = {"type": "image", "width": 1222, "height": 1222, "source": "asset:noise"}
    boxes = [{"type": "rectangle", "width": 1, "height": 1, "fill": "#fff"}] * 9
    group = {"type": "group", "repeat": "goods", "layers": boxes}
    items = {"type": "list", "max_items": 99, "items": {"title": {"default": "x"}}}
    goods = [{"title": "a"}] * 99
    draft = document(
        width=1222, height=1222, fields={"goods": items}, layers=[photo, group], alt=""
    )
    body = {"document": draft, "modifications": named(goods=goods), "findings": False}
    assert len(preview(empty, **body)["boxes"]) == 991
    reply = empty.call("POST", "/v1/previews", {**body, "describe": True}, headers=JSON)
    assert (reply.status, reply.error_locations()) == (400, [("invalid_request", "/max_bytes")])
    shown = preview(empty, **body, describe=True, width=600)
    assert len(shown["layers"]) == 991


# Large images


def photo_jpeg(width: int, height: int) -> bytes:
    """A photo of coloured clouds."""
    small = Image.open(io.BytesIO(noise_png(width // 100, height // 100)))
    file = io.BytesIO()
    small.resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def test_a_large_photo_is_drawn_as_publishing_stores_it(empty: InMemoryService) -> None:
    empty.upload_asset("large", photo_jpeg(3200, 2000), content_type="image/jpeg")
    photo = {"type": "image", "width": 40, "height": 25, "source": "asset:large"}
    draft = document(
        width=160, height=100, layers=[photo], fallback={"layers": [photo]}, alt="", format="png"
    )
    drawn = {show: picture(empty, document=draft, show=show) for show in ("picture", "fallback")}
    empty.publish(draft)
    for show, body in drawn.items():
        assert body == picture(empty, template_id="welcome", show=show)
    assert drawn["picture"] == empty.open_link(empty.sign_link()).body
    (person,) = preview(empty, document=draft, people=[[]])["pictures"]
    assert image_of(person["image"]) == drawn["picture"]


# The fallback pictures


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
@pytest.mark.parametrize("more", [{}, {"width": 60, "dpr": 2}])
def test_fallback_pictures_are_those_that_links_show(
    empty: InMemoryService, format: str, more: dict[str, Any]
) -> None:
    draft = document(fields={"code": {"required": True}}, layers=[], alt="", quality=33)
    empty.publish(draft)
    link = empty.sign_link(format=format, width=more.get("width"), dpr=more.get("dpr", 1))
    served = {"fallback": empty.open_link(link).body}
    empty.call("PATCH", "/v1/templates/welcome", {"paused": True})
    served["ended"] = empty.open_link(link).body
    assert served["fallback"] != served["ended"]
    for show, body in served.items():
        asked = {"show": show, "format": format, **more}
        assert picture(empty, document=draft, **asked) == body
        assert picture(empty, template_id="welcome", **asked) == body


@pytest.mark.parametrize("without", [("ended",), ("fallback", "ended")])
def test_without_a_fallback_picture_the_next_best_is_shown(
    empty: InMemoryService, without: tuple[str, ...]
) -> None:
    draft = {name: part for name, part in document().items() if name not in without}
    empty.publish(draft)
    empty.call("PATCH", "/v1/templates/welcome", {"paused": True})
    served = empty.open_link(empty.sign_link()).body
    assert picture(empty, document=draft, show="ended") == served
    assert picture(empty, template_id="welcome", show="ended") == served


def test_the_format_of_a_fallback_picture_is_that_of_the_links(empty: InMemoryService) -> None:
    empty.upload_asset("noise", noise_png(120, 120))
    photo = {"type": "image", "width": 120, "height": 60, "source": "asset:noise"}
    for layers in ([photo], []):
        draft = document(format="auto", layers=layers)
        published = empty.publish(draft).json["default_url"]
        shown = empty.call("POST", "/v1/previews", {"document": draft, "show": "fallback"})
        suffix = {"image/jpeg": ".jpg", "image/png": ".png"}[shown.headers["content-type"]]
        assert suffix in published


def test_boxes_and_faults_of_a_fallback_picture_point_into_the_document(
    empty: InMemoryService,
) -> None:
    text = {"text": "Welcome"}
    missing = {"source": "https://photos.example.com/none.png"}
    layers = {"layers": [{"type": "rectangle", "x": 3, "width": 9, "height": 9, "fill": "#fff"}]}
    boxes = {
        name: [
            box["pointer"]
            for box in preview(empty, document=document(fallback=made), show="fallback")["boxes"]
        ]
        for name, made in (("text", text), ("layers", layers))
    }
    assert boxes == {"text": ["/fallback"], "layers": ["/fallback/layers/0"]}
    shown = preview(empty, document=document(fallback=missing), show="fallback")
    assert [(w["code"], w["pointer"]) for w in shown["warnings"]] == [
        ("image_unavailable", "/fallback/source")
    ]


# The clock


def test_a_preview_at_a_time_is_what_a_link_shows_at_that_time(empty: InMemoryService) -> None:
    text = {**TITLE, "text": "{{ countdown.minutes }}:{{ countdown.seconds }}"}
    countdown = {"to": "2026-11-22T10:30:30", "frames": 3}
    draft = document(fields={}, layers=[text], countdown=countdown, format="gif", alt="")
    empty.publish(draft)
    at = {"at": "2026-11-22T11:20:00+01:00"}
    later = picture(empty, document=draft, **at)
    assert later == picture(empty, template_id="welcome", **at)
    assert later != picture(empty, document=draft)
    empty.now = NOW + 20 * 60
    assert later == empty.open_link(empty.sign_link(format="gif")).body


@pytest.mark.parametrize(
    "at", ["tomorrow", "2026-11-22", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z",
           "9999-01-01T00:00:00Z", "2026-11-22T10:00:00"],
)  # fmt: skip
def test_a_time_that_cannot_be_drawn_is_a_fault(empty: InMemoryService, at: str) -> None:
    reply = empty.call("POST", "/v1/previews", {"document": BOTH, "at": at})
    assert (reply.status, reply.error_locations()) == (400, [("invalid_value", "/at")])


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "9998-12-31T23:59:59Z"])
def test_a_countdown_is_drawn_at_the_first_and_the_last_time(
    empty: InMemoryService, at: str
) -> None:
    text = {**TITLE, "text": "{{ countdown.days }} {{ now | date: 'yyyy' }}"}
    countdown = {"to": "2026-11-22T10:30:30", "frames": 60}
    zone = "Pacific/Kiritimati"
    draft = document(
        fields={}, layers=[text], countdown=countdown, format="gif", alt="", time_zone=zone
    )
    assert picture(empty, document=draft, at=at)[:3] == b"GIF"


# Size, findings, timings


def large_document(size: int) -> str:
    """A document that is as many bytes of compact JSON."""
    layers = [{"type": "text", "text": "x", "if": "false", "meta": {"note": "n" * 4000}}] * 64
    draft = document(layers=layers, name="")
    spare = size - len(json.dumps(draft, separators=(",", ":")))
    layers = [*layers, {"type": "text", "text": "y" * (spare - 40), "if": "false"}]
    text = json.dumps({**draft, "layers": layers}, separators=(",", ":"))
    return text.replace('"name":""', '"name":"' + "n" * (size - len(text)) + '"')


def test_a_document_that_can_be_published_can_be_previewed(empty: InMemoryService) -> None:
    text = large_document(262_144)
    assert len(text) == 262_144
    assert empty.call("PUT", "/v1/templates/large", raw=text.encode()).status == 200
    values = ",".join(json.dumps(one) for one in named(first_name="Zoë " * 9, code="ABCD"))
    body = f'{{"document":{text},"modifications":[{values}]}}'.encode()
    assert empty.call("POST", "/v1/previews", raw=body).status == 200
    longer = text.replace('"alt":"', '"alt":"z')
    reply = empty.call("POST", "/v1/previews", raw=f'{{"document":{longer}}}'.encode())
    assert (reply.status, reply.error_locations()) == (400, [("too_many_items", "/document")])


def test_a_preview_takes_64_kb_more_than_other_calls(empty: InMemoryService) -> None:
    padding = b" " * (320 * 1024 - 2)
    assert empty.call("POST", "/v1/previews", raw=b"{" + padding + b"}").status == 400
    reply = empty.call("POST", "/v1/previews", raw=b"{" + padding + b" }")
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")
    assert "320 KB" in reply.json["detail"]


def test_without_findings_the_document_is_not_checked(empty: InMemoryService) -> None:
    draft = {**greeting(name=NAME, city=CITY, spare={}), "height": 120}
    assert [f["code"] for f in preview(empty, document=draft)["findings"]] == ["unused_field"]
    assert preview(empty, document=draft, findings=False)["findings"] == []
    shown = preview(empty, document=draft, findings=False, people=[[]])
    assert shown["findings"] == shown["pictures"][0]["findings"] == []


@pytest.mark.parametrize("accept", ["application/json", "image/*"])
def test_a_preview_says_how_long_its_steps_took(empty: InMemoryService, accept: str) -> None:
    ticks = iter(range(1_000_000))
    empty.monotonic = lambda: next(ticks) / 1000
    empty.rebuild()
    reply = empty.call("POST", "/v1/previews", {"document": BOTH}, headers={"accept": accept})
    steps = dict(step.split(";dur=") for step in reply.headers["server-timing"].split(", "))
    assert list(steps) == ["parse", "sources", "draw", "encode", "findings"]
    assert all(float(milliseconds) > 0 for milliseconds in steps.values())
