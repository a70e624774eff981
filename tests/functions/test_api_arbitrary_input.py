"""Any request gets a 2xx or a 4xx, in JSON and in words that are not Python's."""

import json
import re
import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postcard.adapters.http.webhook_sender import HttpWebhookSender
from postcard.template.liquid.python_liquid import environment
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import scaled

NAMES = """
template_id modifications format width dpr quality max_bytes render campaign metadata open esp
expires_at on_invalid template_version document name text value image_url color visible debug
fields layers height type welcome first_name title png jpg webp default
"""
WORDS = st.sampled_from(NAMES.split())
TEXTS = WORDS | st.text(st.characters(), max_size=20) | st.just("\ud800") | st.just("welcome")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
MODIFICATION = st.dictionaries(WORDS, SCALARS, max_size=4) | ANY
BODIES = st.fixed_dictionaries(
    {"template_id": st.just("welcome")},
    optional={
        "modifications": st.lists(MODIFICATION, max_size=3) | ANY,
        "metadata": ANY,
        "format": st.sampled_from(["png", "jpg", "webp"]) | ANY,
        "width": st.integers(1, 300) | ANY,
        "dpr": st.sampled_from([1, 1.5, 2]) | ANY,
        "open": ANY,
        "esp": WORDS | ANY,
        "expires_at": ANY,
        "on_invalid": st.sampled_from(["default", "error"]),
    },
)
PATHS = st.sampled_from(["/v1/images", "/v1/links", "/v1/previews", "/v1/assets", "/v1/templates"])
world = InMemoryService()
world.publish(document())
world.key = world.new_api_key(rate=1_000_000)


class Unreachable(HttpWebhookSender):
    """Sends nowhere: every host has one public address, at which nothing answers."""

    def __init__(self) -> None:
        super().__init__(resolve=lambda host, port: ["93.184.216.34"], connect=self.refuse)

    def refuse(self, *asked: object) -> socket.socket:
        raise ConnectionRefusedError


webhook_world = InMemoryService()
webhook_world.endpoints = Unreachable()  # type: ignore[assignment]
webhook_world.rebuild()
webhook_world.key = webhook_world.new_api_key(rate=1_000_000)


PYTHON = re.compile(
    r"Input should|NoneType|\b(None|True|False|dict|str|int|bool|tuple|codec|argument|arguments"
    r"|positional|subscriptable|unhashable|instance|integer|boolean|dictionary)\b"
    r"|<class|object has no|not iterable|\w+Error\b"
    r"|(int|bool|string|list|dict)_\w+|\(char \d|Expecting"
)


def assert_no_python(reply: HandlerResponse) -> None:
    """No detail has a word of Python or pydantic; what it quotes from the request is left out."""
    said = reply.json
    faults = [*said.get("errors", []), *said.get("warnings", []), *said.get("findings", [])]
    for detail in [said.get("detail", ""), *(fault["detail"] for fault in faults)]:
        own_words = re.sub(r"'[^']*'|\"[^\"]*\"", "", detail)
        assert not PYTHON.search(own_words), detail


def previewed(text: str) -> HandlerResponse:
    fields = {
        "first_name": {"default": "Ann"},
        "points": {"type": "number", "default": 3},
        "day": {"type": "date", "default": "2026-01-01"},
        "member": {"type": "boolean", "default": True},
        "products": {"type": "list", "max_items": 2, "items": {"name": {}}, "default": [{}]},
    }
    sent = document(fields=fields, layers=[{"type": "text", "text": text}], alt="")
    accept = {"accept": "application/json"}
    return world.call("POST", "/v1/previews", {"document": sent}, headers=accept)


LIQUID = "first_name points day member products products[0].name nil true 1.5 'x' empty blank"
VALUES_IN_LIQUID = st.sampled_from(LIQUID.split())
FILTERS = st.sampled_from(sorted(environment().filters))


