"""The webhook function with its own adapters: every call of AWS is allowed by its role."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploy.template_check import SamDocument
from postcard import wiring
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.budgets import DynamoBudgetNoticeStore
from postcard.adapters.aws.images import DynamoImageStore
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.webhooks import DynamoWebhookStore
from postcard.adapters.http.webhook_sender import HttpWebhookSender
from postcard.events.event_types import BUDGET_EXCEEDED, IMAGE_RENDERED
from postcard.keys.key_set import MINTING, KeySet, SigningKey
from postcard.ports import BudgetNotice, WebhookRecord, WebhookResponse
from postcard.settings import Settings
from tests.adapters.conftest import CREDENTIALS, make_table
from tests.functions.fake_services import FakeLambdaContext
from tests.functions.sample_events import s3_notification
from tests.image_records import image_record
from tests.stack.permissions import PermissionRecorder, allows, recorded_aws
from tests.stack.test_template import statements
from webhook.app import handle_event

KEY_ID = "webhookfunction"
NOW = 1_795_341_600.0
DAY = 86_400
ID = "wh_a1b2c3d4e5"
IMAGE = image_record("img_aaaaaaaaaaaaaaaaaaaaaaaaaa")
HINTS, SLOW_HINTS = "hints", "slow-hints"


class WebhookFunction:
    """The function as it is in AWS, with the answers of its one endpoint."""

    def __init__(self, settings: Settings, sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.answers: list[WebhookResponse] = []
        self.settings, self._sqs = settings, sqs
        post = lambda *arguments, **options: self.answers.pop(0)  # noqa: E731
        monkeypatch.setattr(HttpWebhookSender, "post", post)
        monkeypatch.setenv("POSTCARD_SLOW_HINT_QUEUE_URL", settings.slow_hint_queue_url)
        service = wiring.webhook_service(settings)
        service.worker._clock = service.tick._clock = lambda: self.now
        self._service = replace(service, clock=lambda: self.now)

    def tick(self) -> None:
        handle_event({}, FakeLambdaContext(30_000), self._service)

    def handle(self, message: Any, queue: str = HINTS) -> None:
        """A message of a queue, which must not come back."""
        record = {"messageId": "m", "body": json.dumps(message), "eventSourceARN": f"a:{queue}"}
        answer = handle_event({"Records": [record]}, FakeLambdaContext(30_000), self._service)
        assert answer == {"batchItemFailures": []}

    def work(self) -> None:
        """Handle all messages that wait."""
        urls = (self.settings.hint_queue_url, self.settings.slow_hint_queue_url)
        for queue, url in zip((HINTS, SLOW_HINTS), urls, strict=True):
            while found := self._sqs.receive_message(QueueUrl=url).get("Messages"):
                for message in found:
                    self.handle(json.loads(message["Body"]), queue)
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PermissionRecorder, Settings]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with recorded_aws({HINTS: "HintQueue", SLOW_HINTS: "SlowHintQueue"}) as aws:
        yield aws


def test_every_call_of_the_webhook_function_is_allowed_by_its_role(
    aws: tuple[PermissionRecorder, Settings],
    template: SamDocument,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder, settings = aws
    with monkeypatch.context() as environment:
        for name, text in CREDENTIALS.items():
            environment.setenv(name, text)
        names = ("dynamodb", "s3", "secretsmanager")
        dynamodb, s3, secrets_manager = (boto_client(name, settings) for name in names)
        sqs: Any = boto_client("sqs", settings)
        make_table(dynamodb, settings.table)
        s3.create_bucket(Bucket=settings.pictures_bucket)
        keys = KeySet(
            *("s" * 64, 1, 1, {"k1": SigningKey("1" * 64, MINTING, int(NOW))}),
            *("a" * 64, "b" * 64, "c" * 64, "d" * 64),
        )
        secrets_manager.create_secret(Name=settings.secret_id, SecretString=keys.to_json())
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in (HINTS, SLOW_HINTS)]
        settings = replace(settings, hint_queue_url=urls[0], slow_hint_queue_url=urls[1])
        table = Table(dynamodb, settings.table)
        webhooks = DynamoWebhookStore(table)
        types = (IMAGE_RENDERED, BUDGET_EXCEEDED)
        webhooks.put(WebhookRecord(ID, "https://hooks.example.com/", types, "", int(NOW)))
        DynamoImageStore(table).put(IMAGE)
        notice = BudgetNotice("template_usd", "welcome", 5.0, "2026-11-22", NOW)
        DynamoBudgetNoticeStore(table).add(notice)
        key = f"images/{IMAGE.image_id}.png"
        s3.put_object(Bucket=settings.pictures_bucket, Key=key, Body=b"picture")
    function = WebhookFunction(settings, sqs, monkeypatch)
    function.answers = [WebhookResponse(500), WebhookResponse(204), WebhookResponse(204)]
    function.handle(s3_notification(key, NOW))
    function.handle(s3_notification("images/img_bbbbbbbbbbbbbbbbbbbbbbbbbb.png", NOW))
    for _ in range(4):  # a new endpoint is sent one event at a time
        function.work()
        function.now += 60
        function.tick()
    function.work()
    assert function.answers == [], "the picture's event was sent twice, the budget's once"
    webhooks.mark_slow(ID, until=function.now - 1)
    for _ in range(3):
        webhooks.add_failure(ID, at=function.now - 9 * DAY, status=500)
    DynamoBudgetNoticeStore(table).add(replace(notice, subject="other", at=function.now))
    function.answers = [WebhookResponse(500), WebhookResponse(410)]
    for _ in range(3):
        function.tick()
        function.work()
        function.now += 60
    webhook = webhooks.get(ID)
    assert function.answers == [] and webhook is not None and not webhook.enabled
    used = recorder.used_permissions[KEY_ID]
    assert {
        ("dynamodb:Query", "Table/index/due"),
        ("dynamodb:PutItem", "Table"),
        ("dynamodb:UpdateItem", "Table"),
        ("s3:GetObject", f"PicturesBucket/{key}"),
        ("secretsmanager:GetSecretValue", "Keys"),
        ("sqs:SendMessage", "HintQueue"),
        ("sqs:SendMessage", "SlowHintQueue"),
        ("sqs:GetQueueAttributes", "SlowHintQueue"),
    } <= used
    assert (
        sorted(each for each in used if not allows(statements(template, "WebhookRole"), each)) == []
    )
