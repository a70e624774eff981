"""Request bodies, problems, idempotency, CORS, exceptions and the log."""

import gzip
import json
from typing import Any

import pytest

from postcard.adapters.memory import MemoryIdempotencyStore
from postcard.errors import ServiceUnavailable
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


def test_a_problem_has_every_member(world: InMemoryService) -> None:
    reply = world.call("GET", "/v1/templates/none")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json == {
        "type": "/docs#not_found",
        "title": "Not Found",
        "status": 404,
        "detail": 'There is no template "none".',
        "instance": "/v1/templates/none",
        "success": False,
        "code": "not_found",
        "request_id": reply.headers["x-request-id"],
        "errors": [],
    }


def test_an_unknown_path_is_404_and_another_method_405_with_allow(world: InMemoryService) -> None:
    assert world.call("GET", "/v1/nothing").json["code"] == "not_found"
    assert world.call("GET", "/").status == 404
    reply = world.call("PUT", "/v1/templates", {})
    assert (reply.status, reply.json["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "GET, POST"
    assert world.call("GET", "/v1/images").headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"template_id": NaN}',
        b'{"width": Infinity}',
        b'{"width": 1e999}',
        b'{"width": 1' + b"0" * 400 + b"}",
        b'{"width": 1, "width": 2}',
        b"\xff",
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_not_json_is_400_invalid_json(world: InMemoryService, body: bytes) -> None:
    reply = world.call("POST", "/v1/images", raw=body)
    assert (reply.status, reply.json["code"]) == (400, "invalid_json")
    assert world.call("PUT", "/v1/templates/x", raw=body).json["code"] == "invalid_json"


def test_a_base64_body_is_decoded(world: InMemoryService) -> None:
    body = json.dumps({"template_id": "welcome", "modifications": []}).encode()
    assert world.call("POST", "/v1/images", raw=body).status == 200


def test_a_body_over_256_kb_is_413(world: InMemoryService) -> None:
    body = json.dumps({"template_id": "welcome", "metadata": {"a": "x" * 262_144}})
    reply = world.call("POST", "/v1/images", body)
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")


def test_a_body_of_256_kb_and_json_of_depth_32_are_read(world: InMemoryService) -> None:
    body = json.dumps({"template_id": "welcome"}).ljust(262_144)
    assert world.call("POST", "/v1/images", body).status == 200
    assert world.call("POST", "/v1/images", body + " ").status == 413
    deep = "[" * 31 + "]" * 31
    assert world.call("POST", "/v1/images", f'{{"width": {deep}}}').json["code"] != "invalid_json"
    assert world.call("POST", "/v1/images", f'{{"width": [{deep}]}}').json["code"] == "invalid_json"


def test_a_byte_order_mark_before_json_is_skipped(world: InMemoryService) -> None:
    def marked(body: object) -> bytes:
        return b"\xef\xbb\xbf" + json.dumps(body).encode()

    for body in (
        marked({"template_id": "welcome"}),
        b"\xef\xbb\xbf" + marked({"template_id": "welcome"}),
    ):
        assert world.call("POST", "/v1/images", raw=body).status == 200
    plain = world.call("PUT", "/v1/templates/plain", document())
    published = world.call("PUT", "/v1/templates/marked", raw=marked(document()))
    assert published.json["document"] == plain.json["document"]
    again = world.call("PUT", "/v1/templates/marked", document())
    assert again.json["version"] == 1


def test_the_refusal_of_a_packed_body_says_how_to_send_it(world: InMemoryService) -> None:
    body = gzip.compress(json.dumps({"template_id": "welcome"}).encode())
    reply = world.call("POST", "/v1/images", raw=body, headers={"content-encoding": "GZIP"})
    assert reply.status == 415
    assert "without Content-Encoding" in reply.json["detail"]
    assert reply.headers["accept-encoding"] == "identity"


def test_the_content_encoding_identity_says_that_nothing_is_packed(world: InMemoryService) -> None:
    headers = {"content-encoding": "identity"}
    reply = world.call("POST", "/v1/images", {"template_id": "welcome"}, headers=headers)
    assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not valid JSON: a value is missing at line 1, column 1."),
        (
            b'{"a": 1\n "b": 2}',
            "The body is not valid JSON: ',' is missing at line 2, column 2.",
        ),
        (
            b"{'a': 1}",
            "The body is not valid JSON: a name in double quotes is missing at line 1, column 2.",
        ),
        (b"1 2", "The body is not valid JSON: there is more behind the value at line 1, column 3."),
        (
            b'{"a": "x',
            "The body is not valid JSON: a text has no closing quote at line 1, column 7.",
        ),
        (b'{"a": "\xff"}', "The body is not UTF-8 text (byte 8): send JSON in UTF-8."),
    ],
)
def test_invalid_json_is_explained_with_its_place(
    world: InMemoryService, body: bytes, detail: str
) -> None:
    assert world.call("POST", "/v1/images", raw=body).json["detail"] == detail


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"width": 1.5}, "/width: It should be a whole number."),
        ({"width": 0}, "/width: It should be at least 1."),
        ({"max_bytes": 10_000_000}, "/max_bytes: It should be at most 4500000."),
        ({"dpr": "2"}, "/dpr: It should be a number."),
        ({"template_id": 7}, "/template_id: It should be a text."),
        ({"template_id": ""}, "/template_id: It should have at least 1 character."),
        ({"modifications": {}}, "/modifications: It should be a list."),
        ({"modifications": ["x"]}, "/modifications/0: It should be an object."),
        ({"render": "later"}, "/render: It should be 'now' or 'on_open'."),
        ({"campaign": "A"}, "/campaign: It should have 1 to 32 characters of a-z, 0-9 and -."),
        ({"metadata": "x"}, "/metadata: It should be an object."),
    ],
)
def test_a_refusal_says_what_a_property_should_be(
    world: InMemoryService, sent: dict[str, Any], detail: str
) -> None:
    reply = world.call("POST", "/v1/images", {"template_id": "welcome", **sent})
    assert (reply.status, reply.json["detail"]) == (400, detail)


