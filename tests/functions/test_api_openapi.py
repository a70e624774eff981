"""`/openapi.json` and `/v1/template.schema.json`."""

import re
from collections.abc import Iterator
from typing import Any

from api import app as api_app
from postcard.links.platforms.registry import PLATFORM_NAMES
from tests.functions.fake_services import ROOT
from tests.functions.in_memory_service import InMemoryService

WITHOUT_BODY = ("/start", "/renew", "/ping", "/{event_id}/replay")


def test_openapi_3_1_lists_every_route(empty: InMemoryService) -> None:
    described = empty.call("GET", "/openapi.json", key=None).json
    assert described["openapi"] == "3.1.0"
    listed = {
        (method.upper(), path) for path, calls in described["paths"].items() for method in calls
    }
    assert listed == {
        (route.method, route.openapi_path)
        for route in api_app.resolver.all_routes
        if route.include_in_schema
    }


def test_every_operation_has_a_description_security_and_error_statuses(
    empty: InMemoryService,
) -> None:
    described = empty.call("GET", "/openapi.json", key=None).json
    for path, calls in described["paths"].items():
        for method, call in calls.items():
            assert call["summary"] and call["description"], path
            for status, response in call["responses"].items():
                problem = "application/problem+json" in response.get("content", {})
                assert problem == (int(status) >= 400 and (path, status) != ("/v1/health", "503"))
            needs_secret = call.get("security") or path == "/v1/sessions"
            assert ("401" in call["responses"]) == bool(needs_secret), path
            if method in ("post", "put", "patch") and not path.endswith(WITHOUT_BODY):
                assert call["requestBody"]["required"], path
    schemes = described["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["api_key"]["in"], schemes["api_key"]["name"]) == ("header", "X-API-Key")


def test_request_and_response_headers_are_described(empty: InMemoryService) -> None:
    paths = empty.call("GET", "/openapi.json", key=None).json["paths"]
    heeded = {
        (method, path): [
            part["name"] for part in call.get("parameters", []) if part["in"] == "header"
        ]
        for path, calls in paths.items()
        for method, call in calls.items()
    }
    assert heeded["put", "/v1/templates/{template_id}"] == [
        *("If-Match", "If-None-Match"),
        *("Postcard-Draft", "Postcard-Note"),
    ]
    assert heeded["put", "/v1/templates/{template_id}/draft"] == ["If-Match", "If-None-Match"]
    for method in ("patch", "delete"):
        assert heeded[method, "/v1/templates/{template_id}"] == ["If-Match"]
    assert heeded["post", "/v1/assets"] == ["Idempotency-Key"]
    assert heeded["post", "/v1/templates"] == ["Idempotency-Key", "Postcard-Note"]
    assert heeded["post", "/v1/images"] == []
    responses = paths["/v1/images"]["post"]["responses"]
    assert (
        "Retry-After" in responses["429"]["headers"]
        and "Retry-After" in responses["503"]["headers"]
    )
    assert "ETag" in paths["/v1/templates/{template_id}"]["get"]["responses"]["200"]["headers"]


def test_every_reference_resolves(empty: InMemoryService) -> None:
    body = empty.call("GET", "/openapi.json", key=None).body.decode()
    schemas = empty.call("GET", "/openapi.json", key=None).json["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', body)) <= set(schemas)


def test_the_properties_and_bounds_of_a_body_are_described(empty: InMemoryService) -> None:
    schemas = empty.call("GET", "/openapi.json", key=None).json["components"]["schemas"]
    image = schemas["ImageBody"]
    assert image["required"] == ["template_id"]
    assert image["additionalProperties"] is False
    assert {"minimum": 2000, "maximum": 4500000, "type": "integer"}.items() <= image["properties"][
        "max_bytes"
    ]["anyOf"][0].items()


def test_the_platforms_of_esp_are_an_enum(empty: InMemoryService) -> None:
    schemas = empty.call("GET", "/openapi.json", key=None).json["components"]["schemas"]
    found = [
        part["enum"] for part in parts(schemas["LinkBody"]["properties"]["esp"]) if "enum" in part
    ]
    assert found == [list(PLATFORM_NAMES)]


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a JSON value, without examples."""
    if isinstance(value, dict):
        yield value
        value = [part for name, part in value.items() if name not in ("examples", "example")]
    if isinstance(value, list):
        for part in value:
            yield from parts(part)


def test_generators_can_read_every_schema(empty: InMemoryService) -> None:
    described = empty.call("GET", "/openapi.json", key=None).json
    for schema in parts(described):
        assert "const" not in schema
        assert all(isinstance(value, str) for value in schema.get("enum", [])), schema
    requests = [
        *("ImageBody", "LinkBody", "PreviewBody", "TemplateChanges"),
        *("RecallBody", "AssetBody", "Modification", "Problem", "PreviewResponse", "Finding"),
        "PatchOperation",
        *("BatchBody", "BatchUploadBody"),
        *("WebhookBody", "WebhookChanges", "RotationBody", "BulkReplayBody"),
        "UsageShareBody",
    ]
    for name, schema in described["components"]["schemas"].items():
        assert not any("default" in part for part in parts(schema)), name
        if name not in requests and "properties" in schema:
            assert schema["required"] == list(schema["properties"]), name
    image = described["components"]["schemas"]["ImageBody"]
    assert image["properties"]["on_invalid"]["description"].endswith("Default: error.")
    assert image["properties"]["modifications"]["items"] == {
        "$ref": "#/components/schemas/Modification"
    }


def test_an_operation_is_called_by_the_name_of_what_it_does(empty: InMemoryService) -> None:
    paths = empty.call("GET", "/openapi.json", key=None).json["paths"]
    names = [call["operationId"] for calls in paths.values() for call in calls.values()]
    assert len(set(names)) == len(names)
    assert {"create_image", "create_link", "list_templates", "preview"} <= set(names)


def test_both_answers_of_a_preview_are_described(empty: InMemoryService) -> None:
    preview = empty.call("GET", "/openapi.json", key=None).json["paths"]["/v1/previews"]["post"]
    assert set(preview["responses"]["200"]["content"]) == {"image/*", "application/json"}
    (accept,) = preview["parameters"]
    assert (accept["name"], accept["schema"]["enum"]) == ("Accept", ["image/*", "application/json"])


def test_a_preview_has_the_properties_that_were_asked_for(empty: InMemoryService) -> None:
    schemas = empty.call("GET", "/openapi.json", key=None).json["components"]["schemas"]
    always = ["image", "boxes", "warnings", "findings"]
    assert schemas["PreviewResponse"]["required"] == always
    body = {"document": {"width": 9, "height": 9}}
    shown = empty.call("POST", "/v1/previews", body, headers={"accept": "application/json"}).json
    assert list(shown) == always
    people = empty.call(
        "POST", "/v1/previews", {**body, "people": [[]]}, headers={"accept": "application/json"}
    ).json
    assert list(people) == [*always, "pictures"]
    assert list(people["pictures"][0]) == schemas["PersonPreview"]["required"]


def test_error_codes_are_those_of_the_contract(empty: InMemoryService) -> None:
    contract = (ROOT / "docs/contract/api.md").read_text(encoding="utf-8")
    table = contract.partition("### Status and error codes")[2].partition("### Retries")[0]
    documented = {
        code
        for row in re.findall(r"^\| \d{3} \|([^|]*)\|", table, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", row)
    }
    description = empty.call("GET", "/openapi.json", key=None).json["info"]["description"]
    described = set(re.findall(r'<code id="(\w+)">', description))
    assert described == documented - {"bad_signature"}  # of pictures, not of this API


def test_the_schema_of_template_documents_is_served(empty: InMemoryService) -> None:
    schema = empty.call("GET", "/v1/template.schema.json", key=None).json
    assert "width" in schema["required"] or "$defs" in schema
