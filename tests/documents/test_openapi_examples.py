"""Every example of the OpenAPI document works as it is written on what `make serve` uploads."""

import json
from typing import Any

import pytest

from postcard.events.event_body import event_body
from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.sessions import SessionService
from tests.documents.seeded_service import SEED, document, seeded_service
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import InMemoryService

MADE_IDS = ("image_id", "batch_id", "session_key", "webhook_id", "event_id", "share_id")
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def seeded() -> InMemoryService:
    service = seeded_service()
    for path in sorted(SEED.glob("*.json")):
        service.publish(document(path.stem), path.stem)
    return service


@pytest.fixture(scope="module")
def openapi(seeded: InMemoryService) -> dict[str, Any]:
    described: dict[str, Any] = seeded.call("GET", "/openapi.json", key=None).json
    return described


def body_examples(openapi: dict[str, Any], operation: dict[str, Any]) -> list[Any]:
    if "requestBody" not in operation:
        return [None]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    examples: list[Any] = schema["examples"]
    return examples


def header_examples(operation: dict[str, Any]) -> dict[str, str]:
    return {
        parameter["name"].lower(): parameter["example"]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header" and "example" in parameter
    }


def operations(openapi: dict[str, Any]) -> list[Operation]:
    """In the order of the page, but what deletes last."""
    listed = [(m, p, o) for p, methods in openapi["paths"].items() for m, o in methods.items()]
    return sorted(listed, key=lambda operation: operation[0] == "delete")


def test_every_example_works_on_a_seeded_service(
    seeded: InMemoryService, openapi: dict[str, Any]
) -> None:
    ids = dict.fromkeys(MADE_IDS, "")  # others in each deployment
    for method, path, operation in operations(openapi):
        for example in body_examples(openapi, operation):
            path = path_with_ids(path, operation, ids)
            prepare(seeded, path, example, ids)
            key = ids["session_key"] if path.startswith("/v1/sessions/") else ""
            headers = header_examples(operation)
            reply = seeded.call(method.upper(), path, example, headers=headers, key=key)
            assert 200 <= reply.status < 300, (method, path, example, reply.body)
            remember(method, path, reply, ids)


def path_with_ids(path: str, operation: dict[str, Any], ids: dict[str, str]) -> str:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            value = parameter.get("example") or ids[parameter["name"]]
            path = path.replace("{" + parameter["name"] + "}", str(value))
    return path


def prepare(service: InMemoryService, path: str, example: Any, ids: dict[str, str]) -> None:
    """What is done outside the API before a call."""
    if path.endswith("/results"):
        complete(service, ids["batch_id"])
    if path == "/v1/sessions":
        invite(service, example["code"])
    if path.endswith("/deliveries"):
        ids["event_id"] = add_delivery(service, ids["webhook_id"])


def remember(method: str, path: str, reply: HandlerResponse, ids: dict[str, str]) -> None:
    if path == "/v1/images":
        ids["image_id"] = reply.json["id"]
        assert (reply.json["status"], reply.json["warnings"]) == ("ready", [])
    if (method, path) == ("post", "/v1/batches"):
        ids["batch_id"] = reply.json["id"]
    if path == "/v1/sessions":
        ids["session_key"] = reply.json["key"]
    if (method, path) == ("post", "/v1/webhooks"):
        ids["webhook_id"] = reply.json["id"]
    if (method, path) == ("post", "/v1/usage/shares"):
        ids["share_id"] = reply.json["id"]


def invite(service: InMemoryService, code: str) -> None:
    """What `postcard studio invite` does, with a code that is known before."""
    keys = ApiKeyService(service.api_keys)
    sessions = SessionService(keys, service.invitations, service.counters, new_code=lambda: code)
    sessions.invite("Anna", now=service.now)


def add_delivery(service: InMemoryService, webhook_id: str) -> str:
    """What a change does that the webhook is for; the event's id."""
    sent_id = event_id("batch.completed", "bat_1", at=service.now)
    body = event_body("batch.completed", {}, at=service.now)
    delivery = new_delivery(webhook_id, sent_id, "batch.completed", body, now=service.now)
    service.deliveries.put_if_absent([delivery])
    return sent_id


def complete(service: InMemoryService, batch_id: str) -> None:
    """What the state machine does with a batch of rows."""
    key = f"batches/{batch_id}/result-1.jsonl"
    service.files.write(key, b'{"status": "ok"}\n', "application/jsonl")
    changes = {"status": "completed", "summary": {"result": {"key": key}}}
    assert service.batches.update(batch_id, changes, status_is=("running",))


def test_every_operation_with_a_body_has_an_example(openapi: dict[str, Any]) -> None:
    for _, path, operation in operations(openapi):
        assert body_examples(openapi, operation), path


def test_every_path_parameter_but_ids_that_are_made_has_an_example(openapi: dict[str, Any]) -> None:
    without = {
        parameter["name"]
        for _, _, operation in operations(openapi)
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path" and "example" not in parameter
    }
    assert without == set(MADE_IDS) - {"session_key"}


def test_the_example_document_has_no_findings(
    seeded: InMemoryService, openapi: dict[str, Any]
) -> None:
    (example,) = body_examples(openapi, openapi["paths"]["/v1/templates"]["post"])
    reply = seeded.call("POST", "/v1/templates", json.dumps(example))
    assert reply.json["findings"] == []
