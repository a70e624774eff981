"""Reads the messages that CloudWatch sends to SNS when an alarm changes its state."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from postcard.ports import AlarmChange
from postcard.runtime.lazy_regex import lazy_regex

STATES = ("ALARM", "OK")  # INSUFFICIENT_DATA does not say whether people notice anything
MAX_AGE_SECONDS = 90 * 86_400
MAX_LEAD_SECONDS = 3_600  # of CloudWatch's clock

# CloudFormation names an alarm STACK-RESOURCE-RANDOM.
_NAME = lazy_regex(r"(?:.{1,160}-)?([A-Za-z0-9]{1,60}Alarm)(?:-[A-Za-z0-9]{6,40})?", 0)


class UnreadableMessage(ValueError):
    """A text is not an alarm message of a Postcard stack; the text says why in a few words."""


def read_alarm_message(text: str, *, now: float) -> AlarmChange | None:
    """The change that a message reports; None for a state that changes no incident.

    `UnreadableMessage` if it is not an alarm message, or its time is in the future or older than
    the page shows.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableMessage("not JSON") from None
    if not isinstance(message, Mapping):
        raise UnreadableMessage("not an alarm")
    alarm, at = _alarm_name(message), _changed_at(message)
    if not now - MAX_AGE_SECONDS <= at <= now + MAX_LEAD_SECONDS:
        raise UnreadableMessage("time out of range")
    state = message.get("NewStateValue")
    return AlarmChange(alarm, state, at) if state in STATES else None


def _alarm_name(message: Mapping[str, Any]) -> str:
    name = message.get("AlarmName")
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise UnreadableMessage("not an alarm of this stack")
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
