"""What takes too long to draw is refused at publish, and ends at the deadline when it is drawn."""

from typing import Any

import pytest

from postcard.lint.drawing_time import MAX_DRAWING_SECONDS, largest_size
from postcard.rendering.prepared_render import EvaluatedFrame, PreparedRender
from postcard.template.validation.parse import parse_document
from tests.clocks import SteppingClock
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import Json, document
from tests.template.template_cases import document as document_text

BOX: Json = {"type": "rectangle", "x": 5, "y": 5, "width": 100, "height": 45, "fill": "#f80"}
SHADE: Json = BOX | {"shadow": {"blur": 2, "color": "#0008"}}
SHADES = [BOX | {"width": 90}, SHADE, SHADE | {"blend": "multiply"}, *[SHADE] * 57]


def slow_to_look(world: InMemoryService, step: float) -> None:
    """From now on each look at the clock is `step` seconds later."""
    world.monotonic = SteppingClock(step)
    world.rebuild()


def assert_timed_out(reply: HandlerResponse) -> None:
    assert (reply.status, reply.json["code"]) == (504, "timeout")


@pytest.fixture
def slow(empty: InMemoryService) -> InMemoryService:
    """A template of many steps, and a clock that is later at each."""
    empty.publish(document(layers=[BOX] * 60))
    slow_to_look(empty, 0.2)
    return empty


def test_a_link_shows_the_fallback_picture_soon_after_the_deadline(slow: InMemoryService) -> None:
    reply = slow.open_link(slow.sign_link())
    assert (reply.status, reply.headers["x-postcard-fallback"]) == (200, "timeout")
    assert reply.headers["content-type"] == "image/png"
    assert isinstance(slow.monotonic, SteppingClock)
    assert slow.monotonic.looks < 8 / 0.2 + 30
    assert not list(slow.pictures.keys(""))


def test_an_image_is_not_made_after_the_deadline(slow: InMemoryService) -> None:
    slow_to_look(slow, 0.5)
    assert_timed_out(slow.create_image())
    assert isinstance(slow.monotonic, SteppingClock)
    assert slow.monotonic.looks < 28 / 0.5 + 30


def test_a_preview_ends_at_the_deadline(slow: InMemoryService) -> None:
    slow_to_look(slow, 0.5)
    assert_timed_out(slow.call("POST", "/v1/previews", {"template_id": "welcome"}))
    assert_timed_out(slow.call("POST", "/v1/previews", {"document": document(layers=[BOX] * 60)}))


def test_publishing_ends_at_the_deadline(empty: InMemoryService) -> None:
    slow_to_look(empty, 0.5)
    assert_timed_out(empty.call("PUT", "/v1/templates/welcome", document(layers=[BOX] * 60)))
    assert empty.call("GET", "/v1/templates/welcome").status == 404


def refused(world: InMemoryService, **properties: Any) -> Json:
    reply = world.call("PUT", "/v1/templates/slow", document(**properties))
    assert (reply.status, reply.json["code"]) == (400, "drawing_too_slow"), reply.body[:400]
    [fault] = reply.json["errors"]
    return dict(fault)


def test_a_document_too_slow_at_the_largest_size_is_refused_with_its_costliest_layer(
    empty: InMemoryService,
) -> None:
    renders = empty.renderer.renders
    fault = refused(empty, layers=SHADES)
    assert fault["pointer"] == "/layers/2"
    assert "a link may ask for" in fault["detail"] and "2 s are allowed" in fault["detail"]
    assert empty.renderer.renders == renders, "it is refused before it is drawn"
    empty.publish(document(layers=SHADES[:3]), "quick")


def test_a_preview_of_such_a_document_has_a_finding(empty: InMemoryService) -> None:
    body = {"document": document(layers=SHADES)}
    reply = empty.call("POST", "/v1/previews", body, headers={"accept": "application/json"})
    assert reply.status == 200, reply.body[:300]
    found = {finding["code"]: finding["pointer"] for finding in reply.json["findings"]}
    assert found["drawing_too_slow"] == "/layers/2"


