"""The queues of hints in SQS, which the webhook function reads."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from postcard.ports import DeliveryKey

MAX_MESSAGES = 10  # in one call, by SQS's quota
MAX_DELAY_SECONDS = 900


class SqsHints:
    """Two queues, through boto3's `sqs` client. Hints that SQS refuses are lost, as hints may be.

    Without a queue no hint is sent, and the tick finds what is due.
    """

    def __init__(self, client: Any, url: str, slow_url: str = "") -> None:
        self._client = client
        self._url = url
        self._slow_url = slow_url or url

    def send(
        self,
        hints: Sequence[tuple[DeliveryKey, float]],
        *,
        delay_seconds: int = 0,
        slow: bool = False,
    ) -> None:
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
            url = self._slow_url if slow else self._url
            self._client.send_message_batch(QueueUrl=url, Entries=entries)

    def backlog(self, *, slow: bool = False) -> int:
        """About how many hints have arrived and wait for a worker."""
        if not self._url:
            return 0
        url = self._slow_url if slow else self._url
        names = ["ApproximateNumberOfMessages"]
        response = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return int(response["Attributes"][names[0]])


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
