"""Receivers that fail in every way, over real sockets and TLS: what is sent, stored and shown."""

import datetime
import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from postcard.adapters.http.webhook_sender import HttpWebhookSender
from postcard.events.event_body import event_body
from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.ports import WebhookResponse
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.delivery_worker import DeliveryWorker, Outcome
from postcard.webhooks.schedule import ATTEMPT_SECONDS, FAST_ATTEMPT_SECONDS
from postcard.webhooks.signing import derive_secret
from tests.clocks import PATIENCE_SECONDS
from tests.functions.in_memory_service import NOW, WEBHOOKS_KEY, InMemoryService
from tests.security.loopback_internet import (
    PUBLIC_ADDRESS,
    SELF_SIGNED_ADDRESS,
    SILENT_ADDRESS,
    LoopbackInternet,
    LoopbackServer,
    Send,
    http_response,
    redirect_response,
    self_signed_certificate,
    send_slowly,
)

HOST, OTHER_HOST = "hooks.example.test", "other.example.test"
NOBODY_ADDRESS = "93.184.216.99"
SHORT_SECONDS = 0.3  # instead of 15, for receivers that never end
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WEEKDAY = "Sun, 22 Nov 2026"  # of NOW
RESPONSES: Mapping[str, bytes] = {
    "/ok": http_response(b"", "204 No Content"),
    "/200": http_response(b"Thanks"),
    "/202": http_response(b"", "202 Accepted"),
    "/large": http_response(b"y" * 5_000_000),
    "/packed": http_response(b"\x1f\x8b\x00", headers=["Content-Encoding: gzip"]),
    "/301": redirect_response(f"https://{HOST}/ok", 301),
    "/302": redirect_response("https://169.254.169.254/", 302),
    "/303": redirect_response(f"https://{HOST}/ok", 303),
    "/307": redirect_response(f"https://{HOST}/ok", 307),
    "/308": redirect_response(f"https://{HOST}/ok", 308),
    "/304": http_response(b"", "304 Not Modified"),
    "/400": http_response(b"Bad \x1b[2J request \xff", "400 Bad Request"),
    "/401": http_response(b"", "401 Unauthorized"),
    "/404": http_response(b"<h1>Not Found</h1>", "404 Not Found"),
    "/410": http_response(b"", "410 Gone"),
    "/500": http_response("Ü".encode() * 2000, "500 Internal Server Error"),
    "/503": http_response(b"", "503 Service Unavailable"),
    "/429-seconds": http_response(b"", "429 Too Many Requests", ["Retry-After: 120"]),
    "/429-date": http_response(b"", "429 Slow", [f"Retry-After: {WEEKDAY} 10:02:00 GMT"]),
    "/429-week": http_response(b"", "429 Slow", ["Retry-After: 604800"]),
    "/429-past": http_response(b"", "429 Slow", [f"Retry-After: {WEEKDAY} 09:00:00 GMT"]),
    "/429-wrong": http_response(b"", "429 Slow", ["Retry-After: soon"]),
    "/429-negative": http_response(b"", "429 Slow", ["Retry-After: -5"]),
    "/not-http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "/wrong-status": b"HTTP/1.1 two hundred\r\n\r\n",
    "/header-line-for-ever": HEAD + b"X-Header: " + b"x" * 200_000,
    "/headers-for-ever": HEAD + b"X-Header: value\r\n" * 5000,
    "/chunked-cut": CHUNKED + b"ff\r\nabc",
    "/cut": HEAD + b"Content-Length: 900\r\n\r\nx",
    "/nothing": b"",
}


class Receiver:
    """Answers by path. Some paths never end."""

    server: LoopbackServer

    def __call__(self, path: str, send: Send) -> None:
        wait = self.server.wait
        if path in RESPONSES:
            send(RESPONSES[path])
        elif path == "/silent":
            wait(PATIENCE_SECONDS)
        elif path == "/drip-headers":
            send_slowly(send, (HEAD, *repeat(b"X", 900)), 0.02, wait)
        elif path == "/drip-body":
            begin = HEAD + b"Content-Length: 900\r\n\r\n"
            send_slowly(send, (begin, *repeat(b"x", 900)), 0.02, wait)
        elif path == "/endless":
            chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            send_slowly(send, (CHUNKED, *repeat(chunk, 400)), 0, wait)


