"""Naughty strings in every field of every call: an answer, never a fault of ours, never a value in
the log."""

import contextlib
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from postcard.errors import UriTooLong
from postcard.identifiers import is_template_id
from postcard.links.encoding import MAX_PARAMETERS, MAX_QUERY_BYTES
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import record_figure, scaled

FOLDER = Path(__file__).resolve().parents[3] / "shared/corpus/strings"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the corpus is not beside this tree")

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
# Broken JSON of the kinds that parsers trip over.
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
    *(
        '["\\\\x"]',
        '["\\\\u12"]',
        '["\\n"]',
        '["\\t"]',
        '["\\u0000"]',
        "\\ufeff{}",
        "{}\\u0000",
        "// c",
    ),
    *(
        '["\\\\ud800"]',
        '{"\\\\ud800":1}',
        '{"a":1,"a":2}',
        "1e999",
        "-1e999",
        "9" * 400,
        "0." + "1" * 999,
    ),
    *("[" * 5000, '{"a":' * 5000, "[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60),
    *("null", "true", "0", '""', "[]", "[[]]", '[{"a":[{}]}]', '{"":""}', '{"__proto__":{}}'),
]


def naughty() -> list[str]:
    texts: list[str] = json.loads((FOLDER / "blns.json").read_text())
    for name in ("csv-injection.txt", "template-injection.txt"):
        texts += (FOLDER / name).read_text().splitlines()
    return texts


@pytest.fixture(scope="module")
def world() -> InMemoryService:
    world = InMemoryService()
    world.publish(document(fields=FIELDS))
    world.key = world.new_api_key(rate=1_000_000)
    return world


def calls(text: str) -> Iterator[tuple[str, str, Any, dict[str, str]]]:
    """One text in every place that a caller fills."""
    for name in (*FIELDS, "title"):
        given = {"name": name, "value": [{"name": text}] if name == "rows" else text}
        yield "POST", "/v1/images", {"template_id": "welcome", "modifications": [given]}, {}
    for path in ("/v1/links", "/v1/previews"):
        given = {"name": "first_name", "value": text}
        yield "POST", path, {"template_id": "welcome", "modifications": [given]}, {}
    yield "POST", "/v1/images", {"template_id": text, "modifications": [{"name": text}]}, {}
    yield "POST", "/v1/images", {"template_id": "welcome", text: text, "format": text}, {}
    yield "POST", "/v1/images", {"template_id": "welcome", "metadata": {text: text}}, {}
    opened = {"template_id": "welcome", "esp": "custom", "open": {"first_name": text}}
    yield "POST", "/v1/links", {**opened, "campaign": text}, {}
    yield "PUT", "/v1/templates/other", document(name=text, alt=text, fields={text: {}}), {}
    words = [{"type": "text", "name": text, "text": text, "font": text, "width": 50}]
    yield "PUT", "/v1/templates/other", document(layers=words, alt=""), {}
    yield "POST", "/v1/assets", {"id": text, "content_type": text, "bytes": 9}, {}
    yield "GET", f"/v1/templates/{quote(text, safe='')}", None, {}
    yield "GET", f"/v1/templates?limit={quote(text, safe='')}&cursor={quote(text)}", None, {}
    yield "GET", "/v1/templates", None, {"authorization": text.replace("\n", "")}
    header = {"idempotency-key": text.replace("\n", ""), "if-match": text.replace("\n", "")}
    yield "POST", "/v1/templates", document(), header


def test_no_text_in_any_field_is_a_fault_of_ours(world: InMemoryService) -> None:
    texts = naughty() if scaled(0, 1) else naughty()[::7]
    count, slowest = 0, 0.0
    for text in texts:
        for method, path, body, headers in calls(text):
            count += 1
            log = io.StringIO()
            began = time.monotonic()
            with contextlib.redirect_stdout(log):
                reply = world.call(method, path, body, headers=headers)
            slowest = max(slowest, time.monotonic() - began)
            assert reply.status < 500, (method, path, text, reply.body)
            if reply.status >= 400:
                assert reply.json["detail"], (method, path, text)
            if len(text) > 12 and "/" not in text and not is_template_id(text):
                assert text not in log.getvalue(), (method, path)
    record_figure(
        "naughty strings in calls", calls=count, slowest=round(slowest, 2), server_errors=0
    )
    if scaled(0, 1):
        assert slowest < 1.0


def test_no_text_in_a_link_is_without_a_picture(world: InMemoryService) -> None:
    texts = naughty() if scaled(0, 1) else naughty()[::7]
    head, count = world.sign_link(open=("first_name",)), 0
    for text in texts:
        links = [f"{head}&first_name={text}", f"{head}&first_name={quote(text)}"]
        if "\n" not in text and text:
            for name in ({*FIELDS} - {"rows"}) | {"rows_1_name"}:
                with contextlib.suppress(UriTooLong):
                    links.append(world.sign_link({name: text}))
        for link in links:
            query = link.partition("?")[2]
            if len(query.encode()) > MAX_QUERY_BYTES or query.count("&") >= MAX_PARAMETERS:
                continue  # more than any link may have
            count += 1
            reply = world.open_link(link)
            assert (reply.status, reply.size) == (200, (120, 60)), link
    record_figure("naughty strings in links", links=count, without_picture=0)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:12]))
def test_no_body_is_a_fault_of_ours(world: InMemoryService, body: str) -> None:
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
            reply = world.call(method, path, raw=raw)
            assert 200 <= reply.status < 500, (path, raw[:40], reply.body)
