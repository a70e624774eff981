"""What `postcard webhooks listen` does: a webhook for as long as the command runs."""

import json
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NoReturn

import click

from postcard.cli.api_client import ApiClient
from postcard.cli.output import (
    EXIT_INTERRUPTED,
    CommandError,
    CommandResult,
    json_for_terminal,
)
from postcard.cli.webhook_receiver import ReceivedDelivery, WebhookReceiver
from postcard.errors import Problem
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import format_rfc3339

PATH = "/v1/webhooks"
DESCRIPTION = "postcard webhooks listen"
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """The options of the command. `url` None: the receiver's own address."""

    events: Sequence[str]
    port: int
    url: str | None
    secret: str | None
    answer: int
    count: int | None


class Listener:
    """Receives and prints deliveries. `client` None: of a webhook that exists already."""

    def __init__(
        self, client: ApiClient | None, options: ListenOptions, *, as_json: bool = False
    ) -> None:
        self._client = client
        self._options = options
        self._as_json = as_json
        self._events = 0

    def run(self) -> CommandResult:
        """Receive until `count` events came, or until Ctrl-C."""
        options = self._options
        receiver = WebhookReceiver(options.port, answer=options.answer, secret=options.secret or "")
        with _terminated_as_interrupted(), receiver:
            try:
                with self._webhook(receiver):
                    self._print_deliveries(receiver)
            except KeyboardInterrupt:
                return self._result(EXIT_INTERRUPTED)
        return self._result(0)

    def _result(self, exit_code: int) -> CommandResult:
        return CommandResult(json_fields=None, exit_code=exit_code)

    @contextmanager
    def _webhook(self, receiver: WebhookReceiver) -> Iterator[None]:
        """A webhook for the receiver, deleted at the end."""
        url = self._options.url or receiver.url
        if self._client is None:
            self._say(f"Listening at {receiver.url}. Ctrl-C ends it.")
            yield
            return
        body = {"url": url, "events": list(self._options.events), "description": DESCRIPTION}
        try:
            webhook = self._client.call("POST", PATH, json.dumps(body))
        except Problem as problem:
            if self._options.url is None and any(e.pointer == "/url" for e in problem.errors):
                raise CommandError(
                    f"{self._client.base_url} cannot reach this machine: open a tunnel to a port,"
                    " and name both with --port and --url."
                ) from problem
            raise
        try:
            receiver.use_secret(webhook["secret"])
            self._say(
                f"Listening at {receiver.url} for the webhook {webhook['id']}. Ctrl-C ends it and"
                " deletes the webhook."
            )
            self._ping(webhook["id"])
            yield
        finally:
            with suppress(Problem, CommandError):  # the service may have ended first
                self._client.call("DELETE", f"{PATH}/{webhook['id']}")

    def _ping(self, webhook_id: str) -> None:
        """See that deliveries arrive, before somebody waits for one."""
        assert self._client is not None
        pinged = self._client.call("POST", f"{PATH}/{webhook_id}/ping")
        attempt = pinged["attempt"]
        if attempt["status"] != self._options.answer:
            answer = attempt["error"] or f"status {attempt['status']}"
            raise CommandError(f"A first ping did not arrive here: {answer}. Check --url.")

    def _print_deliveries(self, receiver: WebhookReceiver) -> None:
        while self._options.count is None or self._events < self._options.count:
            with suppress(queue.Empty):  # a wait without an end would not see Ctrl-C
                self._print(receiver.deliveries.get(timeout=POLL_SECONDS))

    def _print(self, delivery: ReceivedDelivery) -> None:
        is_event = not delivery.fault and delivery.body.get("type") != "ping"
        self._events += is_event
        if self._as_json:
            click.echo(json_for_terminal(_to_json(delivery)))
            return
        clock = datetime.fromtimestamp(delivery.received_at).strftime("%H:%M:%S")
        if delivery.fault:
            click.echo(f"{clock}  refused  {delivery.event_id!r}  {delivery.fault}")
            return
        again = ", again" if delivery.is_repeated else ""
        click.echo(f"{clock}  {delivery.body.get('type')}  {delivery.event_id}  verified{again}")
        if is_event:
            click.echo(json_for_terminal(delivery.body, indent=2))

    def _say(self, message: str) -> None:
        click.echo(message, err=True)


def _to_json(delivery: ReceivedDelivery) -> dict[str, Any]:
    return {
        "id": delivery.event_id,
        "received_at": format_rfc3339(delivery.received_at),
        "verified": not delivery.fault,
        "fault": delivery.fault or None,
        "repeated": delivery.is_repeated,
        "event": delivery.body,
    }


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that its webhook is deleted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
