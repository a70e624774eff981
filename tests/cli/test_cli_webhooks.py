"""`postcard webhooks`: its commands against the API, and `listen` with real deliveries."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from postcard.adapters.http.webhook_sender import HttpWebhookSender
from postcard.cli.webhook_receiver import WebhookReceiver
from postcard.cli.webhooks import next_try
from postcard.events.event_body import MAX_BODY_BYTES, event_body
from postcard.events.event_ids import event_id
from postcard.events.event_types import EVENT_TYPES
from postcard.events.outbox import new_delivery
from postcard.ports import DeliveryAttempt, WebhookResponse
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.signing import derive_secret, signature_headers
from tests.cli.api_server import served_api
from tests.cli.runner import CommandOutput, clean_environment, run_postcard
from tests.functions.in_memory_service import NOW, WEBHOOKS_KEY, InMemoryService

__all__ = ["clean_environment"]

URL = "https://hooks.example.com/postcard"
HOUR = 3600


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryService]:
    """A service that the commands call."""
    world = InMemoryService()
    with served_api(world) as url:
        monkeypatch.setenv("POSTCARD_API_URL", url)
        monkeypatch.setenv("POSTCARD_API_KEY", world.key)
        yield world


def run(*arguments: object) -> CommandOutput:
    return run_postcard("webhooks", *arguments)


def created(*options: object) -> dict[str, Any]:
    output = run("create", URL, *options, "--json")
    assert output.exit_code == 0, output.stderr
    webhook: dict[str, Any] = output.json_output
    return webhook


def put_dead(world: InMemoryService, webhook_id: str, hours: int) -> str:
    """A dead delivery of an event some hours ago."""
    at = NOW - hours * HOUR
    sent_id = event_id("batch.completed", f"bat_{hours}", at=at)
    body = event_body("batch.completed", {}, at=at)
    new = new_delivery(webhook_id, sent_id, "batch.completed", body, now=at)
    attempts = (DeliveryAttempt(at, None, 15_000, "There was no response within 15 s."),)
    dead = replace(new, state="dead", due_at=None, tries=10, attempts=attempts)
    world.deliveries.put_if_absent([dead])
    return sent_id


def test_create_prints_the_secret_once(world: InMemoryService) -> None:
    output = run("create", URL, "--event", "batch.completed", "--description", "CRM")
    webhook_id, secret = output.stdout.split()
    assert output.exit_code == 0 and "not shown again" in output.stderr
    [record] = world.webhooks.list()
    assert (record.webhook_id, record.events) == (webhook_id, ("batch.completed",))
    assert secret == derive_secret(WEBHOOKS_KEY, webhook_id, 1)
    for command in (("list",), ("show", webhook_id)):
        shown = run(*command).stdout
        assert webhook_id in shown and URL in shown and "CRM" in shown and "whsec" not in shown


def test_a_refused_url_names_the_reason(world: InMemoryService) -> None:
    world.endpoints.refused.add("https://10.0.0.5/")
    output = run("create", "https://10.0.0.5/")
    assert output.exit_code == 1 and "not on the public internet" in output.stderr
    assert world.webhooks.list() == []


def test_without_event_all_types_are_sent(world: InMemoryService) -> None:
    assert tuple(created()["events"]) == EVENT_TYPES


def test_update_changes_what_is_named(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    assert run("update", webhook_id).exit_code == 2
    output = run("update", webhook_id, "--disable", "--event", "batch.failed")
    assert output.exit_code == 0 and "off" in output.stdout
    [record] = world.webhooks.list()
    assert (record.enabled, record.events, record.url) == (False, ("batch.failed",), URL)
    assert run("update", webhook_id, "--enable", "--json").json_output["enabled"] is True


def test_delete_asks_first(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    refused = run_postcard("webhooks", "delete", webhook_id, stdin="n\n")
    assert refused.exit_code == 2 and len(world.webhooks.list()) == 1
    assert run("delete", webhook_id, "--yes").exit_code == 0
    assert world.webhooks.list() == []
    assert run("show", webhook_id).exit_code == 2


def test_rotate_prints_the_new_secret_and_until_when_the_old_one_signs(
    world: InMemoryService,
) -> None:
    webhook_id = created()["id"]
    output = run("rotate", webhook_id, "--overlap-hours", 2)
    assert output.stdout.strip() == derive_secret(WEBHOOKS_KEY, webhook_id, 2)
    assert "until 2026-11-22T12:00:00Z" in output.stderr
    assert run("rotate", webhook_id).stdout == output.stdout
    ended = run("rotate", webhook_id, "--overlap-hours", 0)
    assert ended.stdout != output.stdout and "have ended" in ended.stderr


def test_ping_exits_with_1_if_it_was_not_taken(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    good = run("ping", webhook_id)
    assert good.exit_code == 0 and "Status 204." in good.stdout
    world.endpoints.answers[URL] = [WebhookResponse(500, "", "Oops\u001b[2J\u009b2J\u202eZoë")]
    bad = run("ping", webhook_id)
    assert bad.exit_code == 1 and "Status 500." in bad.stdout
    assert '"Oops\\u001b[2J\\u009b2J\\u202eZoë"' in bad.stdout


def test_deliveries_are_listed_with_their_last_answer(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    events = [put_dead(world, webhook_id, hours) for hours in range(250)]
    lines = run("deliveries", webhook_id, "--limit", 220, "--only", "dead").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["event", *events[:220]]
    assert lines[1].endswith("There was no response within 15 s.")
    assert len(run("deliveries", webhook_id, "--json").json_output["items"]) == 50
    assert run("deliveries", webhook_id, "--only", "waiting").stdout.count("\n") == 1


def test_a_waiting_delivery_is_listed_with_its_next_try(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    run("replay", webhook_id, put_dead(world, webhook_id, 1))
    listed = run("deliveries", webhook_id).stdout
    [item] = run("deliveries", webhook_id, "--json").json_output["items"]
    assert "next try" in listed and (item["due_at"] in listed or "due now" in listed)
    assert next_try("2026-11-22T10:05:00Z", "2026-11-22T10:00:00Z") == "2026-11-22T10:05:00Z"
    assert next_try("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z") == "due now"
    assert next_try(None, "2026-11-22T10:00:00Z") == ""


def test_replay_takes_events_or_a_time(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    events = [put_dead(world, webhook_id, hours) for hours in (1, 2, 40)]
    assert run("replay", webhook_id).exit_code == 2
    assert run("replay", webhook_id, events[0], "--since", "2026-11-22").exit_code == 2
    assert run("replay", webhook_id, events[0]).stdout == "1 replayed.\n"
    assert run("replay", webhook_id, "--since", "2026-11-22").stdout == "1 replayed.\n"
    output = run("replay", webhook_id, "--since", "2026-11-22")
    assert output.stdout == "0 replayed.\n" and "--only any" in output.stderr
    states = [
        item["state"] for item in run("deliveries", webhook_id, "--json").json_output["items"]
    ]
    assert states == ["waiting", "waiting", "dead"]


def test_a_large_replay_takes_several_calls(world: InMemoryService) -> None:
    webhook_id = created()["id"]
    for hours in range(1100):
        put_dead(world, webhook_id, hours)
    assert run("replay", webhook_id, "--since", "2026-01-01").stdout == "1100 replayed.\n"


@pytest.mark.parametrize("wrong", ["../keys", "wh_a/b", "", "wh ?", "wh_ü"])
def test_an_id_that_is_none_is_not_sent(world: InMemoryService, wrong: str) -> None:
    output = run("show", wrong)
    assert output.exit_code == 2 and "is no id" in output.stderr


class PingedSender(HttpWebhookSender):
    """Sends to this machine, and notes that the first ping was answered."""

    def __init__(self) -> None:
        super().__init__(allow_loopback=True)
        self.pinged = threading.Event()

    def post(self, *arguments: Any, **options: Any) -> WebhookResponse:
        response = super().post(*arguments, **options)
        self.pinged.set()
        return response


class Sends:
    """Does something in a thread as soon as `listen` has created its webhook and pinged it."""

    def __init__(self, world: InMemoryService, send: Callable[["Sends"], None]) -> None:
        self.world = world
        self.sender = PingedSender()
        world.now = time.time()
        world.endpoints = self.sender  # type: ignore[assignment]
        world.rebuild()
        self.responses: list[WebhookResponse] = []
        self.thread = threading.Thread(target=self._run, args=(send,), daemon=True)

    def __enter__(self) -> "Sends":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(60)

    def _run(self, send: Callable[["Sends"], None]) -> None:
        if self.sender.pinged.wait(60):
            send(self)

    def event(self, number: int, event_type: str = "batch.completed") -> None:
        """Send an event as the webhook function does."""
        [webhook] = self.world.webhooks.list()
        attempts = Attempts(self.sender, lambda: WEBHOOKS_KEY)
        body = event_body(event_type, {"number": number}, at=self.world.now)
        self.responses.append(attempts.send(webhook, f"evt_{number}", body).response)


def listen(world: InMemoryService, send: Callable[["Sends"], None], *options: object) -> Any:
    """What `listen` printed while `send` ran, and the responses that were sent."""
    with Sends(world, send) as sends:
        output = run("listen", *options)
    return output, [response.status for response in sends.responses]


def test_listen_verifies_and_prints_events_and_deletes_its_webhook(world: InMemoryService) -> None:
    def send(sends: Sends) -> None:
        for number in (1, 2, 2):
            sends.event(number)

    output, statuses = listen(world, send, "--count", 3)
    assert (output.exit_code, statuses) == (0, [204, 204, 204]), output.stderr
    assert "batch.completed  evt_1  verified\n{" in output.stdout
    assert "batch.completed  evt_2  verified, again\n" in output.stdout
    assert '"number": 2' in output.stdout and "  ping  " in output.stdout
    assert "deletes the webhook" in output.stderr and world.webhooks.list() == []


def test_listen_prints_a_json_object_a_line(world: InMemoryService) -> None:
    def send(sends: Sends) -> None:
        sends.event(1, "batch.failed")

    output, _ = listen(world, send, "--count", 1, "--json", "--event", "batch.failed")
    ping, event = map(json.loads, output.stdout.splitlines())
    assert ping["event"]["type"] == "ping" and ping["verified"] is True
    assert (event["id"], event["verified"], event["repeated"]) == ("evt_1", True, False)
    assert event["event"]["data"] == {"number": 1}


def test_listen_answers_what_it_is_asked_to(world: InMemoryService) -> None:
    output, statuses = listen(world, lambda sends: sends.event(1), "--count", 1, "--answer", 503)
    assert (output.exit_code, statuses) == (0, [503])


def test_listen_says_why_it_refuses_a_delivery(world: InMemoryService) -> None:
    def send(sends: Sends) -> None:
        [webhook] = world.webhooks.list()
        secret = derive_secret("0" * 64, webhook.webhook_id, 1)
        headers = signature_headers([secret], "evt_\u001b[2J", "{}", now=time.time())
        forged = requests.post(webhook.url, data=b"{}", headers=headers, timeout=60)
        assert forged.status_code == 401
        sends.event(1)

    output, _ = listen(world, send, "--count", 1)
    assert "No signature matches the secret." in output.stdout
    assert "\u001b" not in output.stdout


def test_listen_with_a_secret_creates_nothing(world: InMemoryService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secret = derive_secret(WEBHOOKS_KEY, "wh_mine", 1)

    def post() -> None:
        headers = signature_headers([secret], "evt_1", '{"type": "batch.failed"}', now=time.time())
        for _ in range(200):
            try:
                requests.post(
                    f"http://127.0.0.1:{port}/",
                    data=b'{"type": "batch.failed"}',
                    headers=headers,
                    timeout=60,
                )
                return
            except requests.ConnectionError:
                time.sleep(0.05)

    sender = threading.Thread(target=post, daemon=True)
    sender.start()
    output = run("listen", "--port", port, "--count", 1, "--secret", secret)
    sender.join(60)
    assert output.exit_code == 0 and "batch.failed  evt_1  verified" in output.stdout
    assert world.webhooks.list() == []


def test_listen_for_a_service_elsewhere_asks_for_a_tunnel(world: InMemoryService) -> None:
    world.endpoints = HttpWebhookSender()  # type: ignore[assignment]
    world.rebuild()
    output = run("listen", "--count", 1)
    assert output.exit_code == 2 and "open a tunnel" in output.stderr
    assert world.webhooks.list() == []


def test_listen_ends_if_a_ping_does_not_come_back(world: InMemoryService) -> None:
    tunnel = "https://tunnel.example.com/"
    world.endpoints.answers[tunnel] = [WebhookResponse(None, "tunnel.example.com is down.")]
    output = run("listen", "--count", 1, "--url", tunnel)
    assert output.exit_code == 2 and "tunnel.example.com is down" in output.stderr
    assert world.webhooks.list() == []


def test_a_port_in_use_is_a_clear_error(world: InMemoryService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        output = run("listen", "--port", used.getsockname()[1])
    assert output.exit_code == 2 and "choose another with --port" in output.stderr
    assert world.webhooks.list() == []


def test_the_receiver_reads_no_large_body_and_knows_only_post() -> None:
    secret = derive_secret(WEBHOOKS_KEY, "wh_1", 1)
    with WebhookReceiver(0, secret=secret) as receiver:
        large = requests.post(receiver.url, data=b"x" * (MAX_BODY_BYTES + 1), timeout=60)
        assert large.status_code == 413
        for length in ("-1", "x", "9" * 5000):
            assert raw_status(receiver.url, f"Content-Length: {length}") == 413
        assert requests.get(receiver.url, timeout=60).status_code == 501
        not_json = signature_headers([secret], "evt_1", "[1]", now=time.time())
        refused = requests.post(receiver.url, data=b"[1]", headers=not_json, timeout=60)
        assert refused.status_code == 401
        assert receiver.deliveries.get().fault == "The body is not a JSON object."


def raw_status(url: str, header: str) -> int:
    port = int(url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
        return int(connection.recv(1000).split()[1])


def test_a_delivery_that_comes_before_the_secret_waits_for_it() -> None:
    secret = derive_secret(WEBHOOKS_KEY, "wh_1", 1)
    headers = signature_headers([secret], "evt_1", "{}", now=time.time())
    with WebhookReceiver(0) as receiver:
        statuses: list[int] = []

        def post() -> None:
            reply = requests.post(receiver.url, data=b"{}", headers=headers, timeout=60)
            statuses.append(reply.status_code)

        sender = threading.Thread(target=post)
        sender.start()
        assert receiver.deliveries.empty()
        receiver.use_secret(secret)
        sender.join(60)
    assert statuses == [204]
