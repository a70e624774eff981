"""The Lambda function `status`: checks the dependencies each minute, and records alarms.

A schedule calls it each minute, and SNS with the messages of alarms. It is a function of its own so
that the failures of the others do not keep it from recording them.
"""

import logging
import os
import sys
import time
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from postcard import wiring
from postcard.errors import ServiceUnavailable
from postcard.settings import Settings
from postcard.status.alarm_messages import UnreadableMessage
from postcard.status.status_recorder import StatusRecorder

SERVICE = "status"
LogFields = dict[str, Any]
log_handler = logging.StreamHandler()


@cache
def service() -> StatusRecorder:
    """The recorder, wired from the environment; opens no connection."""
    return wiring.status_recorder(Settings.from_environ(os.environ))


@cache
def logger() -> Logger:
    """The function's logger; writes to `log_handler`."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE)
    return Logger(service=service, level="INFO", logger_handler=log_handler)


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
        _log("checked", recorder.record_check(_scheduled_at(event)))


def _record_message(message: dict[str, Any], recorder: StatusRecorder) -> None:
    """Record the alarm of a message, and write its log line."""
    fields: LogFields = {"message_id": message.get("MessageId")}
    try:
        fields |= recorder.record_message(str(message["Message"]))
    except UnreadableMessage as error:  # another try would read it no better
        _log("unreadable", {**fields, "reason": str(error)}, is_failure=True)
    except ServiceUnavailable as error:
        _log("failed", {**fields, "dependency": str(error)}, is_failure=True)
        raise
    else:
        _log("alarm", fields)


def _scheduled_at(event: dict[str, Any]) -> float | None:
    """The Unix time for which a schedule called, which may be some seconds ago."""
    try:
        return datetime.fromisoformat(str(event["time"])).timestamp()
    except (KeyError, ValueError):
        return None


def _log(message: str, fields: LogFields, *, is_failure: bool = False) -> None:
    log_handler.stream = sys.stdout  # looked up now: it may have been replaced since the last call
    given = {name: value for name, value in fields.items() if value is not None}
    with suppress(OSError, ValueError):
        if is_failure:
            logger().error(message, extra=given)
        else:
            logger().info(message, extra=given)


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call
