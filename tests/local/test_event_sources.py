"""Queues and schedules call functions as SQS, Lambda and EventBridge Scheduler would."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.aws.api_gateway import InvocationFailed
from local.aws.cloudformation import TemplateError
from local.aws.event_sources import QueuePoller, ScheduleClock
from local.aws.moto_server import MotoAccount
from local.aws.stack_resources import StackResources
from postcard.webhooks.drawn_images import stored_pictures
from tests.local.conftest import SHARED

MINUTE = "rate(1 minute)"
TEMPLATE = {
    "Resources": {
        "Work": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 0,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 2,
                },
            },
        },
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Worker": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "worker.app.handler",
                "Events": {
                    "Tasks": {
                        "Type": "SQS",
                        "Properties": {
                            "Queue": {"Fn::GetAtt": ["Work", "Arn"]},
                            "BatchSize": 10,
                            "FunctionResponseTypes": ["ReportBatchItemFailures"],
                        },
                    },
                    "Tick": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": MINUTE}},
                },
            },
        },
    }
}


def read_stack(folder: Path, template: dict[str, Any] | None = None) -> StackResources:
    path = folder / "template.yaml"
    path.write_text(yaml.safe_dump(template or TEMPLATE))
    return StackResources.read(path)


class World:
    """moto with the queues, and a function whose answer a test chooses."""

    def __init__(self, stack: StackResources) -> None:
        SHARED.close()  # it would take messages from the same queues
        self.account = MotoAccount()
        for queue, attributes in stack.queues().items():
            self._call("CreateQueue", QueueName=queue, Attributes=attributes)
        (self.source,) = stack.queue_sources()
        self.events: list[dict[str, Any]] = []
        self.done: list[str] = []
        self.answer: Callable[[dict[str, Any]], Any] = lambda event: {"batchItemFailures": []}
        self.poller = QueuePoller(
            self.source,
            self.account,
            self._invoke,
            on_done=lambda queue, body: self.done.append(body),
        )

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        return self.account.call_json("sqs", f"AmazonSQS.{name}", arguments)

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        self.events.append(event)
        return self.answer(event)

    def send(self, *bodies: str, delay: int = 0) -> None:
        for body in bodies:
            url = self.source.queue_url
            self._call("SendMessage", QueueUrl=url, MessageBody=body, DelaySeconds=delay)

    def bodies(self) -> list[list[str]]:
        """The bodies of the messages of each call."""
        return [sorted(record["body"] for record in event["Records"]) for event in self.events]

    def waiting(self, queue: str) -> int:
        url = self.source.queue_url.replace("postcard-work", f"postcard-{queue}")
        names = ["ApproximateNumberOfMessages"]
        got = self._call("GetQueueAttributes", QueueUrl=url, AttributeNames=names)
        return int(got["Attributes"][names[0]])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(read_stack(tmp_path))
    yield world
    for queue in ("work", "dead"):
        url = world.source.queue_url.replace("postcard-work", f"postcard-{queue}")
        world._call("DeleteQueue", QueueUrl=url)


def test_a_function_gets_the_messages_of_its_queue_in_the_form_of_lambda(world: World) -> None:
    world.send("a", "b")
    assert world.poller.poll() == 2
    assert world.bodies() == [["a", "b"]]
    (first, _) = world.events[0]["Records"]
    assert set(first) == {
        *("messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody"),
        *("eventSource", "eventSourceARN", "awsRegion"),
    }
    assert first["attributes"]["ApproximateReceiveCount"] == "1"
    assert first["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:postcard-work"
    assert sorted(world.done) == ["a", "b"]
    assert world.poller.poll() == 0


def test_a_delayed_message_is_not_seen_yet(world: World) -> None:
    world.send("later", delay=900)
    assert world.poller.poll() == 0


def test_only_the_messages_that_failed_come_back_and_then_are_dead_letters(world: World) -> None:
    def fail_b(event: dict[str, Any]) -> Any:
        failed = [each["messageId"] for each in event["Records"] if each["body"] == "b"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    world.answer = fail_b
    world.send("a", "b")
    world.poller.poll()
    assert world.bodies() == [["a", "b"], ["b"]]
    assert world.done == ["a"]
    assert world.waiting("dead") == 1


@pytest.mark.parametrize(
    "response",
    ["nothing", {"batchItemFailures": [{}]}, {"batchItemFailures": [{"itemIdentifier": "?"}]}],
)
def test_after_an_invalid_response_all_messages_come_back(world: World, response: Any) -> None:
    world.answer = lambda event: response
    world.send("a", "b")
    world.poller.poll()
    assert world.bodies() == [["a", "b"], ["a", "b"]] and world.done == []


def test_after_a_failed_call_all_messages_come_back(world: World) -> None:
    def fail(event: dict[str, Any]) -> Any:
        raise InvocationFailed("timed out")

    world.answer = fail
    world.send("a", "b")
    world.poller.poll()
    assert world.bodies() == [["a", "b"], ["a", "b"]] and world.done == []


def test_a_queue_is_told_of_new_images_and_not_of_restored_ones_or_of_links() -> None:
    stack, account = StackResources.read(Path("template.yaml")), MotoAccount()
    account.reset()
    account.create_resources(stack)
    bucket = stack.buckets()["PicturesBucket"]
    account.s3("PUT", f"/{bucket}/images/restored.png", b"x")
    account.notify_queues(stack)
    for key in ("images/new a.png", "renders/1/welcome/1/x.png"):
        account.s3("PUT", f"/{bucket}/{key}", b"x")
    arguments = {"QueueUrl": stack.template.attribute("HintQueue"), "MaxNumberOfMessages": 10}
    received = account.call_json("sqs", "AmazonSQS.ReceiveMessage", arguments)["Messages"]
    test, notification = (json.loads(message["Body"]) for message in received)
    assert test["Event"] == "s3:TestEvent"
    assert [picture.key for picture in stored_pictures(notification)] == ["images/new a.png"]


def test_a_schedule_calls_its_function_once_a_minute(tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []
    sources = read_stack(tmp_path).schedule_sources()
    schedules = ScheduleClock(sources, lambda name, event: calls.append(event), now=0)
    assert [schedules.run_due(now) for now in (59, 60, 61, 119, 120, 600)] == [0, 1, 0, 0, 1, 1]
    assert calls[0]["source"] == "aws.scheduler"
    assert calls[0]["time"] == "1970-01-01T00:01:00Z"
    assert json.loads(calls[0]["detail"]) == {}


def test_a_schedule_that_is_disabled_calls_nothing(tmp_path: Path) -> None:
    template = json.loads(json.dumps(TEMPLATE))
    tick = template["Resources"]["Worker"]["Properties"]["Events"]["Tick"]["Properties"]
    assert len(read_stack(tmp_path, template).schedule_sources()) == 1
    tick["State"] = "DISABLED"
    assert read_stack(tmp_path, template).schedule_sources() == []


def test_a_schedule_in_another_form_is_an_error(tmp_path: Path) -> None:
    template = json.loads(json.dumps(TEMPLATE).replace(MINUTE, "cron(0 2 * * ? *)"))
    with pytest.raises(TemplateError, match="cron"):
        read_stack(tmp_path, template).schedule_sources()
