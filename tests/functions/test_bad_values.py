"""What an invalid value shows where its field lets no default stand for it."""

import json

import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

FIELDS = {
    "first_name": {"default": "there", "max_length": 6, "too_long": "error", "open": True},
    "points": {"type": "number", "default": 0, "on_bad": "fallback"},
    "code": {"default": "", "max_length": 4},
}


@pytest.fixture
def service(empty: InMemoryService) -> InMemoryService:
    empty.publish(document(fields=FIELDS))
    return empty


@pytest.mark.parametrize("values", [{"first_name": "Maximilian"}, {"points": "many"}])
def test_a_link_shows_the_stored_fallback_picture_as_a_success(
    service: InMemoryService, values: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = service.renderer.renders
    capsys.readouterr()
    reply = service.open_link(service.sign_link(values))
    assert (reply.status, service.renderer.renders) == (200, drawn)
    assert "x-postcard-fallback" not in reply.headers
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["rejected_values"], line["ignored_values"]) == (1, 1)


@pytest.mark.parametrize("values", [{"first_name": "Maximilian"}, {"points": "many"}])
@pytest.mark.parametrize("mode", ["error", "default"])
def test_a_post_is_refused_whatever_on_invalid_says(
    service: InMemoryService, values: dict[str, str], mode: str
) -> None:
    reply = service.create_image(values, on_invalid=mode)
    assert (reply.status, reply.json["code"]) == (400, "invalid_value")
    assert [error["pointer"] for error in reply.json["errors"]] == ["/modifications/0/value"]


def test_a_post_warns_of_a_text_that_was_shortened(service: InMemoryService) -> None:
    reply = service.create_image({"code": "Maximilian"}, on_invalid="default")
    assert reply.status in (200, 201)
    assert [(w["code"], w["pointer"]) for w in reply.json["warnings"]] == [
        ("shortened", "/modifications/0/value")
    ]
    assert service.create_image({"code": "Maximilian"}).status == 400


def test_a_link_draws_a_shortened_text_and_counts_it(
    service: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    reply = service.open_link(service.sign_link({"code": "Maximilian"}))
    assert (reply.status, reply.headers["x-postcard-render"]) == (200, "drawn")
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["shortened_values"], line.get("ignored_values")) == (1, None)
