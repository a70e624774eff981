"""The queue of the worker's tasks in SQS."""

import json
from typing import Any

from postcard.errors import ServiceUnavailable
from postcard.ports import JsonObject


class SqsQueue:
    """One queue, through boto3's `sqs` client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, task: JsonObject, *, delay_seconds: int = 0) -> None:
        """The task arrives after `delay_seconds`, at most 900."""
        if not self._url:
            raise ServiceUnavailable("There is no queue for this work: set POSTCARD_QUEUE_URL.")
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(task, separators=(",", ":")),
            DelaySeconds=delay_seconds,
        )
