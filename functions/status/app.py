"""The Lambda function `status`: checks the dependencies each minute, and records alarms.

A schedule calls it each minute, and SNS with the messages of alarms. It is a function of its own so
that the failures of the others do not keep it from recording them.
"""

import os
import time
from datetime import datetime
from functools import cache
from typing import Any

from background.function_log import FunctionLog
from postcard import wiring
from postcard.errors import ServiceUnavailable
from postcard.settings import Settings
from postcard.status.alarm_messages import UnreadableMessage
from postcard.status.status_recorder import StatusRecorder

SERVICE = "status"
LogFields = dict[str, Any]
log = FunctionLog(SERVICE)


@cache
def service() -> StatusRecorder:
    """The recorder, wired from the environment; opens no connection."""
    return wiring.status_recorder(Settings.from_environ(os.environ))


def handler(event: dict[str, Any], context: Any) -> None:
    """The Lambda's entry point."""
    handle_event(event, context, service())


def handle_event(event: dict[str, Any], context: Any, recorder: StatusRecorder) -> None:
    """Record the alarms of an SNS event, or a check of the dependencies.

    Raises if an alarm could not be recorded anywhere: then Lambda calls again.
    """
    recorder.set_deadline(time.monotonic() + context.get_remaining_time_in_millis() / 1000 - 1)
    for record in event.get("Records", ()):
        _record_message(record["Sns"], recorder)
    if "Records" not in event:
        log.write("checked", recorder.record_check(_scheduled_at(event)))


def _record_message(message: dict[str, Any], recorder: StatusRecorder) -> None:
    """Record the alarm of a message, and write its log line."""
    fields: LogFields = {"message_id": message.get("MessageId")}
    try:
        fields |= recorder.record_message(str(message["Message"]))
    except UnreadableMessage as error:  # another try would read it no better
        log.write("unreadable", {**fields, "reason": str(error)}, is_failure=True)
    except ServiceUnavailable as error:
        log.write("failed", {**fields, "dependency": str(error)}, is_failure=True)
        raise
    else:
        log.write("alarm", fields)


def _scheduled_at(event: dict[str, Any]) -> float | None:
    """The Unix time for which a schedule called, which may be some seconds ago."""
    try:
        return datetime.fromisoformat(str(event["time"])).timestamp()
    except (KeyError, ValueError):
        return None


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call
