"""Any request gets a 2xx or a 4xx, in JSON."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

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


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=PATHS, body=BODIES | ANY)
def test_no_body_causes_a_5xx(path: str, body: object) -> None:
    reply = world.call("POST", path, json.dumps(body))
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        assert reply.json["success"] is False and reply.json["detail"]


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60))
def test_no_bytes_cause_a_5xx(body: bytes) -> None:
    assert world.call("PUT", "/v1/templates/x", raw=body).status < 500


@settings(max_examples=100, deadline=None)
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