@settings(max_examples=scaled(75, 750), deadline=None, suppress_health_check=list(HealthCheck))
@given(value=VALUES_IN_LIQUID, name=FILTERS, arguments=st.lists(VALUES_IN_LIQUID, max_size=3))
def test_no_misused_filter_is_explained_in_pythons_words(
    value: str, name: str, arguments: list[str]
) -> None:
    text = f"{{{{ {value} | {name}{': ' if arguments else ''}{', '.join(arguments)} }}}}"
    reply = previewed(text)
    assert reply.status < 500
    if reply.status == 200:  # refusals quote the Liquid itself
        assert_no_python(reply)


def test_a_misused_filter_is_named_with_what_it_was_used_on() -> None:
    (warning,) = previewed("{{ first_name | slice: 'x' }}").json["warnings"]
    assert warning["detail"] == "slice cannot be used like this, on a text with a text."
    (warning,) = previewed("{{ points | plus }}").json["warnings"]
    assert warning["detail"] == "plus cannot be used like this, on a number."
    (warning,) = previewed("{{ points | divided_by: 0 }}").json["warnings"]
    assert warning["detail"] == "divided_by: can't divide by 0."
    (warning,) = previewed("{% for a in first_name limit: 'x' %}{% endfor %}").json["warnings"]
    assert warning["detail"] == "expected a whole number, found a text."


@settings(max_examples=scaled(75, 750), deadline=None, suppress_health_check=list(HealthCheck))
@given(path=PATHS, body=BODIES | ANY)
def test_no_body_causes_a_5xx(path: str, body: object) -> None:
    reply = world.call("POST", path, json.dumps(body))
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        assert reply.json["success"] is False and reply.json["detail"]
        assert_no_python(reply)


WEBHOOK_URLS = (
    st.sampled_from(["https://a.example.com/", "https://a.example.com/\ud800", "https://[", "x"])
    | st.builds("https://a.example.com/{}".format, TEXTS)
    | st.builds("https://{}/".format, TEXTS)
)
EVENT_NAMES = st.sampled_from(["batch.failed", "ping", "*"]) | TEXTS
WEBHOOKS = st.fixed_dictionaries(
    {"url": WEBHOOK_URLS | ANY, "events": st.lists(EVENT_NAMES, max_size=3) | ANY},
    optional={"description": TEXTS | ANY, "enabled": st.booleans() | ANY},
)


@settings(max_examples=scaled(75, 750), deadline=None, suppress_health_check=list(HealthCheck))
@given(body=WEBHOOKS | ANY)
def test_no_webhook_causes_a_5xx(body: object) -> None:
    reply = webhook_world.call("POST", "/v1/webhooks", json.dumps(body))
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        assert_no_python(reply)
    else:
        path = f"/v1/webhooks/{reply.json['id']}"
        assert webhook_world.call("PATCH", path, json.dumps(body)).status == 200
        assert webhook_world.call("POST", f"{path}/ping").status == 200
        assert webhook_world.call("DELETE", path).status == 204


@settings(max_examples=scaled(50, 500), deadline=None)
@given(body=st.binary(max_size=60))
def test_no_bytes_cause_a_5xx(body: bytes) -> None:
    reply = world.call("PUT", "/v1/templates/x", raw=body)
    assert reply.status < 500
    assert_no_python(reply)


@settings(max_examples=scaled(50, 500), deadline=None)
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=40), query=st.text())
def test_no_path_causes_a_5xx(path: str, query: str) -> None:
    event_path = f"/v1/{path}".replace("?", "") + "?" + query.encode("utf-8", "replace").hex()
    assert world.call("GET", event_path).status < 500
    assert world.get_picture(f"/images/{path}").status in (403, 404)
    assert world.get_picture(f"/renders/{path}", f"/r/{path}.png?{query}").status in (400, 403)


def test_half_a_surrogate_pair_causes_no_5xx() -> None:
    half = "\ud800"
    sent = [
        {"template_id": "welcome", "metadata": {"a": half}},
        {"template_id": "welcome", "modifications": [{"name": half, "text": half}]},
        {"template_id": half},
        {half: 1},
    ]
    assert [world.call("POST", "/v1/images", body).status for body in sent] == [400] * 4