class PatientSender(HttpWebhookSender):
    """Waits as long as a slow machine needs, or as short as a test asks for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seconds = PATIENCE_SECONDS
        self.asked: list[float] = []  # the seconds of each POST in production
        self.moves: Callable[[], None] = lambda: None  # after each POST

    def post(
        self, url: str, body: str, headers: Mapping[str, str], *, seconds: float
    ) -> WebhookResponse:
        self.asked.append(seconds)
        response = super().post(url, body, headers, seconds=self.seconds)
        self.moves()
        return response


class World(InMemoryService):
    """A service whose webhooks are sent over sockets to `internet`."""

    internet: LoopbackInternet
    sender: PatientSender

    def hook(self, path: str = "/ok", host: str = HOST) -> str:
        """A new webhook for a path of the receiver; its id."""
        self.internet.names = {**self.internet.names, host: self.internet.names.get(host, [PUBLIC])}
        body = {"url": f"https://{host}{path}", "events": ["batch.completed"]}
        reply = self.call("POST", "/v1/webhooks", body)
        assert reply.status == 200, reply.body
        return str(reply.json["id"])

    def event(self, hook: str, number: int = 1) -> str:
        """Something happens that the webhook is for; the event's id."""
        sent_id = event_id("batch.completed", f"bat_{number}", at=self.now)
        body = event_body("batch.completed", {"id": f"bat_{number}"}, at=self.now)
        self.deliveries.put_if_absent(
            [new_delivery(hook, sent_id, "batch.completed", body, now=self.now)]
        )
        return sent_id

    def deliver(self, hook: str, *, slow: bool = True) -> Sequence[Outcome]:
        """What the webhook function does with the deliveries that are due.

        New endpoints have the workers of slow ones.
        """
        attempts = Attempts(self.sender, lambda: WEBHOOKS_KEY, clock=lambda: self.now)
        worker = DeliveryWorker(
            self.webhooks,
            self.deliveries,
            self.hints,
            attempts,
            clock=lambda: self.now,
            jitter=lambda: 0,
        )
        due = self.deliveries.due(hook, until=self.now, limit=100)
        outcomes = worker.deliver_all(due, slow=slow)
        for outcome in outcomes:
            assert isinstance(outcome, Outcome), outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Outcome)]

    def delivery(self, hook: str) -> dict[str, Any]:
        """The newest delivery, as the API shows it."""
        found: dict[str, Any] = self.call("GET", f"/v1/webhooks/{hook}/deliveries").json["items"][0]
        return found

    def posts(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        """Headers and body of each POST that the receiver got."""
        server = self.internet.servers[PUBLIC]
        return [
            (_headers(head), body)
            for head, body in zip(server.requests, server.bodies, strict=True)
        ]


PUBLIC = PUBLIC_ADDRESS


def _headers(head: str) -> Mapping[str, str]:
    lines = [line.partition(": ") for line in head.strip().split("\r\n")[1:]]
    return {name.lower(): value for name, _, value in lines}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed_certificate([HOST], tmp_path_factory.mktemp("tls"))


@pytest.fixture
def world(certificate: Path, tmp_path: Path) -> Iterator[World]:
    good, bad = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    good.load_cert_chain(certificate)
    bad.load_cert_chain(self_signed_certificate([HOST], tmp_path))
    receiver = Receiver()
    trusted = ssl.create_default_context(cafile=str(certificate))
    with ExitStack() as stack:
        receiver.server = stack.enter_context(closing(LoopbackServer(receiver, good)))
        servers = {
            PUBLIC_ADDRESS: receiver.server,
            SELF_SIGNED_ADDRESS: stack.enter_context(closing(LoopbackServer(receiver, bad))),
            SILENT_ADDRESS: stack.enter_context(
                closing(LoopbackServer(receiver, None, silent=True))
            ),
        }
        world = World()
        world.internet = LoopbackInternet(servers, {})
        world.sender = PatientSender(
            resolve=lambda *asked: world.internet.resolve(*asked),
            connect=lambda *asked: world.internet.connect(*asked),
            tls=lambda: trusted,
        )
        world.endpoints = world.sender  # type: ignore[assignment]
        world.rebuild()
        yield world


def result(world: World, hook: str) -> tuple[str, int | None, str | None]:
    """State, and status and error of the last attempt."""
    delivery = world.delivery(hook)
    last = delivery["attempts"][-1]
    return delivery["state"], last["status"], last["error"]


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [
        ("/ok", 204, ""),
        ("/200", 200, "Thanks"),
        ("/202", 202, ""),
        ("/large", 200, "(a response of more than 64 KB)"),
        ("/endless", 200, "(a response of more than 64 KB)"),
        ("/packed", 200, "\x1f\ufffd\x00"),
    ],
)
def test_a_2xx_is_a_success_however_long_it_is(
    world: World, path: str, status: int, shown: str
) -> None:
    hook = world.hook(path)
    sent_id = world.event(hook)
    world.deliver(hook)
    assert result(world, hook) == ("delivered", status, None)
    assert world.delivery(hook)["attempts"][0]["response"] == shown
    [(headers, body)] = world.posts()
    assert headers["webhook-id"] == sent_id and headers["content-type"] == "application/json"
    assert "cookie" not in headers and "authorization" not in headers
    event = json.loads(body)
    assert event["data"] == {"id": "bat_1"} and event["timestamp"] == "2026-11-22T10:00:00Z"


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        *((f"/{status}", status, None) for status in (301, 302, 303, 304, 307, 308)),
        *((f"/{status}", status, None) for status in (400, 401, 404, 500, 503)),
        ("/not-http", None, "incomplete or malformed"),
        ("/wrong-status", None, "incomplete or malformed"),
        ("/header-line-for-ever", None, "incomplete or malformed"),
        ("/headers-for-ever", None, "incomplete or malformed"),
        ("/chunked-cut", None, "incomplete or malformed"),
        ("/cut", None, "incomplete or malformed"),
        ("/nothing", None, "incomplete or malformed"),
    ],
)
def test_anything_else_is_tried_again_after_five_seconds(
    world: World, path: str, status: int | None, error: str | None
) -> None:
    hook = world.hook(path)
    world.event(hook)
    world.deliver(hook)
    state, found_status, found_error = result(world, hook)
    assert (state, found_status) == ("waiting", status)
    assert (found_error is None) if error is None else (error in (found_error or ""))
    assert world.delivery(hook)["due_at"] == "2026-11-22T10:00:05Z"
    assert len(world.posts()) == 1, "no redirect was followed"
    assert world.internet.connections == [f"{PUBLIC}:443"]
    world.now += 5
    world.deliver(hook)
    (first, body), (second, again) = world.posts()
    assert body == again and first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5


