"""What follows a call in the background, through the whole service: events, and deletions."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.clocks import PATIENCE_SECONDS
from tests.local.conftest import SHARED, RunningService, wait_until

EVENTS = ["template.published", "image.rendered", "budget.exceeded"]


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
            with known.arrived:
                known.posts.append((headers, body))
                known.arrived.notify_all()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    known = Receiver(server)
    made = service.call("POST", "/v1/webhooks", {"url": known.url, "events": EVENTS})
    assert made.status_code == 200, made.text
    known.secret = made.json()["secret"]
    yield known
    SHARED.close()  # else other modules would count the work that is still done in it
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
    assert len(ids) == len(set(ids)) >= 4


def test_a_recall_deletes_stored_pictures_in_the_background(service: RunningService) -> None:
    """The whole way: API, SQS in moto, the worker function, S3 and the CDN."""
    path = service.link("Background")
    assert service.get(path).status_code == 200
    published = service.call("GET", "/v1/templates/welcome").json()
    document = {**published["document"], "background": "#123456"}
    newer = service.call("PUT", "/v1/templates/welcome", document).json()["version"]

    def stored() -> list[str]:
        bucket = service.server.stack.buckets()["PicturesBucket"]
        keys = service.server.account.object_keys(bucket)
        folder = f"/welcome/{published['version']}/"
        return [key for key in keys if folder in key]

    assert stored()
    recall = f"/v1/templates/welcome/versions/{published['version']}/recall"

    def begin() -> None:
        reply = service.call("POST", recall, {"replaced_by": newer})
        assert reply.json()["deletion"]["state"] == "running", reply.text
        wait_until(lambda: not stored())

    changes = service.counter_changes(begin)
    assert changes["function.WorkerFunction"] == 1
    assert changes["cloudfront.CreateInvalidation"] == 1
    assert service.get(path).headers["X-Cache"].startswith("Miss")


def test_ten_links_that_were_opened_are_counted_a_minute_later(service: RunningService) -> None:
    """The whole way: the CDN, its log, the schedule, the worker, Athena, the table, the API."""
    for number in range(10):
        path = service.link(f"Reader {number}", campaign="autumn")
        assert path.startswith("/c/autumn/welcome.png?")
        first, second = service.get(path), service.get(path)
        assert (first.status_code, second.headers["X-Cache"]) == (200, "Hit from cloudfront")
    assert service.get("/c/autumn/nobody.png?_sig=x").status_code == 400

    def usage() -> dict[str, Any]:
        answer = service.call("GET", "/v1/usage?campaign=autumn")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert usage()["totals"]["hits"] == 0
    assert service.run_schedules() >= 1
    assert wait_until(lambda: usage()["totals"]["hits"] > 0)
    page = usage()
    (item,) = page["items"]
    assert (item["template_id"], item["campaign"]) == ("welcome", "autumn")
    assert (item["first_opens"], item["misses"], item["hits"]) == (10, 10, 10)
    assert (item["fetches"], item["refusals"]) == (20, 0)
    assert item["sent_bytes"] > item["bytes"] > 0
    assert page["log_complete_to"][:10] == item["day"]
    everything = service.call("GET", "/v1/usage").json()
    assert everything["totals"]["refusals"] >= 1, "without a template, as the name may be made up"
