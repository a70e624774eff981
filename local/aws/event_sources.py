"""Imitates what calls functions without an HTTP request: queues of SQS, and schedules.

The events are those of Lambda's event source mapping and of EventBridge Scheduler. Differences from
AWS: of each queue one batch is handled at a time, and a schedule has a `rate` in minutes only.
"""

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from local.aws.api_gateway import InvocationFailed, Invoke
from local.aws.moto_server import MotoAccount
from local.aws.stack_resources import ACCOUNT, REGION, QueueSource, ScheduleSource

CHECK_SECONDS = 1.0  # between two looks for messages that were delayed, and for schedules


class Poller(Protocol):
    """Something to look at again and again."""

    def poll(self) -> int:
        """Handle what there is to do now; returns how many things that were."""


OnDone = Callable[[str, str], None]  # takes a queue's URL and a body


class QueuePoller:
    """Calls a function with the messages of its queue, and deletes those that it has done.

    Messages of a failed call, and those that the function names in `batchItemFailures`, come back
    after the queue's visibility timeout. `on_done` is called for each deleted message.
    """

    def __init__(
        self, source: QueueSource, account: MotoAccount, invoke: Invoke, *, on_done: OnDone
    ) -> None:
        self._source = source
        self._account = account
        self._invoke = invoke
        self._on_done = on_done

    def poll(self) -> int:
        """Handle the messages that are visible now; returns how many there were."""
        count = 0
        while messages := self._receive():
            count += len(messages)
            failed = self._failed_ids(messages)
            for message in messages:
                if message["MessageId"] not in failed:
                    self._delete(message)
        return count

    def _receive(self) -> Sequence[Mapping[str, Any]]:
        arguments = {
            "QueueUrl": self._source.queue_url,
            "MaxNumberOfMessages": min(10, self._source.batch_size),
            "AttributeNames": ["All"],
        }
        received = self._account.call_json("sqs", "AmazonSQS.ReceiveMessage", arguments)
        messages: Sequence[Mapping[str, Any]] = received.get("Messages", ())
        return messages

    def _failed_ids(self, messages: Sequence[Mapping[str, Any]]) -> set[str]:
        """The ids of the messages that come back."""
        everything = {str(message["MessageId"]) for message in messages}
        event = {"Records": [_record(message, self._source.queue_arn) for message in messages]}
        try:
            response = self._invoke(self._source.function, event)
        except InvocationFailed:
            return everything
        if not self._source.reports_failures:
            return set()
        try:
            failures = (response or {}).get("batchItemFailures") or []
            named = {str(failure["itemIdentifier"]) for failure in failures}
        except (AttributeError, KeyError, TypeError):
            return everything  # an invalid response is a failure of all, as on AWS
        return named if named <= everything else everything

    def _delete(self, message: Mapping[str, Any]) -> None:
        url = self._source.queue_url
        arguments = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        self._account.call_json("sqs", "AmazonSQS.DeleteMessage", arguments)
        self._on_done(url, message["Body"])


def _record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    """A message as Lambda's event source mapping passes it on."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(message["Body"].encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


class ScheduleClock:
    """Calls functions when their schedules are due, first one interval after the start."""

    def __init__(self, sources: Sequence[ScheduleSource], invoke: Invoke, *, now: float) -> None:
        self._invoke = invoke
        self._due = {source: now + source.seconds for source in sources}

    def run_due(self, now: float) -> int:
        """Call what is due at `now` (Unix seconds), each once; returns how many calls there were.

        A call that fails is not repeated: the next one is due soon.
        """
        count = 0
        for source, due in self._due.items():
            if due > now:
                continue
            self._due[source] = now + source.seconds
            count += 1
            try:
                self._invoke(source.function, _scheduled_event(source, due))
            except InvocationFailed:
                continue  # the function's log says why
        return count


def _scheduled_event(source: ScheduleSource, due: float) -> dict[str, Any]:
    """The event of EventBridge Scheduler: the schedule's input, or its default event."""
    if source.input is not None:
        event: dict[str, Any] = json.loads(source.input)
        return event
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": f"{datetime.fromtimestamp(due, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{source.name}"],
        "detail": "{}",
    }


class EventSources:
    """A thread that polls the queues and watches the schedules; `wake` makes it look at once."""

    def __init__(
        self,
        pollers: Sequence[Poller],
        schedules: ScheduleClock,
        *,
        on_failure: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pollers = pollers
        self._schedules = schedules
        self._on_failure = on_failure
        self._clock = clock
        self._wake_up = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """A message was sent."""
        self._wake_up.set()

    def close(self) -> None:
        """Stop, once a call that runs has ended."""
        self._closed = True
        self._wake_up.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            try:
                for poller in self._pollers:
                    poller.poll()
                self._schedules.run_due(self._clock())
            except Exception:  # a moment later it is tried again, as a service would
                if not self._closed:
                    self._on_failure()
            self._wake_up.wait(CHECK_SECONDS)
            self._wake_up.clear()