@pytest.mark.parametrize("path", ["/silent", "/drip-headers", "/drip-body"])
def test_a_receiver_that_does_not_end_is_left_at_the_deadline(world: World, path: str) -> None:
    world.sender.seconds = SHORT_SECONDS
    hook = world.hook(path)
    world.event(hook)
    world.deliver(hook)
    assert world.sender.asked == [ATTEMPT_SECONDS] == [15]
    state, status, error = result(world, hook)
    assert (state, status) == ("waiting", None) and "no response within" in str(error)


@pytest.mark.parametrize(
    ("addresses", "error"),
    [
        ([NOBODY_ADDRESS], f"{HOST} cannot be reached."),
        ([SELF_SIGNED_ADDRESS], f"{HOST} has no trusted certificate."),
        ([], f"{HOST} has no address."),
        (["10.0.0.5"], f"{HOST} is not on the public internet."),
        ([PUBLIC, "169.254.169.254"], f"{HOST} is not on the public internet."),
        (["::ffff:10.0.0.5"], f"{HOST} is not on the public internet."),
    ],
    ids=["refused", "certificate", "no-address", "private", "one-private", "mapped"],
)
def test_a_host_that_went_wrong_since_its_webhook_was_made_is_tried_again(
    world: World, addresses: Sequence[str], error: str
) -> None:
    hook = world.hook()
    world.internet.names = {HOST: addresses}
    world.event(hook)
    world.deliver(hook)
    assert result(world, hook) == ("waiting", None, error)
    assert world.posts() == []
    world.internet.names = {HOST: [PUBLIC]}
    world.now += 5
    world.deliver(hook)
    assert result(world, hook) == ("delivered", 204, None)


