"""The Lambda function `webhook`: sends events to the endpoints of webhooks.

Its queues have hints at deliveries that are due; one of them is for slow endpoints. A schedule
calls it each minute (the tick) to find those that no hint announced. A message is deleted from its
queue when it was handled, else it comes back after the queue's visibility timeout, and after some
failures it goes to the queue of dead hints; the delivery itself waits in the table, and a later
tick finds it.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from background.function_log import FunctionLog
from postcard import wiring
from postcard.adapters.aws.hints import hint_from_json
from postcard.errors import ServiceUnavailable, failure_site
from postcard.ports import DeliveryKey, JsonObject
from postcard.settings import DEFAULT_STAGE, Settings
from postcard.webhooks.delivery_worker import Outcome
from postcard.webhooks.function_service import S3_NOTIFICATION, WebhookFunctionService
from postcard.webhooks.schedule import ATTEMPT_SECONDS

SERVICE = "webhook"
RESERVE_SECONDS = 8.0  # of the function's time, to store what attempts came to
LogFields = dict[str, Any]
log = FunctionLog(SERVICE)


@dataclass
class Messages:
    """The messages of a batch by their ids: hints, others with their kind, and what is neither."""

    hints: dict[str, tuple[DeliveryKey, float]] = field(default_factory=dict)
    others: dict[str, tuple[str, JsonObject]] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)


@cache
def service() -> WebhookFunctionService:
    """The service, wired from the environment; opens no connection."""
    return wiring.webhook_service(Settings.from_environ(os.environ))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda's entry point."""
    return handle_event(event, context, service())


def handle_event(
    event: dict[str, Any], context: Any, service: WebhookFunctionService
) -> dict[str, Any]:
    """Handle a batch of messages, or else do a tick."""
    ends_at = service.monotonic() + context.get_remaining_time_in_millis() / 1000
    service.set_deadline(ends_at - 1)
    if "Records" in event:
        return _handle_messages(event["Records"], service, ends_at)
    return _do_tick(service, ends_at)


def _do_tick(service: WebhookFunctionService, ends_at: float) -> dict[str, Any]:
    started_at = service.monotonic()
    try:
        result = service.tick.run(deadline=ends_at - RESERVE_SECONDS)
    finally:  # they need no queue, which may be what failed
        for task in service.minute_tasks:
            task(service.clock())
    fields: LogFields = {
        "webhooks": result.webhooks,
        "hints": result.hints,
        "disabled": result.disabled,
        "oldest_due_s": result.oldest_seconds,
        "duration_ms": round((service.monotonic() - started_at) * 1000, 1),
    }
    if result.webhooks:
        log.write("tick", fields)
        _emit_metrics(
            {"OldestDueSeconds": result.oldest_seconds, "DisabledWebhooks": result.disabled}
        )
    return {}


def _handle_messages(
    records: list[dict[str, Any]], service: WebhookFunctionService, ends_at: float
) -> dict[str, Any]:
    """Handle all messages; names those that failed, so that they come back.

    Hints come first: an endpoint has all of its time, however long the other messages take.
    """
    messages = _read(records)
    failures = messages.failures
    seconds = min(ATTEMPT_SECONDS, ends_at - RESERVE_SECONDS - service.monotonic())
    outcomes = service.worker.deliver_all(
        list(messages.hints.values()), slow=_are_slow(records), seconds=seconds
    )
    results = dict(zip(messages.hints, outcomes, strict=True))
    failures |= {id: result for id, result in results.items() if isinstance(result, Exception)}
    for id, result in results.items():
        if isinstance(result, Outcome):
            log.write("delivery", _outcome_fields(id, messages.hints[id][0], result))
    failures |= _handle_others(messages.others, service)
    for id, failure in failures.items():
        _log_failure(id, failure)
    _emit_outcomes([result for result in outcomes if isinstance(result, Outcome)])
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failures]}


def _read(records: list[dict[str, Any]]) -> Messages:
    messages = Messages()
    for record in records:
        id = record["messageId"]
        try:
            message = json.loads(record["body"])
            if (kind := _kind(message)) is None:
                messages.hints[id] = hint_from_json(message)
            else:
                messages.others[id] = kind, message
        except Exception as error:  # the message comes back, the others of its batch do not
            messages.failures[id] = error
    return messages


def _handle_others(
    others: Mapping[str, tuple[str, JsonObject]], service: WebhookFunctionService
) -> dict[str, Exception]:
    """Give messages to the handler of their kind; those that failed."""
    failures: dict[str, Exception] = {}
    for id, (kind, message) in others.items():
        try:
            if fields := service.message_handlers[kind](message):
                log.write("handled", {"message_id": id, **fields})
        except Exception as error:
            failures[id] = error
    return failures


def _are_slow(records: list[dict[str, Any]]) -> bool:
    """Whether the messages of a batch are from the queue of slow endpoints."""
    queue = records[0].get("eventSourceARN", "").rpartition(":")[2]
    url = os.environ.get("POSTCARD_SLOW_HINT_QUEUE_URL", "")
    return bool(queue) and queue == url.rpartition("/")[2]


def _kind(message: Any) -> str | None:
    """The kind of a message that is no hint: S3 sends `Records`, and at first a test event."""
    if isinstance(message, dict) and ("Records" in message or message.get("Event")):
        return S3_NOTIFICATION
    return None


def _outcome_fields(id: str, key: DeliveryKey, outcome: Outcome) -> LogFields:
    return {
        "message_id": id,
        "webhook_id": key.webhook_id,
        "event_id": key.event_id,
        "result": outcome.result,
        "status": outcome.status,
        "duration_ms": outcome.duration_ms,
        "disabled": outcome.disabled or None,
    }


def _emit_outcomes(outcomes: list[Outcome]) -> None:
    """Count what went wrong: metrics of what went well would only cost.

    What waited for a webhook that somebody disabled or deleted ends without a try, and is right.
    """
    tried = [outcome for outcome in outcomes if outcome.duration_ms is not None]
    _emit_metrics(
        {
            "DeadDeliveries": sum(outcome.result == "dead" for outcome in tried),
            "DisabledWebhooks": sum(outcome.disabled for outcome in outcomes),
        }
    )


def _emit_metrics(values: Mapping[str, float]) -> None:
    """Write those that are not 0 in CloudWatch's embedded metric format, without dimensions."""
    given = {name: value for name, value in values.items() if value}
    if not given:
        return
    stage = os.environ.get("POSTCARD_STAGE") or DEFAULT_STAGE
    metrics = [
        {"Name": name, "Unit": "Seconds" if name.endswith("Seconds") else "Count"} for name in given
    ]
    directive = {"Namespace": f"Postcard/{stage}", "Dimensions": [[]], "Metrics": metrics}
    cloud_watch = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    with suppress(OSError, ValueError):
        print(json.dumps({"_aws": cloud_watch, **given}), file=sys.stdout, flush=True)


def _log_failure(id: str, error: Exception) -> None:
    fields: LogFields = {"message_id": id, "error": failure_site(error)}
    if isinstance(error, ServiceUnavailable):
        fields["dependency"] = str(error)  # such as "update_item: AccessDenied (403)"
    log.write("failed", fields, is_failure=True)


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call