def test_a_value_with_two_forms_is_refused_with_both(world: InMemoryService) -> None:
    values: list[object] = [[], {}, True]
    for value in values:
        body = {"template_id": "welcome", "template_version": value}
        reply = world.call("POST", "/v1/links", body)
        assert reply.json["detail"] == (
            "/template_version: It should be a whole number or 'latest'."
        )


def test_a_refused_query_parameter_is_named(world: InMemoryService) -> None:
    for query, detail in {
        "limit=x": "/limit: It is a whole number in the digits 0 to 9.",
        "limit=0": "/limit: It should be at least 1.",
        "limit=201": "/limit: It should be at most 200.",
    }.items():
        reply = world.call("GET", f"/v1/templates?{query}")
        assert (reply.status, reply.json["detail"]) == (400, detail)
    reply = world.call("DELETE", "/v1/templates/welcome?erase=maybe")
    assert reply.json["detail"] == "/erase: It should be true or false."


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_another_media_type_is_415(world: InMemoryService, media: str) -> None:
    reply = world.call("POST", "/v1/images", {}, headers={"content-type": media})
    assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")


def test_a_charset_after_the_media_type_is_accepted(world: InMemoryService) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    body = {"template_id": "welcome"}
    assert world.call("POST", "/v1/images", body, headers=headers).status == 200


def test_unknown_properties_are_400_with_pointer_and_suggestion(world: InMemoryService) -> None:
    reply = world.create_image(tempalte_version=1, zzz=2)
    assert sorted(reply.error_locations()) == [
        ("invalid_request", "/tempalte_version"),
        ("invalid_request", "/zzz"),
    ]
    details = {error["pointer"]: error["detail"] for error in reply.json["errors"]}
    assert "did you mean template_version?" in details["/tempalte_version"]


def test_the_detail_is_the_first_fault_and_how_many_more_there_are(world: InMemoryService) -> None:
    assert (
        world.create_image(width=5001)
        .json["detail"]
        .startswith("/width: The width is 5000 at most.")
    )
    one = world.create_image({"nobody": "x"}).json["detail"]
    assert one == (
        "/modifications/0/name: There is no field or layer 'nobody'; there are first_name, code, "
        "title."
    )
    assert world.create_image({"nobody": "x"}, width=5001).json["detail"] == (
        f"{one} And 1 more fault: see errors."
    )
    three = world.create_image({"nobody": "x", "code": "no"}, width=5001).json["detail"]
    assert three == f"{one} And 2 more faults: see errors."