def test_an_endpoint_that_has_taken_an_event_gets_three_seconds_and_then_fifteen(
    world: World,
) -> None:
    hook = world.hook("/silent")
    world.webhooks.add_success(hook, at=world.now, status=204)
    world.event(hook)
    world.sender.seconds = SHORT_SECONDS
    world.sender.moves = lambda: setattr(world, "now", world.now + FAST_ATTEMPT_SECONDS)
    assert [outcome.result for outcome in world.deliver(hook, slow=False)] == ["slow"]
    delivery = world.delivery(hook)
    assert (delivery["tries"], delivery["attempts"]) == (0, []), "it was no try"
    world.deliver(hook)
    assert world.delivery(hook)["tries"] == 1
    assert world.sender.asked == [FAST_ATTEMPT_SECONDS, ATTEMPT_SECONDS] == [3, 15]


def test_a_certificate_for_another_name_is_refused(world: World) -> None:
    hook = world.hook(host=OTHER_HOST)
    world.event(hook)
    world.deliver(hook)
    assert result(world, hook) == ("waiting", None, f"{OTHER_HOST} has no trusted certificate.")


def test_a_handshake_that_hangs_ends_at_the_deadline(world: World) -> None:
    hook = world.hook()
    world.internet.names = {HOST: [SILENT_ADDRESS]}
    world.sender.seconds = SHORT_SECONDS
    world.event(hook)
    world.deliver(hook)
    assert result(world, hook)[:2] == ("waiting", None)


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/429-seconds", 120),
        ("/429-date", 120),
        ("/429-week", 86_400),
        ("/429-past", 5),
        ("/429-wrong", 5),
        ("/429-negative", 5),
    ],
)
def test_retry_after_is_obeyed_up_to_a_day(world: World, path: str, seconds: int) -> None:
    hook = world.hook(path)
    world.event(hook)
    world.deliver(hook)
    [(_, due_at)] = world.deliveries.due(hook, until=NOW + 10**6, limit=9)
    assert due_at == NOW + seconds


def test_410_disables_the_webhook_and_nothing_more_is_sent(world: World) -> None:
    hook = world.hook("/410")
    world.event(hook)
    world.deliver(hook)
    assert result(world, hook) == ("dead", 410, None)
    shown = world.call("GET", f"/v1/webhooks/{hook}").json
    assert shown["enabled"] is False and "410" in shown["disabled_reason"]
    world.event(hook, 2)
    assert [outcome.result for outcome in world.deliver(hook)] == ["dead"]
    assert len(world.posts()) == 1


def test_an_event_whose_answer_was_lost_comes_again_with_the_same_id_and_bytes(
    world: World,
) -> None:
    hook = world.hook("/nothing")
    sent_id = world.event(hook)
    for _ in range(3):
        world.deliver(hook)
        world.now = max(due for _, due in world.deliveries.due(hook, until=10**12, limit=9))
    found = {(headers["webhook-id"], body) for headers, body in world.posts()}
    assert len(world.posts()) == 3 and len(found) == 1 and next(iter(found))[0] == sent_id


