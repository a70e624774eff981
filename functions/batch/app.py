"""The Lambda function `batch`: does one step of a batch at a time, for the state machine.

An event is `{"batch": id, "step": "split" | "work" | "join" | "fail", …}`, or EventBridge's event
about an execution that has ended. Neither events nor answers hold values of people, and of an
exception only its class and place leave this function: Step Functions keeps its text.
"""

import json
import os
from functools import cache
from typing import Any

from background.function_log import FunctionLog
from postcard import wiring
from postcard.campaigns.batches.batch_worker import BatchWorker
from postcard.errors import ServiceUnavailable, failure_site
from postcard.settings import Settings

SERVICE = "batch"
RESERVE_SECONDS = 60.0  # of the function's time: a step stops in time and answers `more`
LAST_SECONDS = 5.0  # of its time, in which no call of AWS begins
EXECUTION_ENDED = "Step Functions Execution Status Change"
LogFields = dict[str, Any]
log = FunctionLog(SERVICE)


@cache
def worker() -> BatchWorker:
    """The steps, wired from the environment; opens no connection."""
    return wiring.batch_worker(Settings.from_environ(os.environ))


class StepFailed(Exception):
    """A step failed. Raised as a class with the name of the exception, which retries depend on."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda's entry point."""
    return handle_step(event, context, worker())


def handle_step(event: dict[str, Any], context: Any, worker: BatchWorker) -> dict[str, Any]:
    """Do a step and write its log line; a `StepFailed` named like the exception if it fails."""
    started_at = worker.monotonic()
    ends_at = started_at + context.get_remaining_time_in_millis() / 1000
    worker.set_deadline(ends_at - LAST_SECONDS)
    step = step_of(event)
    fields: LogFields = {name: step.get(name) for name in ("batch", "step", "error", "status")}
    fields["chunk"] = step.get("chunk", {}).get("n")
    try:
        answer = worker.run(step, deadline=ends_at - RESERVE_SECONDS)
        fields["state"] = answer.get("state")
    except Exception as error:
        fields["failure"] = failure_site(error)
        if isinstance(error, ServiceUnavailable):
            fields["dependency"] = str(error)  # such as "get_object: AccessDenied (403)"
        _write_log(fields, worker.monotonic() - started_at)
        named_like_it = type(type(error).__name__, (StepFailed,), {})
        raise named_like_it(failure_site(error)) from None
    _write_log(fields, worker.monotonic() - started_at)
    return answer


def step_of(event: dict[str, Any]) -> dict[str, Any]:
    """The step of an event; for an execution that has ended, the step `ended`."""
    if event.get("detail-type") != EXECUTION_ENDED:
        return event
    detail = event["detail"]
    return {
        "batch": json.loads(detail["input"])["batch"],
        "step": "ended",
        "status": detail["status"],
        "execution": detail["executionArn"],
    }


def _write_log(fields: LogFields, seconds: float) -> None:
    is_failure = "failure" in fields
    fields["duration_ms"] = round(seconds * 1000, 1)
    log.write("failed" if is_failure else "done", fields, is_failure=is_failure)


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    worker()  # in Lambda: before the first call
