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
from tests.local.conftest import RunningService, wait_until

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


def test_a_recall_deletes_stored_pictures_in_the_background(service: RunningService) -> None:
    """The whole way: API, SQS in moto, the worker function, S3 and the CDN."""
    path = service.link("Background")
    assert service.get(path).status_code == 200
    published = service.call("GET", "/v1/templates/welcome").json()
    document = {**published["document"], "background": "#123456"}
    newer = service.call("PUT", "/v1/templates/welcome", document).json()["version"]

    def stored() -> list[str]:
        bucket = service.server.stack.buckets()["PicturesBucket"]
        keys = service.server.account.object_keys(bucket)
        folder = f"/welcome/{published['version']}/"
        return [key for key in keys if folder in key]

    assert stored()
    recall = f"/v1/templates/welcome/versions/{published['version']}/recall"

    def begin() -> None:
        reply = service.call("POST", recall, {"replaced_by": newer})
        assert reply.json()["deletion"]["state"] == "running", reply.text
        wait_until(lambda: not stored())

    changes = service.counter_changes(begin)
    assert changes["function.WorkerFunction"] == 1
    assert changes["cloudfront.CreateInvalidation"] == 1
    assert service.get(path).headers["X-Cache"].startswith("Miss")


def test_ten_links_that_were_opened_are_counted_a_minute_later(service: RunningService) -> None:
    """The whole way: the CDN, its log, the schedule, the worker, Athena, the table, the API."""
    for number in range(10):
        path = service.link(f"Reader {number}", campaign="autumn")
        assert path.startswith("/c/autumn/welcome.png?")
        first, second = service.get(path), service.get(path)
        assert (first.status_code, second.headers["X-Cache"]) == (200, "Hit from cloudfront")
    assert service.get("/c/autumn/nobody.png?_sig=x").status_code == 400

    def usage() -> dict[str, Any]:
        answer = service.call("GET", "/v1/usage?campaign=autumn")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert usage()["totals"]["hits"] == 0
    assert service.run_schedules() >= 1
    assert wait_until(lambda: usage()["totals"]["hits"] > 0)
    page = usage()
    (item,) = page["items"]
    assert (item["template_id"], item["campaign"]) == ("welcome", "autumn")
    assert (item["first_opens"], item["misses"], item["hits"]) == (10, 10, 10)
    assert (item["fetches"], item["refusals"]) == (20, 0)
    assert item["sent_bytes"] > item["bytes"] > 0
    assert page["log_complete_to"][:10] == item["day"]
    everything = service.call("GET", "/v1/usage").json()
    assert everything["totals"]["refusals"] >= 1, "without a template, as the name may be made up"