def test_ten_tries_take_three_days_and_a_dead_event_can_be_replayed(world: World) -> None:
    hook = world.hook("/500")
    sent_id = world.event(hook)
    waits = []
    while due := world.deliveries.due(hook, until=10**12, limit=9):
        [(_, due_at)] = due
        waits.append(due_at - world.now)
        world.now = due_at
        world.deliver(hook)
        world.webhooks.add_success(hook, at=world.now, status=204)  # as of other events
    assert waits == [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    dead = world.delivery(hook)
    assert (dead["state"], dead["tries"], len(dead["attempts"])) == ("dead", 10, 10)
    assert dead["attempts"][-1]["response"] == "Ü" * 512
    replay(world, hook)
    [(_, first), *_, (headers, last)] = world.posts()
    assert first == last and headers["webhook-id"] == sent_id


def test_an_event_that_only_fails_is_dead_after_85_hours_and_can_be_replayed(world: World) -> None:
    hook = world.hook("/503")
    world.event(hook)
    while due := world.deliveries.due(hook, until=10**12, limit=9):
        world.now = max(world.now, due[0][1])
        world.deliver(hook)
    assert 84 * 3600 < world.now - NOW < 85 * 3600
    dead = world.delivery(hook)
    assert (dead["state"], dead["tries"], len(dead["attempts"])) == ("dead", 10, 10)
    assert world.call("GET", f"/v1/webhooks/{hook}").json["enabled"] is True
    replay(world, hook)


def replay(world: World, hook: str) -> None:
    """Move the webhook to a path that works, and replay what is dead."""
    assert world.call("PATCH", f"/v1/webhooks/{hook}", {"url": f"https://{HOST}/ok"}).status == 200
    body = {"since": "2026-11-22T00:00:00Z"}
    replayed = world.call("POST", f"/v1/webhooks/{hook}/deliveries/replay", body).json
    assert replayed["replayed"] == 1
    world.deliver(hook)
    assert result(world, hook) == ("delivered", 204, None)


def test_a_rebound_name_is_refused_at_the_second_delivery(world: World) -> None:
    answers: Callable[[], Sequence[str]] = iter([[PUBLIC], [PUBLIC], ["127.0.0.1"]]).__next__
    world.internet.names = {HOST: answers}
    hook = world.hook()
    for number, expected in ((1, ("delivered", 204)), (2, ("waiting", None))):
        world.now += 1
        world.event(hook, number)
        world.deliver(hook)
        assert result(world, hook)[:2] == expected
    assert world.internet.connections == [f"{PUBLIC}:443"]


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.test/", "https://10.0.0.5/", "https://127.0.0.1/"),
        *("https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://0x7f.1/"),
        *("https://u:p@hooks.example.test/", "https://hooks.example.test:8443/"),
        *("https://localhost/", "https://metadata.internal/", "https://private.example.test/"),
        *("https://169.254.169.254/latest/meta-data", "ftp://hooks.example.test/"),
        *("http://127.0.0.1:8080/", "https://nobody.example.test/", "https://", "hooks"),
        "https://hooks.example.test/\r\nX: y",
    ],
)
def test_a_url_that_is_not_public_is_refused_before_a_connection(world: World, url: str) -> None:
    world.internet.names = {HOST: [PUBLIC], "private.example.test": [PUBLIC, "192.168.0.9"]}
    reply = world.call("POST", "/v1/webhooks", {"url": url, "events": ["batch.completed"]})
    assert reply.status == 400 and ("invalid_value", "/url") in reply.error_locations()
    assert world.webhooks.list() == [] and world.internet.connections == []
    hook = world.hook()
    changed = world.call("PATCH", f"/v1/webhooks/{hook}", {"url": url})
    assert changed.status == 400 and world.internet.connections == []


def test_a_ping_arrives_signed_with_both_secrets_of_a_rotation(world: World) -> None:
    hook = world.hook()
    assert world.call("POST", f"/v1/webhooks/{hook}/rotate", {}).status == 200
    reply = world.call("POST", f"/v1/webhooks/{hook}/ping").json
    assert reply["delivered"] is True
    [(headers, body)] = world.posts()
    assert headers["webhook-id"] == reply["event_id"]
    for number in (1, 2):
        secret = derive_secret(WEBHOOKS_KEY, hook, number)
        signed = Webhook(secret).sign(
            headers["webhook-id"], _moment(headers["webhook-timestamp"]), body.decode()
        )
        assert signed in headers["webhook-signature"].split(" ")


def _moment(timestamp: str) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(timestamp), datetime.UTC)
