"""Queues and schedules call functions as SQS, Lambda and EventBridge Scheduler would."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks.webhooks import Webhook

from local.aws.api_gateway import InvocationFailed
from local.aws.cloudformation import TemplateError
from local.aws.event_sources import QueuePoller, ScheduleClock
from local.aws.moto_server import MotoAccount
from local.aws.stack_resources import StackResources
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.hints import SqsHints
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.webhooks import DynamoDeliveryStore, DynamoWebhookStore
from postcard.events.event_ids import event_id
from postcard.events.event_types import IMAGE_RENDERED
from postcard.events.outbox import WebhookOutbox
from postcard.ports import DeliveryRecord, WebhookRecord
from postcard.webhooks.signing import derive_secret
from tests.adapters.scripted_server import CLOSE_CONNECTION, ScriptedServer, http_response
from tests.local.conftest import RunningService, wait_until

MINUTE = "rate(1 minute)"
WEBHOOK = "wh_a1b2c3d4e5"
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


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    """Closes the first connection without a word, then takes everything."""
    server = ScriptedServer(
        lambda request, before: http_response(b"thanks", close=True) if before else CLOSE_CONNECTION
    )
    with closing(server):
        yield server


class Events:
    """What another part of the service does when something happens."""

    def __init__(self, service: RunningService, url: str) -> None:
        adapters = service.server.adapters
        settings, credentials = adapters.settings, adapters.environment
        dynamodb, sqs = (
            boto_client(
                name,
                settings,
                aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            )
            for name in ("dynamodb", "sqs")
        )
        table = Table(dynamodb, settings.table)
        self.webhooks, self.deliveries = DynamoWebhookStore(table), DynamoDeliveryStore(table)
        hints = SqsHints(sqs, settings.hint_queue_url, settings.slow_hint_queue_url)
        self.outbox = WebhookOutbox(self.webhooks, hints)
        self.webhooks.put(WebhookRecord(WEBHOOK, url, (IMAGE_RENDERED,), "", int(time.time())))

    def happen(self, subject: str, *, announced: bool, at: float) -> DeliveryRecord:
        id = event_id(IMAGE_RENDERED, subject, at=at)
        deliveries = self.outbox.deliveries(IMAGE_RENDERED, id, {"id": subject}, now=at)
        self.deliveries.put_if_absent(deliveries)
        if announced:
            self.outbox.announce(deliveries)
        return deliveries[0]

    def state(self, delivery: DeliveryRecord) -> str:
        record = self.deliveries.get(delivery.key)
        return record.state if record else ""


def test_an_event_arrives_signed_and_is_tried_again(
    service: RunningService, receiver: ScriptedServer
) -> None:
    events = Events(service, f"{receiver.url}/hooks")
    first = events.happen("img_1", announced=True, at=time.time())
    assert wait_until(lambda: events.state(first) == "delivered")
    key = service.server.keys.key_rotation.read().webhooks
    one, two = receiver.requests
    for request in (one, two):
        opened = Webhook(derive_secret(key, WEBHOOK, 1)).verify(request.body, request.headers)
        assert opened["data"] == {"id": "img_1"}
    assert one.body == two.body and one.headers["webhook-id"] == two.headers["webhook-id"]

    # Another one without a hint, as if its process was killed: the next tick finds it.
    second = events.happen("img_2", announced=False, at=time.time() - 10)
    service.server.functions.invoke("WebhookFunction", {"source": "aws.scheduler"})
    assert wait_until(lambda: events.state(second) == "delivered")
    assert receiver.requests[2].headers["webhook-id"] == second.key.event_id
