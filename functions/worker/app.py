"""The Lambda function `worker`: does the tasks in the queue, and those of schedules.

A message is JSON with the name of its `task`. It is deleted from the queue when its handler
returns, else it comes back after the queue's visibility timeout, and after some failures it goes to
the dead-letter queue. A schedule's event is such a task itself.
"""

import json
import os
from functools import cache
from typing import Any

from background.function_log import FunctionLog
from postcard import wiring
from postcard.errors import ServiceUnavailable, failure_site
from postcard.services.worker import WorkerService
from postcard.settings import Settings

SERVICE = "worker"
RESERVE_SECONDS = 10.0  # of the function's time: a batch that began before the deadline ends in it
LogFields = dict[str, Any]
log = FunctionLog(SERVICE)


@cache
def service() -> WorkerService:
    """The tasks, wired from the environment; opens no connection."""
    return wiring.worker_service(Settings.from_environ(os.environ))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda's entry point."""
    if "task" in event:
        return handle_scheduled(event, context, service())
    return handle_batch(event, context, service())


def handle_scheduled(event: dict[str, Any], context: Any, worker: WorkerService) -> dict[str, Any]:
    """Do the task of a schedule; raises if it fails, so that Lambda counts an error."""
    ends_at = worker.monotonic() + context.get_remaining_time_in_millis() / 1000
    worker.set_deadline(ends_at - 1)
    failure = _do(event, worker, ends_at - RESERVE_SECONDS, {"task": event["task"]})
    if failure is not None:
        raise failure
    return {}


def handle_batch(event: dict[str, Any], context: Any, worker: WorkerService) -> dict[str, Any]:
    """Do the tasks of a batch of messages; names those that failed, so that they come back."""
    ends_at = worker.monotonic() + context.get_remaining_time_in_millis() / 1000
    worker.set_deadline(ends_at - 1)
    records = event["Records"]
    failed = []
    for index, record in enumerate(records):
        now = worker.monotonic()
        share = max(0.0, ends_at - RESERVE_SECONDS - now) / (len(records) - index)
        if not _succeeds(record, worker, now + share):
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _succeeds(record: dict[str, Any], worker: WorkerService, deadline: float) -> bool:
    """Do the task of a message; whether it was done."""
    fields: LogFields = {
        "message_id": record["messageId"],
        "received": int(record["attributes"]["ApproximateReceiveCount"]),
    }
    return _do(record["body"], worker, deadline, fields) is None


def _do(
    task: str | dict[str, Any], worker: WorkerService, deadline: float, fields: LogFields
) -> Exception | None:
    """Do a task, which may be JSON, and write its log line with `fields`; returns its failure."""
    started_at = worker.monotonic()
    failure: Exception | None = None
    try:
        read: dict[str, Any] = json.loads(task) if isinstance(task, str) else task
        fields |= {name: read.get(name) for name in ("task", "template_id", "version", "step")}
        fields |= worker.handlers[read["task"]](read, deadline=deadline)
    except Exception as error:  # the message comes back, the others of its batch do not
        failure = error
        fields["error"] = failure_site(error)
        if isinstance(error, ServiceUnavailable):
            fields["dependency"] = str(error)  # such as "delete_objects: AccessDenied (403)"
    fields["duration_ms"] = round((worker.monotonic() - started_at) * 1000, 1)
    log.write("done" if failure is None else "failed", fields, is_failure=failure is not None)
    return failure


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call
