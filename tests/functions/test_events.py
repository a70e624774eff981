"""Every sample event is a real HTTP API event, and its handler has a route for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from api import app as api_app
from image import app as image_app
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import ORIGIN_SECRET, InMemoryService
from tests.functions.sample_events import EVENTS, document

API = sorted(EVENTS.glob("api-*.json"))
IMAGE = sorted(EVENTS.glob("image-*.json"))


def event_of(path: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(path.read_text())
    return event


@pytest.mark.parametrize("path", [*API, *IMAGE], ids=lambda path: path.stem)
def test_an_event_has_the_keys_of_payload_2_0(path: Path) -> None:
    event = event_of(path)
    assert event["version"] == "2.0" and event["routeKey"].startswith("ANY /")
    assert event["rawPath"] == event["requestContext"]["http"]["path"]
    assert all(name == name.lower() for name in event["headers"])
    assert {"rawQueryString", "isBase64Encoded"} <= set(event)


@pytest.mark.parametrize("path", API, ids=lambda path: path.stem)
def test_the_api_has_a_route_for_each_event(path: Path) -> None:
    world = InMemoryService()
    world.publish(document(), "hello")
    event = event_of(path)
    event["headers"]["authorization"] = f"Bearer {world.key}"
    reply = HandlerResponse.from_lambda(
        api_app.handle_request(event, FakeLambdaContext(29_000), world.api)
    )
    assert reply.status < 500, reply.body
    if reply.status >= 400 and path.stem != "api-get-shared-usage":  # which answers a page
        assert reply.json["code"] not in ("method_not_allowed", "missing_key", "invalid_json")
        assert reply.json["detail"] != "There is nothing here: /docs lists what there is."


def test_every_route_has_an_event() -> None:
    events = [event_of(path) for path in API]
    called = {(e["requestContext"]["http"]["method"], e["rawPath"]) for e in events}
    reached = {
        (route.method, route.path)
        for method, path in called
        for route in [api_app.resolver.find_route(method, path)]
    }
    assert reached == {(route.method, route.path) for route in api_app.resolver.all_routes}


@pytest.mark.parametrize("path", IMAGE, ids=lambda path: path.stem)
def test_the_image_function_asks_for_the_origin_secret(path: Path) -> None:
    world = InMemoryService()
    event = event_of(path)
    assert image_app.handle_request(event, FakeLambdaContext(), world.image)["statusCode"] == 403
    event["headers"]["x-postcard-origin"] = ORIGIN_SECRET
    assert image_app.handle_request(event, FakeLambdaContext(), world.image)["statusCode"] in (
        400,
        403,
        404,
    )
