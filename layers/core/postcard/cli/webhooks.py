"""`postcard webhooks`: creates, tries and replays webhooks, and receives them on this machine."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import click

from postcard.cli.api_client import ApiClient, list_items, repeated
from postcard.cli.base_command import AS_JSON, Command, Group
from postcard.cli.date_options import DATE_TIME, DATE_TIME_METAVAR, unix_seconds
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import (
    EXIT_NO,
    EXIT_OK,
    CommandResult,
    format_table,
    json_for_terminal,
)
from postcard.cli.target import ServiceTarget, target_options
from postcard.events.event_types import EVENT_TYPES
from postcard.ports import JsonObject
from postcard.timestamps import format_rfc3339

PATH = "/v1/webhooks"
MAX_LISTED = 10_000
SAVE_NOW = "Save this secret now: it is not shown again. Your receiver verifies with it."
ANY_STATE = "--only any replays dead and delivered ones; those that wait are sent by themselves."
WEBHOOK_ID = click.argument("webhook_id", metavar="ID")
EVENT_OPTION = click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(EVENT_TYPES),
    help="An event type that is sent. Can be repeated.",
)


@click.group(cls=Group)
def webhooks() -> None:
    """Send events to your own URL: create, try, rotate, replay, listen.

    The API key needs the scope admin.
    """


@webhooks.command(
    cls=Command,
    example="postcard webhooks create https://example.com/hooks/postcard --event batch.completed",
)
@click.argument("url")
@EVENT_OPTION
@click.option("--description", default="", help="For people: what the webhook is for.")
@target_options
def create(
    url: str, events: Sequence[str], description: str, target: ServiceTarget
) -> CommandResult:
    """Send events to URL from now on.

    The secret that signs them is shown only this once. Without --event, all types are sent.
    """
    body = {"url": url, "events": events or EVENT_TYPES, "description": description}
    webhook = target.api_client().call("POST", PATH, json.dumps(body))
    text = f"{webhook['id']}\n{webhook['secret']}"
    return CommandResult(text, webhook, messages=[SAVE_NOW])


@webhooks.command("list", cls=Command, example="postcard webhooks list --json")
@target_options
def list_(target: ServiceTarget) -> CommandResult:
    """List all webhooks, and how their endpoints have answered."""
    listed = target.api_client().call("GET", PATH)
    rows = [
        (one["id"], one["url"], ",".join(one["events"]), _state(one), one["description"])
        for one in listed["items"]
    ]
    return CommandResult(format_table(("id", "url", "events", "state", "for"), rows), listed)


@webhooks.command(cls=Command, example="postcard webhooks show wh_a2b3c4d5e6")
@WEBHOOK_ID
@target_options
def show(webhook_id: str, target: ServiceTarget) -> CommandResult:
    """Show the webhook ID, and how its endpoint has answered."""
    webhook = target.api_client().call("GET", _path(webhook_id))
    return CommandResult(_described(webhook), webhook)


@webhooks.command(cls=Command, example="postcard webhooks update wh_a2b3c4d5e6 --enable")
@WEBHOOK_ID
@click.option("--url", help="Send to this URL from now on.")
@EVENT_OPTION
@click.option("--description", help="For people: what the webhook is for.")
@click.option(
    "--enable/--disable",
    "enabled",
    default=None,
    help="Enable it, also after its endpoint failed for days; or send nothing.",
)
@target_options
def update(
    webhook_id: str, events: Sequence[str], target: ServiceTarget, **changes: Any
) -> CommandResult:
    """Change the webhook ID. With --event, exactly the named types are sent."""
    sent = {name: value for name, value in changes.items() if value is not None}
    if events:
        sent["events"] = events
    if not sent:
        raise click.UsageError("Say what to change: --url, --event, --description, --enable.")
    webhook = target.api_client().call("PATCH", _path(webhook_id), json.dumps(sent))
    return CommandResult(_described(webhook), webhook)


@webhooks.command(cls=Command, example="postcard webhooks delete wh_a2b3c4d5e6 --yes")
@WEBHOOK_ID
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@target_options
def delete(webhook_id: str, yes: bool, target: ServiceTarget) -> CommandResult:
    """Delete the webhook ID with its deliveries. What waits is not sent."""
    client = target.api_client()
    if not yes:
        question = f"Delete {webhook_id}, and all deliveries that wait or can be replayed?"
        click.confirm(question, abort=True, err=True)
    client.call("DELETE", _path(webhook_id))
    return CommandResult(f"{webhook_id} is deleted.", {"success": True, "id": webhook_id})


@webhooks.command(cls=Command, example="postcard webhooks rotate wh_a2b3c4d5e6 --overlap-hours 48")
@WEBHOOK_ID
@click.option(
    "--overlap-hours",
    type=WholeNumber(0, 168),
    default=24,
    show_default=True,
    help="Hours for which the old secret signs, too. 0: it ends at once.",
)
@target_options
def rotate(webhook_id: str, overlap_hours: int, target: ServiceTarget) -> CommandResult:
    """Make a new secret for the webhook ID.

    Until the overlap ends, each delivery is signed with both, and the same command again prints the
    same new secret.
    """
    body = json.dumps({"overlap_hours": overlap_hours})
    webhook = target.api_client().call("POST", f"{_path(webhook_id)}/rotate", body)
    until = webhook["old_secret_until"]
    old = f"The old secret signs, too, until {until}." if until else "The old secrets have ended."
    return CommandResult(webhook["secret"], webhook, messages=[SAVE_NOW, old])


@webhooks.command(cls=Command, example="postcard webhooks ping wh_a2b3c4d5e6")
@WEBHOOK_ID
@target_options
def ping(webhook_id: str, target: ServiceTarget) -> CommandResult:
    """Send an event of the type ping to the webhook ID once, and print what it answers.

    Exit code 1: it did not answer with a 2xx within 15 s.
    """
    pinged = target.api_client().call("POST", f"{_path(webhook_id)}/ping")
    attempt = pinged["attempt"]
    answer = attempt["error"] or f"Status {attempt['status']}."
    text = f"{pinged['event_id']}: {answer} {attempt['duration_ms']} ms"
    if attempt["response"]:
        text += f"\n{json_for_terminal(attempt['response'])}"
    return CommandResult(text, pinged, EXIT_OK if pinged["delivered"] else EXIT_NO)


@webhooks.command(cls=Command, example="postcard webhooks deliveries wh_a2b3c4d5e6 --only dead")
@WEBHOOK_ID
@click.option(
    "--only",
    type=click.Choice(["waiting", "delivered", "dead"]),
    help="Only those in this state.",
)
@click.option(
    "--limit",
    type=WholeNumber(1, MAX_LISTED),
    default=50,
    show_default=True,
    help="At most so many, the newest.",
)
@target_options
def deliveries(
    webhook_id: str, only: str | None, limit: int, target: ServiceTarget
) -> CommandResult:
    """List the deliveries of the webhook ID, newest first, with their last answer."""
    items = _deliveries(target.api_client(), webhook_id, only, limit)
    now = format_rfc3339(time.time())
    rows = [
        (
            *(one[name] for name in ("id", "type", "timestamp", "state", "tries")),
            next_try(one["due_at"], now),
            _last_answer(one),
        )
        for one in items
    ]
    headers = ("event", "type", "time", "state", "tries", "next try", "last answer")
    return CommandResult(format_table(headers, rows), {"items": items})


@webhooks.command(cls=Command, example="postcard webhooks replay wh_a2b3c4d5e6 --since 2026-11-22")
@WEBHOOK_ID
@click.argument("event_ids", metavar="[EVENT]...", nargs=-1)
@click.option(
    "--since",
    type=DATE_TIME,
    metavar=DATE_TIME_METAVAR,
    help="All events since then. UTC, unless the time has an offset.",
)
@click.option(
    "--only",
    type=click.Choice(["dead", "delivered", "any"]),
    default="dead",
    show_default=True,
    help="With --since: only those that were given up, or delivered ones.",
)
@target_options
def replay(
    webhook_id: str,
    event_ids: Sequence[str],
    since: datetime | None,
    only: str,
    target: ServiceTarget,
) -> CommandResult:
    """Send events to the webhook ID again: each EVENT, or all since a time.

    They have the same ids and bytes as before, and ten new tries.
    """
    if bool(event_ids) == (since is not None):
        raise click.UsageError("Name events, or a time with --since.")
    client = target.api_client()
    if since is None:
        for event_id in event_ids:
            client.call("POST", f"{_path(webhook_id)}/deliveries/{_segment(event_id)}/replay")
        count = len(event_ids)
    else:
        count = _replay_since(client, webhook_id, format_rfc3339(unix_seconds(since) or 0), only)
    fields = {"success": True, "replayed": count}
    if count or only == "any":
        return CommandResult(f"{count} replayed.", fields)
    return CommandResult("0 replayed.", fields, messages=[f"None is {only}. {ANY_STATE}"])


@webhooks.command(
    cls=Command,
    example="postcard webhooks listen --event template.published\n"
    "postcard webhooks listen --port 8082 --url https://your-tunnel.example.com/ --stack prod",
    exit_codes="Exit codes: 0 --count events came, 2 the command could not be carried out, 130"
    " Ctrl-C.",
)
@EVENT_OPTION
@click.option(
    "--port",
    type=WholeNumber(0, 65_535),
    default=0,
    help="The port on 127.0.0.1 to listen on. Default: any free one.",
)
@click.option(
    "--url",
    metavar="URL",
    help="The https address of a tunnel that leads to the port. An installation in AWS needs one.",
)
@click.option(
    "--secret",
    metavar="whsec_…",
    envvar="POSTCARD_WEBHOOK_SECRET",
    help="Create no webhook: receive those of one that exists and has this secret.",
)
@click.option(
    "--answer",
    type=WholeNumber(200, 599),
    default=204,
    show_default=True,
    help="The status to answer with: 503 shows how deliveries are tried again.",
)
@click.option("--count", type=WholeNumber(1), help="End after so many events.")
@target_options
def listen(
    events: Sequence[str],
    port: int,
    url: str | None,
    secret: str | None,
    answer: int,
    count: int | None,
    target: ServiceTarget,
) -> CommandResult:
    """Receive events on this machine: verify each, and print it.

    With the service of `make serve`, nothing else is needed. The webhook that the command creates
    is deleted when it ends.
    """
    from postcard.cli.webhook_listener import Listener, ListenOptions

    options = ListenOptions(events or EVENT_TYPES, port, url, secret, answer, count)
    client = None if secret else target.api_client()
    as_json = bool(click.get_current_context().meta.get(AS_JSON))
    return Listener(client, options, as_json=as_json).run()


def _replay_since(client: ApiClient, webhook_id: str, since: str, state: str) -> int:
    """Replay all deliveries, as many calls as it takes; how many they are."""
    path = f"{_path(webhook_id)}/deliveries/replay"
    body = {"since": since, "state": state}
    count = 0
    while True:
        replayed = repeated(partial(client.call, "POST", path, json.dumps(body)))
        count += int(replayed["replayed"])
        if not replayed["next_cursor"]:
            return count
        body["cursor"] = replayed["next_cursor"]


def _deliveries(
    client: ApiClient, webhook_id: str, state: str | None, limit: int
) -> list[JsonObject]:
    """The newest deliveries, at most `limit`."""

    def call(method: str, path: str) -> JsonObject:
        return client.call(method, path + (f"&state={state}" if state else ""))

    items: list[JsonObject] = []
    for item in list_items(call, f"{_path(webhook_id)}/deliveries"):
        items.append(item)
        if len(items) == limit:
            break
    return items


def _path(webhook_id: str) -> str:
    return f"{PATH}/{_segment(webhook_id)}"


def _segment(text: str) -> str:
    """An id as a segment of a path."""
    if not text.replace("_", "").isalnum() or not text.isascii():
        raise click.UsageError(f"{text!r} is no id: `postcard webhooks list` prints them.")
    return text


def _state(webhook: Mapping[str, Any]) -> str:
    if not webhook["enabled"]:
        return f"disabled: {webhook['disabled_reason']}" if webhook["disabled_reason"] else "off"
    failures = webhook["health"]["failures"]
    return f"{failures} failures in a row" if failures else "on"


def _described(webhook: Mapping[str, Any]) -> str:
    health = webhook["health"]
    rows = [
        ("id", webhook["id"]),
        ("url", webhook["url"]),
        ("events", ", ".join(webhook["events"])),
        ("for", webhook["description"]),
        ("state", _state(webhook)),
        ("created", webhook["created_at"]),
        ("old secret until", webhook["old_secret_until"]),
        ("last success", health["last_success_at"]),
        ("last failure", health["last_failure_at"]),
        ("last status", health["last_status"]),
        ("nothing is sent until", health["retry_at"]),
    ]
    return "\n".join(f"{name:<22}{value}" for name, value in rows if value not in (None, ""))


def next_try(due_at: str | None, now: str) -> str:
    """When a delivery is tried next; one whose endpoint fails waits longer than until it is due."""
    return "" if due_at is None else "due now" if due_at <= now else due_at


def _last_answer(delivery: Mapping[str, Any]) -> str:
    if not delivery["attempts"]:
        return "none yet"
    last = delivery["attempts"][-1]
    return str(last["error"] or last["status"])