def test_all_items_that_a_list_may_have_are_reckoned_with(empty: InMemoryService) -> None:
    card = {"type": "group", "repeat": "rows", "layers": [SHADE]}
    fields = {
        "rows": {
            "type": "list",
            "max_items": 100,
            "items": {"title": {"type": "text"}},
            "example": [{"title": "a"}],
        }
    }
    fault = refused(empty, layers=[card], fields=fields, alt="")
    assert fault["pointer"] == "/layers/0/layers/0"
    fields["rows"]["max_items"] = 2
    empty.publish(document(layers=[card], fields=fields, alt=""), "short")


def shown(layers: list[Json], condition: str) -> list[Json]:
    return [layer | {"if": condition} for layer in layers]


HIDDEN: dict[str, tuple[list[Json], Json]] = {
    "layers whose if is false for the examples": (
        shown(SHADES, "vip"),
        {"vip": {"type": "boolean", "example": False}},
    ),
    "layers in a group whose if fails": (
        [{"type": "group", "if": "points > 3", "layers": SHADES}],
        {"points": {"type": "number"}},
    ),
    "a list without example items": (
        [{"type": "group", "repeat": "rows", "layers": [SHADE, BOX]}],
        {"rows": {"type": "list", "max_items": 100, "items": {"title": {"type": "text"}}}},
    ),
    "items whose if is false": (
        [{"type": "group", "repeat": "rows", "layers": shown([SHADE], 'item.title == "x"')}],
        {
            "rows": {
                "type": "list",
                "max_items": 100,
                "items": {"title": {"type": "text"}},
                "example": [{"title": "a"}],
            }
        },
    ),
    "pictures that come with the request": (
        [SHADE | {"type": "image", "source": "{{ photo }}", "fill": None}] * 60,
        {"photo": {"type": "image"}},
    ),
    "texts that come with the request": (
        [SHADE | {"type": "text", "text": "{{ name }}", "fill": None}] * 60,
        {"name": {"type": "text"}},
    ),
}


@pytest.mark.parametrize(("layers", "fields"), HIDDEN.values(), ids=HIDDEN)
def test_layers_that_only_other_values_show_are_reckoned_with(
    empty: InMemoryService, layers: list[Json], fields: Json
) -> None:
    layers = [{key: value for key, value in one.items() if value is not None} for one in layers]
    fault = refused(empty, layers=layers, fields=fields, alt="")
    assert fault["pointer"].startswith("/layers/")


def test_publishing_evaluates_the_defaults_and_the_examples_once(
    empty: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate, evaluated = PreparedRender._evaluate, []

    def count(prepared: PreparedRender, second: int) -> EvaluatedFrame:
        if prepared.pointer == "/layers":  # not a fallback picture
            evaluated.append(prepared.values)
        return evaluate(prepared, second)

    monkeypatch.setattr(PreparedRender, "_evaluate", count)
    empty.publish(document(layers=[BOX, SHADE]))
    assert len(evaluated) == 3  # and all that other values may show


def test_all_frames_of_a_countdown_are_reckoned_with(empty: InMemoryService) -> None:
    seconds = {"type": "text", "width": 90, "text": "{{ countdown.seconds }}", "size": 20}
    faded = [BOX | {"opacity": 0.5, "width": 100 + n, "if": "true"} for n in range(60)]
    layers = [seconds, *faded]
    countdown = {"to": "2030-01-01", "frames": 120}
    fields: Json = {}
    refused(empty, layers=layers, countdown=countdown, fields=fields, alt="")
    empty.publish(document(layers=layers[:2], countdown=countdown, fields=fields, alt=""), "few")


def test_the_largest_size_is_as_large_as_a_link_may_ask_for() -> None:
    for width, height in ((1200, 630), (1, 1), (5000, 20), (20, 5000), (600, 601)):
        size = largest_size(parse_document(document_text(width=width, height=height, layers=[])))
        assert size.is_within_limits
        assert max(size.width, size.height) == 5000 or size.width * size.height > 15_900_000
    assert MAX_DRAWING_SECONDS == 2.0
