"""Reads the messages that CloudWatch sends to SNS when an alarm changes its state."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from postcard.ports import AlarmChange
from postcard.runtime.lazy_regex import lazy_regex

STATES = ("ALARM", "OK")  # INSUFFICIENT_DATA says nothing about whether people notice anything
MAX_AGE_SECONDS = 90 * 86_400
MAX_LEAD_SECONDS = 3_600  # of CloudWatch's clock

# CloudFormation makes an alarm's name of those of the stack and the resource, and of a random part.
_NAME = lazy_regex(r"(?:.{1,160}-)?([A-Za-z0-9]{1,60}Alarm)(?:-[A-Za-z0-9]{6,40})?", 0)


class UnreadableMessage(ValueError):
    """A text that is no message about an alarm of a Postcard stack; says why, in few words."""


def read_alarm_message(text: str, *, now: float) -> AlarmChange | None:
    """The change that a message reports; None if it is of a state that changes no incident.

    `UnreadableMessage` for anything else than the message of an alarm, and for times that cannot
    be: the future, or longer ago than the page shows.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableMessage("no JSON") from None
    if not isinstance(message, Mapping):
        raise UnreadableMessage("no alarm")
    alarm, at = _alarm_name(message), _changed_at(message)
    if not now - MAX_AGE_SECONDS <= at <= now + MAX_LEAD_SECONDS:
        raise UnreadableMessage("time out of range")
    state = message.get("NewStateValue")
    return AlarmChange(alarm, state, at) if state in STATES else None


def _alarm_name(message: Mapping[str, Any]) -> str:
    name = message.get("AlarmName")
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise UnreadableMessage("no alarm of this stack")
    return str(match[1])


def _changed_at(message: Mapping[str, Any]) -> float:
    """The Unix time of a `StateChangeTime` such as 2026-11-22T10:04:11.123+0000."""
    text = message.get("StateChangeTime")
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) and len(text) < 40 else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise UnreadableMessage("no time")
    return math.floor(time.timestamp() * 1000) / 1000
