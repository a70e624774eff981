"""`format: auto` is decided at publish: jpg for photographs, png for flat graphics."""

import base64
from typing import Any

import pytest

from tests.functions.fake_services import noise_png, solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

HERO = "https://example.com/hero.png"
PHOTO: dict[str, Any] = {"type": "image", "width": 120, "height": 60, "source": HERO}
FIELD: dict[str, Any] = {"photo": {"type": "image"}}
SKY = {"type": "radial", "stops": [["#7c3aed", 0], ["#f59e0b", 1]]}


def auto(**more: Any) -> dict[str, Any]:
    return document(**{"format": "auto", "fields": {}, "layers": [], "alt": "", **more})


FLAT = auto(layers=[{"type": "rectangle", "width": 60, "height": 60, "fill": "#ff0000"}])
CASES = [
    (FLAT, "png"),
    (auto(layers=[PHOTO]), "jpg"),
    (auto(layers=[{**PHOTO, "width": 8, "height": 8}]), "png"),
    (auto(layers=[PHOTO], background="#00000000"), "jpg"),
    (auto(layers=[{**PHOTO, "opacity": 0.5}], background="#00000000"), "png"),
    (auto(layers=[{"type": "rectangle", "width": 120, "height": 60, "fill": SKY}]), "jpg"),
    (auto(layers=[{**PHOTO, "source": "{{ photo }}"}], fields=FIELD), "jpg"),
    (
        auto(
            layers=[{**PHOTO, "source": "{{ photo }}"}],
            fields={"photo": {"type": "image", "example": "https://example.com/plain.png"}},
        ),
        "png",
    ),
    (auto(layers=[PHOTO], max_bytes=2000), "jpg"),
]


@pytest.fixture
def web(empty: InMemoryService) -> InMemoryService:
    empty.web.pictures = {HERO: noise_png(240, 120), "https://example.com/plain.png": solid_png()}
    return empty


@pytest.mark.parametrize(("sent", "format"), CASES)
def test_the_drawn_example_decides_the_format_of_links(
    web: InMemoryService, sent: dict[str, Any], format: str
) -> None:
    assert f"/r/welcome.{format}?" in web.publish(sent).json["default_url"]
    made = web.create_image().json
    assert (made["format"], made["url"][-3:]) == (format, format)
    minted = web.call("POST", "/v1/links", {"template_id": "welcome"}).json["url"]
    assert f"/r/welcome.{format}?" in minted
    web.cold_start()
    reply = web.open_link(web.sign_link(format=format))
    assert reply.headers["content-type"] == {"png": "image/png", "jpg": "image/jpeg"}[format]


@pytest.mark.parametrize(("sent", "format"), CASES)
def test_a_draft_s_preview_has_the_format_that_will_be_sent(
    web: InMemoryService, sent: dict[str, Any], format: str
) -> None:
    accept = {"accept": "application/json"}
    shown = web.call("POST", "/v1/previews", {"document": sent}, headers=accept).json["image"]
    kind = {"png": "data:image/png", "jpg": "data:image/jpeg"}[format]
    assert shown.startswith(f"{kind};base64,")
    web.publish(sent)
    examples = {n: f["example"] for n, f in sent["fields"].items() if "example" in f}
    published = web.open_link(web.sign_link(examples, format=format))
    assert base64.b64decode(shown.partition(",")[2]) == published.body


def test_each_version_keeps_its_own_format(web: InMemoryService) -> None:
    web.publish(FLAT)
    assert "welcome.jpg" in web.publish(auto(layers=[PHOTO])).json["default_url"]
    first = web.call("GET", "/v1/templates/welcome/versions/1").json
    assert "welcome.png" in first["default_url"]


def test_the_format_of_a_request_takes_precedence(web: InMemoryService) -> None:
    web.publish(FLAT)
    assert web.create_image(format="webp").json["format"] == "webp"
    body = {"document": FLAT, "format": "gif"}
    assert web.call("POST", "/v1/previews", body).body[:4] == b"GIF8"
