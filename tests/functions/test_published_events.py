"""`template.published`: a call comes in, and the exact body of the delivery is stored with it."""

import json
from dataclasses import replace

import pytest

from postcard.ports import DeliveryRecord, TemplateRecord, TemplateVersion
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

TYPE = "template.published"
BODY = (
    '{"type":"template.published","timestamp":"2026-11-22T10:00:00Z","data":{"id":"welcome",'
    '"version":1,"name":"Wélcome","created_at":"2026-11-22T10:00:00Z",'
    '"published_at":"2026-11-22T10:00:00Z","paused":false,"width":120,"height":60,'
    '"format":"png","note":"For the autumn","by":"test","findings":'
    '[{"code":"unused_field","pointer":"/fields/points"},'
    '{"code":"small_picture","pointer":""}]}}'
)


def with_unused_field() -> dict[str, object]:
    fields = {**document()["fields"], "points": {"type": "number", "default": 3}}
    return document(name="Wélcome", fields=fields)


def test_publishing_stores_the_event_that_is_due_at_once(empty: InMemoryService) -> None:
    empty.subscribe(TYPE)
    headers = {"postcard-note": "For%20the%20autumn"}
    empty.call("PUT", "/v1/templates/welcome", with_unused_field(), headers=headers)
    (delivery,) = empty.deliveries_of()
    assert delivery.body == BODY
    assert (delivery.event_type, delivery.state, delivery.due_at) == (TYPE, "waiting", NOW)
    assert empty.hints.receive() == (delivery.key, NOW)
    assert empty.hints.receive() is None


def test_each_version_is_an_event_and_a_document_that_is_no_new_version_is_none(
    empty: InMemoryService,
) -> None:
    empty.subscribe(TYPE)
    for background in ("#ff0000", "#ff0000", "#00ff00"):
        empty.publish(document(background=background))
        empty.now += 1
    assert [event["data"]["version"] for event in empty.events()] == [1, 2]
    assert len({delivery.key.event_id for delivery in empty.deliveries_of()}) == 2


def test_a_template_under_an_id_that_postcard_chose_is_an_event(empty: InMemoryService) -> None:
    empty.subscribe(TYPE)
    made = empty.call("POST", "/v1/templates", document()).json
    assert [event["data"]["id"] for event in empty.events()] == [made["id"]]


def test_a_published_draft_is_an_event_and_the_draft_is_gone(world: InMemoryService) -> None:
    world.subscribe(TYPE)
    text = json.dumps(document(background="#ff0000"))
    path = "/v1/templates/welcome/draft"
    draft = world.call("PUT", path, text, headers={"if-none-match": "*"}).json
    headers = {"postcard-draft": f'"{draft["etag"]}"'}
    reply = world.call("PUT", "/v1/templates/welcome", text, headers=headers)
    assert reply.status == 200, reply.body
    assert [event["data"]["version"] for event in world.events()] == [2]
    assert world.drafts.get("welcome") is None


@pytest.mark.parametrize("body", [document(background="nope"), {"width": 1}, "{"])
def test_a_document_that_is_refused_is_no_event(world: InMemoryService, body: object) -> None:
    world.subscribe(TYPE)
    assert world.call("PUT", "/v1/templates/welcome", body).status == 400
    assert world.events() == [] and world.hints.receive() is None


def test_of_two_publications_at_once_the_one_that_is_stored_is_an_event(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's event is not stored either."""
    world.subscribe(TYPE)
    publish = world.templates.publish

    def overtaken(
        record: TemplateRecord, version: TemplateVersion, deliveries: list[DeliveryRecord]
    ) -> None:
        monkeypatch.setattr(world.templates, "publish", publish)
        other = json.dumps(document(background="#00ff00"))
        world.api.publisher.publish("welcome", other, now=world.now, deadline=1e9)
        publish(record, version, deliveries)

    monkeypatch.setattr(world.templates, "publish", overtaken)
    reply = world.call("PUT", "/v1/templates/welcome", document(background="#ff0000"))
    assert reply.status == 409
    stored = world.templates.version("welcome", 2)
    assert stored is not None and '"#00ff00"' in stored.document
    assert len(world.events()) == 1


def test_without_an_enabled_webhook_for_the_type_nothing_is_stored(empty: InMemoryService) -> None:
    empty.subscribe("batch.completed", webhook_id="wh_other")
    empty.subscribe(TYPE, webhook_id="wh_off")
    off = empty.webhooks.get("wh_off")
    assert off is not None
    empty.webhooks.put(replace(off, enabled=False, revision=2))
    empty.publish(document())
    assert empty.deliveries_of("wh_other") == empty.deliveries_of("wh_off") == []
    assert empty.hints.receive() is None


def test_every_webhook_that_wants_the_type_gets_the_same_bytes(empty: InMemoryService) -> None:
    for name in ("wh_a", "wh_b"):
        empty.subscribe(TYPE, "image.rendered", webhook_id=name)
    empty.subscribe("image.rendered", webhook_id="wh_c")
    empty.publish(document())
    (first,), (second,) = empty.deliveries_of("wh_a"), empty.deliveries_of("wh_b")
    assert (first.body, first.key.event_id) == (second.body, second.key.event_id)
    assert empty.deliveries_of("wh_c") == []