def test_a_misspelled_name_is_answered_with_the_one_that_was_meant(world: InMemoryService) -> None:
    reply = world.create_image({"frist_name": "Ann"})
    assert reply.json["errors"][0]["detail"] == (
        "There is no field or layer 'frist_name'; did you mean first_name? "
        "There are first_name, code, title."
    )
    color = {"name": "titel", "color": "red"}
    layer = world.call("POST", "/v1/images", {"template_id": "welcome", "modifications": [color]})
    assert layer.json["errors"][0]["detail"].endswith(
        "did you mean title? There are first_name, code, title."
    )
    opened = {"template_id": "welcome", "esp": "klaviyo", "open": {"firstname": "first_name"}}
    link = world.call("POST", "/v1/links", opened)
    assert "did you mean first_name? There are" in link.json["errors"][0]["detail"]


@pytest.mark.parametrize("path", ["/v1/images", "/v1/links", "/v1/previews"])
def test_an_invalid_body_lists_the_faults_of_its_values_too(
    world: InMemoryService, path: str
) -> None:
    named = [{"name": "nobody", "text": "x"}, {"name": "code", "text": "no"}]
    sent = {"template_id": "welcome", "modifications": named, "colour": 1}
    assert world.call("POST", path, sent).error_locations() == [
        ("invalid_request", "/colour"),
        ("unknown_name", "/modifications/0/name"),
        ("invalid_value", "/modifications/1/text"),
    ]
    lenient = world.call("POST", path, {**sent, "on_invalid": "default"})
    assert lenient.error_locations()[1:] == [("unknown_name", "/modifications/0/name")]
    elsewhere = world.call("POST", path, {**sent, "template_id": "nowhere"})
    assert elsewhere.error_locations() == [("invalid_request", "/colour")]
    confined = world.call("POST", path, sent, key=world.new_api_key(templates=["other"]))
    assert confined.error_locations() == [("invalid_request", "/colour")]


def test_at_most_a_hundred_faults_are_listed(world: InMemoryService) -> None:
    unknown: dict[str, Any] = {f"unknown{n}": 1 for n in range(8_000)}
    reply = world.create_image(**unknown)
    assert len(reply.json["errors"]) == 100
    assert "And at least 100 more faults" in reply.json["detail"]


@pytest.mark.parametrize("body", ["[]", "7", '"x"', "null"])
def test_a_body_that_is_no_object_is_400(world: InMemoryService, body: str) -> None:
    assert world.call("POST", "/v1/images", body).json["code"] in (
        "invalid_request",
        "missing_value",
    )
    assert world.call("PUT", "/v1/templates/x", body).status == 400


def test_an_idempotency_key_gives_the_same_response(empty: InMemoryService) -> None:
    headers = {"idempotency-key": "one"}
    first = empty.call("POST", "/v1/templates", document(), headers=headers)
    empty.now += 3600
    again = empty.call("POST", "/v1/templates", document(), headers=headers)
    assert again.body == first.body and again.headers["etag"] == first.headers["etag"]
    assert len(empty.call("GET", "/v1/templates").json["items"]) == 1
    other = empty.call("POST", "/v1/templates", document(width=121), headers=headers)
    assert (other.status, other.json["code"]) == (422, "idempotency_mismatch")
    empty.now += 86_400
    assert empty.call("POST", "/v1/templates", document(), headers=headers).body != first.body


def test_an_idempotency_key_of_a_running_call_is_409(empty: InMemoryService) -> None:
    record = empty.api_keys.list()[0]
    import hashlib

    text = json.dumps(document())
    digest = hashlib.sha256(text.encode()).hexdigest()
    empty.api.idempotency.begin(f"{record.key_id}#/v1/templates#one", digest, now=empty.now)
    reply = empty.call("POST", "/v1/templates", text, headers={"idempotency-key": "one"})
    assert (reply.status, reply.json["code"]) == (409, "idempotency_in_progress")


def test_a_failed_call_is_not_stored_under_its_idempotency_key(empty: InMemoryService) -> None:
    headers = {"idempotency-key": "one"}
    empty.store.down = True
    assert empty.call("POST", "/v1/templates", document(), headers=headers).status == 503
    empty.store.down = False
    assert empty.call("POST", "/v1/templates", document(), headers=headers).status == 200


class Forgetful(MemoryIdempotencyStore):
    """Accepts keys, and is down when a response is to be stored."""

    def finish(self, name: str, response: str, *, now: float) -> None:
        raise ServiceUnavailable("DynamoDB is down.")


