"""Sample events with other paths, and a small template."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from tests.functions.fake_services import ROOT

EVENTS = ROOT / "events"
Json = dict[str, Any]


def api_event(method: str, path: str) -> Json:
    """The sample event of the API with another method and path."""
    return _with_route(json.loads((EVENTS / "api-post-image.json").read_text()), method, path)


def image_event(method: str, path: str) -> Json:
    """The sample event of the image function with another method and path."""
    return _with_route(json.loads((EVENTS / "image-get-render.json").read_text()), method, path)


def s3_notification(key: str, at: float) -> Json:
    """The sample notification of S3, as it is in a message of a queue, about another object."""
    [message] = json.loads((EVENTS / "webhook-picture-stored.json").read_text())["Records"]
    event: Json = json.loads(message["body"])
    [record] = event["Records"]
    record["eventTime"] = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    record["s3"]["object"]["key"] = quote_plus(key)
    return event


def _with_route(event: Json, method: str, path: str) -> Json:
    path, _, query = path.partition("?")
    event["requestContext"]["http"] |= {"method": method, "path": path}
    headers = {
        k: v for k, v in event["headers"].items() if not k.startswith(("x-postcard", "auth"))
    }
    event |= {"rawPath": path, "rawQueryString": query, "headers": headers, "body": None}
    return event


def document(**more: Any) -> Json:
    """A small template: one open field, one with a pattern, a title."""
    return {
        "name": "Welcome",
        "width": 120,
        "height": 60,
        "background": "#102030",
        "color": "#ffffff",
        "fields": {
            "first_name": {"default": "there", "max_length": 40, "open": True},
            "code": {"default": "SAVE10", "pattern": "[A-Z0-9]{4,12}"},
        },
        "layers": [
            {
                "type": "text",
                "name": "title",
                "x": 4,
                "y": 4,
                "width": 110,
                "text": "Hi {{ first_name }} {{ code }}",
                "size": 14,
            }
        ],
        "fallback": {"text": "Welcome", "background": "#334455", "color": "#ffffff"},
        "ended": {"text": "Over", "background": "#550000", "color": "#ffffff"},
        "alt": "Hi {{ first_name }}",
        **more,
    }
