"""The queue of hints in SQS, which the webhook function reads."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from postcard.ports import DeliveryKey

MAX_MESSAGES = 10  # in one call, by SQS's quota
MAX_DELAY_SECONDS = 900


class SqsHints:
    """One queue, through boto3's `sqs` client. Messages that SQS refuses are lost, as hints may be.

    Without a queue no hint is sent, and the tick finds what is due.
    """

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, hints: Sequence[tuple[DeliveryKey, float]], *, delay_seconds: int = 0) -> None:
        """Each a delivery's key with its `due_at`; they arrive after at most 900 seconds."""
        if not self._url:
            return
        for start in range(0, len(hints), MAX_MESSAGES):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": hint_to_json(key, due_at),
                    "DelaySeconds": min(delay_seconds, MAX_DELAY_SECONDS),
                }
                for number, (key, due_at) in enumerate(hints[start : start + MAX_MESSAGES])
            ]
            self._client.send_message_batch(QueueUrl=self._url, Entries=entries)


def hint_to_json(key: DeliveryKey, due_at: float) -> str:
    """The body of a message."""
    hint = {"key": [key.webhook_id, key.event_id], "due_at": due_at}
    return json.dumps(hint, separators=(",", ":"))


def hint_from_json(message: Mapping[str, Any]) -> tuple[DeliveryKey, float]:
    """The delivery and its `due_at` in the JSON of a message; ValueError if it is no hint."""
    match message:
        case {"key": [str() as webhook_id, str() as event_id], "due_at": int() | float() as due_at}:
            return DeliveryKey(webhook_id, event_id), due_at
    raise ValueError("the message is no hint")
