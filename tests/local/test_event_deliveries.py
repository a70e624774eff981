"""From a change to the signed POST at a receiver on this machine, through the whole service."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.clocks import PATIENCE_SECONDS
from tests.local.conftest import RunningService

EVENTS = ["template.published", "image.rendered", "batch.completed", "budget.exceeded"]


@dataclass
class Receiver:
    """An endpoint that answers 204 and keeps what it got."""

    server: ThreadingHTTPServer
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    secret: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/postcard"

    def events(self, event_type: str, subject: str) -> list[dict[str, Any]]:
        """The events of this type about one thing, once there is one; each is verified."""
        with self.arrived:
            self.arrived.wait_for(lambda: self._verified(event_type, subject), PATIENCE_SECONDS)
            return self._verified(event_type, subject)

    def _verified(self, event_type: str, subject: str) -> list[dict[str, Any]]:
        events = [Webhook(self.secret).verify(body, headers) for headers, body in self.posts]
        return [
            event
            for event in events
            if event["type"] == event_type and subject in event["data"].values()
        ]


@pytest.fixture(scope="module")
def receiver(service: RunningService) -> Iterator[Receiver]:
    """A receiver that the service knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(204)
            self.end_headers()
            with receiver.arrived:
                receiver.posts.append((headers, body))
                receiver.arrived.notify_all()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    receiver = Receiver(server)
    made = service.call("POST", "/v1/webhooks", {"url": receiver.url, "events": EVENTS})
    assert made.status_code == 200, made.text
    receiver.secret = made.json()["secret"]
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_publication_arrives_signed(service: RunningService, receiver: Receiver) -> None:
    text = json.dumps({"name": "Told", "width": 60, "height": 30, "layers": []})
    published = service.call("PUT", "/v1/templates/told", json.loads(text))
    assert published.status_code == 200, published.text
    (event,) = receiver.events("template.published", "told")
    assert (event["data"]["version"], event["data"]["name"]) == (1, "Told")


def test_a_drawn_image_arrives_with_its_metadata_and_its_picture_is_there(
    service: RunningService, receiver: Receiver
) -> None:
    body = {**service.payload, "metadata": {"order": "A-1007"}}
    made = service.call("POST", "/v1/images", body).json()
    (event,) = receiver.events("image.rendered", made["id"])
    assert event["data"]["metadata"] == {"order": "A-1007"}
    picture = service.get(event["data"]["url"].removeprefix(service.url))
    assert len(picture.content) == event["data"]["bytes"] == made["bytes"]


def test_an_image_arrives_when_somebody_has_opened_it(
    service: RunningService, receiver: Receiver
) -> None:
    body = {**service.payload, "render": "on_open", "width": 130, "metadata": {"order": "A-1008"}}
    made = service.call("POST", "/v1/images", body).json()
    assert made["status"] == "pending"
    picture = service.get(made["url"].removeprefix(service.url))
    (event,) = receiver.events("image.rendered", made["id"])
    assert event["data"]["bytes"] == len(picture.content) and "metadata" not in event["data"]


def test_a_batch_arrives_when_it_is_completed(service: RunningService, receiver: Receiver) -> None:
    rows = [{"user_name": name, "discount_code": "SAVE25NOW"} for name in ("Zoë", "Bo")]
    batch = service.call("POST", "/v1/batches", {"template_id": "welcome", "rows": rows}).json()
    (event,) = receiver.events("batch.completed", batch["id"])
    shown = service.call("GET", f"/v1/batches/{batch['id']}").json()
    assert event["data"] == {name: shown[name] for name in event["data"]}


def test_a_budget_that_is_used_up_arrives_at_the_next_tick(
    service: RunningService, receiver: Receiver
) -> None:
    service.call("PATCH", "/v1/templates/told", {"daily_renders": 1})
    for width in (40, 50):
        made = service.call("POST", "/v1/links", {"template_id": "told", "width": width}).json()
        service.get(made["url"].removeprefix(service.url))
    service.server.functions.invoke("WebhookFunction", {"detail-type": "Scheduled Event"})
    (event,) = receiver.events("budget.exceeded", "told")
    assert (event["data"]["budget"], event["data"]["limit"]) == ("template_renders", 1)


def test_nothing_arrived_twice_and_no_two_events_have_one_id(receiver: Receiver) -> None:
    ids = [headers["webhook-id"] for headers, _ in receiver.posts]
    assert len(ids) == len(set(ids)) >= 5