def test_a_call_succeeds_though_its_response_cannot_be_stored(
    empty: InMemoryService,
) -> None:
    empty.idempotency = Forgetful()
    empty.rebuild()
    headers = {"idempotency-key": "one"}
    assert empty.call("POST", "/v1/templates", document(), headers=headers).status == 200
    again = empty.call("POST", "/v1/templates", document(), headers=headers)
    assert (again.status, again.json["code"]) == (409, "idempotency_in_progress")


def test_a_post_of_an_asset_honours_an_idempotency_key_and_one_of_an_image_needs_none(
    empty: InMemoryService,
) -> None:
    headers = {"idempotency-key": "one"}
    sent = {"id": "hero", "content_type": "image/png", "bytes": 321}
    first = empty.call("POST", "/v1/assets", sent, headers=headers).json
    assert empty.call("POST", "/v1/assets", sent, headers=headers).json == first
    assert empty.call("POST", "/v1/assets", {**sent, "replace": True}).json != first


def test_an_idempotency_key_has_1_to_255_characters(empty: InMemoryService) -> None:
    for key in ("", "k" * 256):
        reply = empty.call("POST", "/v1/templates", document(), headers={"idempotency-key": key})
        assert reply.status == 400


def test_cors_is_off_unless_set(world: InMemoryService) -> None:
    headers = {"origin": "https://app.example.com"}
    reply = world.call("GET", "/v1/fonts", headers=headers)
    assert "access-control-allow-origin" not in reply.headers
    assert world.call("OPTIONS", "/v1/fonts", headers=headers, key=None).status == 405


def test_cors_allows_the_configured_origins() -> None:
    world = InMemoryService(cors_origins=("https://app.example.com",))
    headers = {"origin": "https://app.example.com", "access-control-request-method": "POST"}
    preflight = world.call("OPTIONS", "/v1/images", headers=headers, key=None)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    other = world.call("GET", "/v1/fonts", headers={"origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in other.headers


def test_every_response_has_security_headers(world: InMemoryService) -> None:
    for reply in (world.call("GET", "/v1/fonts"), world.call("GET", "/v1/nothing", key=None)):
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_an_exception_is_500_without_its_text(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    world.renderer.failures_left = 1
    reply = world.create_image({"first_name": "Zoe-the-person"})
    assert (reply.status, reply.json["code"]) == (500, "internal_error")
    assert "secret" not in reply.body.decode()
    logged = capsys.readouterr().out
    assert "ZeroDivisionError" in logged and reply.json["request_id"] in logged
    assert "secret value" not in logged and "Zoe-the-person" not in logged


def test_a_post_without_time_left_to_draw_is_504(world: InMemoryService) -> None:
    fields = {"first_name": {}, "photo": {"type": "image"}}
    layer = {"type": "image", "width": 20, "height": 20, "source": "{{ photo }}"}
    world.publish(document(fields=fields, layers=[layer], alt=""))
    world.web.seconds, world.web.on_fetch = 60, world.advance_monotonic
    reply = world.create_image({"photo": "https://example.com/a.png"})
    assert (reply.status, reply.json["code"]) == (504, "timeout")


def test_the_log_has_one_line_without_values_or_query(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    made = world.create_image({"first_name": "Zoe-the-person"}, metadata={"order": "secret-7"}).json
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [each for each in lines if "_aws" not in each]
    assert line["image_id"] == made["id"] and line["template_id"] == "welcome"
    assert (line["version"], line["outcome"], line["status"]) == (1, "drawn", 200)
    assert set(line["timings_ms"]) == {"sources", "draw", "encode", "store"}
    assert "Zoe" not in json.dumps(lines) and "secret" not in json.dumps(lines)
    (metrics,) = [line for line in lines if "_aws" in line]
    assert metrics["Renders"] == [1.0] and metrics["service"] == "api"
    assert metrics["Bytes"] == [made["bytes"]] and metrics["Duration"][0] >= 0


def test_reading_or_erasing_an_image_logs_its_id(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    made = world.create_image().json
    for method in ("GET", "DELETE"):
        capsys.readouterr()
        world.call(method, f"/v1/images/{made['id']}")
        line = json.loads(capsys.readouterr().out.splitlines()[0])
        assert (line["image_id"], line["template_id"]) == (made["id"], "welcome")
