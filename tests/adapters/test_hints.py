"""The contract of the queue of hints, in memory and with SQS."""

import json
from typing import Any

import pytest

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.hints import SqsHints, hint_from_json
from postcard.adapters.memory import MemoryHints
from postcard.ports import DeliveryKey
from postcard.settings import Settings
from tests.clocks import PATIENCE_SECONDS

KEYS = [DeliveryKey("wh_a1b2c3d4e5", f"evt_{number:026d}") for number in range(12)]


def test_hints_arrive_when_their_delay_is_over() -> None:
    now = [100.0]
    hints = MemoryHints(lambda: now[0])
    assert hints.receive() is None and hints.next_due() is None
    hints.send([(KEYS[0], 1.5)], delay_seconds=5)
    hints.send([(KEYS[1], 2.5), (KEYS[2], 3.5)])
    assert [hints.receive() for _ in range(3)] == [(KEYS[1], 2.5), (KEYS[2], 3.5), None]
    assert hints.next_due() == 105
    hints.send([(KEYS[3], 4.5)], slow=True)
    assert (hints.backlog(), hints.backlog(slow=True), hints.next_due()) == (0, 1, 100)
    assert [hints.receive(slow=True), hints.receive(slow=True)] == [(KEYS[3], 4.5), None]
    now[0] = 105.0
    assert hints.backlog() == 1
    assert hints.receive() == (KEYS[0], 1.5)


def test_hints_in_sqs_are_sent_ten_in_a_call_and_read_back(settings: Settings) -> None:
    sqs: Any = boto_client("sqs", settings, seconds=PATIENCE_SECONDS)
    url = sqs.create_queue(QueueName=settings.table)["QueueUrl"]
    slow_url = sqs.create_queue(QueueName=f"{settings.table}-slow")["QueueUrl"]
    queues = SqsHints(sqs, url, slow_url)
    queues.send([(key, 1_795_341_600.125) for key in KEYS])
    queues.send([(KEYS[0], 1)], delay_seconds=900)
    queues.send([(KEYS[1], 1)] * 3, slow=True)
    assert (queues.backlog(), queues.backlog(slow=True)) == (12, 3)
    messages: list[dict[str, Any]] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        messages += found
    hints = [hint_from_json(json.loads(message["Body"])) for message in messages]
    assert sorted(hints, key=str) == [(key, 1_795_341_600.125) for key in KEYS]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"


def test_without_a_queue_hints_are_dropped() -> None:
    queues = SqsHints(None, "")
    queues.send([(KEYS[0], 1)])
    assert queues.backlog() == 0


@pytest.mark.parametrize(
    "message",
    [{}, {"key": ["a"], "due_at": 1}, {"key": ["a", 1], "due_at": 1}, {"key": ["a", "b"]}],
    ids=["empty", "short", "number", "no-time"],
)
def test_a_message_that_is_no_hint_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no hint"):
        hint_from_json(message)
