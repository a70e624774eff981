"""Problematic strings in every field of every call cause no 5xx and appear in no log."""

import contextlib
import io
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from postcard.errors import UriTooLong
from postcard.identifiers import is_template_id
from postcard.links.encoding import MAX_PARAMETERS, MAX_QUERY_BYTES
from tests.corpus.files import problematic_strings
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import record_figure, scaled

FIELDS: dict[str, Any] = {
    "first_name": {"default": "there", "max_length": 200, "open": True},
    "code": {"default": "SAVE10", "pattern": "[A-Z0-9]{4,12}"},
    "amount": {"type": "number", "default": 1},
    "day": {"type": "date", "default": "2026-01-01"},
    "vip": {"type": "boolean", "default": False},
    "kind": {"choices": ["a", "b"], "default": "a"},
    "tint": {"type": "color", "default": "#ff0000"},
    "photo": {"type": "image", "default": ""},
    "rows": {"type": "list", "max_items": 3, "items": {"name": {"default": ""}}},
}
# Malformed, extreme and unusual JSON.
BODIES = [
    *(
        "",
        " ",
        "{",
        "[",
        '"',
        "nul",
        "+1",
        "01",
        "1.",
        ".5",
        "0x1",
        "NaN",
        "-Infinity",
        "1e",
        "'a'",
    ),
    *("[1,]", "[,1]", "{,}", '{"a":}', '{"a" 1}', '{"a":1,}', "{a:1}", '{"a":1}}', "[1]]", "{}x"),
    *('["\\x"]', '["\\u12"]', '["\n"]', '["\t"]', '["\x00"]', "\ufeff{}", "{}\x00", "// c"),
    *('["\\\\x"]', '["\\n"]', '["\\u0000"]', '["\\ud800"]', '{"\\ud800":1}', '{"a":1,"a":2}'),
    *('{"template_id":"\\ud800"}', '{"name":"\\ud800","alt":"\\udfff"}', '{"id":"\\u0000"}'),
    *("1e999", "-1e999", "9" * 400, "0." + "1" * 999),
    *("[" * 5000, '{"a":' * 5000, "[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60),
    *("null", "true", "0", '""', "[]", "[[]]", '[{"a":[{}]}]', '{"":""}', '{"__proto__":{}}'),
]


@pytest.fixture(scope="module")
def service() -> InMemoryService:
    service = InMemoryService()
    service.publish(document(fields=FIELDS))
    service.key = service.new_api_key(rate=1_000_000)
    return service


def calls(text: str) -> Iterator[tuple[str, str, Any, dict[str, str]]]:
    """Calls (method, path, body, headers) with one text in every place that a caller can fill."""
    for name in (*FIELDS, "title"):
        modification = {"name": name, "value": [{"name": text}] if name == "rows" else text}
        yield "POST", "/v1/images", {"template_id": "welcome", "modifications": [modification]}, {}
    for path in ("/v1/links", "/v1/previews"):
        modification = {"name": "first_name", "value": text}
        yield "POST", path, {"template_id": "welcome", "modifications": [modification]}, {}
    yield "POST", "/v1/images", {"template_id": text, "modifications": [{"name": text}]}, {}
    yield "POST", "/v1/images", {"template_id": "welcome", text: text, "format": text}, {}
    yield "POST", "/v1/images", {"template_id": "welcome", "metadata": {text: text}}, {}
    merge_link = {"template_id": "welcome", "esp": "custom", "open": {"first_name": text}}
    yield "POST", "/v1/links", {**merge_link, "campaign": text}, {}
    yield "PUT", "/v1/templates/other", document(name=text, alt=text, fields={text: {}}), {}
    layers = [{"type": "text", "name": text, "text": text, "font": text, "width": 50}]
    yield "PUT", "/v1/templates/other", document(layers=layers, alt=""), {}
    yield "POST", "/v1/assets", {"id": text, "content_type": text, "bytes": 9}, {}
    yield "GET", f"/v1/templates/{quote(text, safe='')}", None, {}
    yield "GET", f"/v1/templates?limit={quote(text, safe='')}&cursor={quote(text)}", None, {}
    yield "GET", "/v1/templates", None, {"authorization": text.replace("\n", "")}
    headers = {"idempotency-key": text.replace("\n", ""), "if-match": text.replace("\n", "")}
    yield "POST", "/v1/templates", document(), headers


def test_no_text_in_any_field_causes_a_server_error_or_is_logged(service: InMemoryService) -> None:
    texts = problematic_strings() if scaled(0, 1) else problematic_strings()[::7]
    count, slowest = 0, 0.0
    for text in texts:
        for method, path, body, headers in calls(text):
            count += 1
            log = io.StringIO()
            started = time.monotonic()
            with contextlib.redirect_stdout(log):
                response = service.call(method, path, body, headers=headers)
            slowest = max(slowest, time.monotonic() - started)
            assert response.status < 500, (method, path, text, response.body)
            if response.status >= 400:
                assert response.json["detail"], (method, path, text)
            if len(text) > 12 and "/" not in text and not is_template_id(text):
                assert text not in log.getvalue(), (method, path)
    record_figure(
        "problematic strings in calls", calls=count, slowest=round(slowest, 2), server_errors=0
    )
    if scaled(0, 1):
        assert slowest < 1.0


def test_every_text_in_a_link_results_in_a_picture(service: InMemoryService) -> None:
    texts = problematic_strings() if scaled(0, 1) else problematic_strings()[::7]
    head, count = service.sign_link(open=("first_name",)), 0
    for text in texts:
        links = [f"{head}&first_name={text}", f"{head}&first_name={quote(text)}"]
        if "\n" not in text and text:
            for name in ({*FIELDS} - {"rows"}) | {"rows_1_name"}:
                with contextlib.suppress(UriTooLong):
                    links.append(service.sign_link({name: text}))
        for link in links:
            query = link.partition("?")[2]
            if len(query.encode()) > MAX_QUERY_BYTES or query.count("&") >= MAX_PARAMETERS:
                continue  # longer than a link may be
            count += 1
            response = service.open_link(link)
            assert (response.status, response.size) == (200, (120, 60)), link
    record_figure("problematic strings in links", links=count, without_picture=0)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:12]))
def test_no_body_causes_a_server_error(service: InMemoryService, body: str) -> None:
    for method, path in (
        ("POST", "/v1/images"),
        ("POST", "/v1/links"),
        ("POST", "/v1/previews"),
        ("POST", "/v1/assets"),
        ("POST", "/v1/templates"),
        ("PUT", "/v1/templates/other"),
        ("PATCH", "/v1/templates/welcome"),
        ("POST", "/v1/templates/welcome/versions/1/recall"),
    ):
        for raw in (body.encode(), body.encode("utf-16"), b"\xff" + body.encode()):
            response = service.call(method, path, raw=raw)
            assert 200 <= response.status < 500, (path, raw[:40], response.body)
