"""The worker's deletion of a thousand pictures with AWS's adapters; its calls are counted."""

import json
import math
from collections import Counter
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.deletion_records import DynamoDeletionStore
from postcard.adapters.aws.images import DynamoImageStore
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.adapters.aws.queue import SqsQueue
from postcard.adapters.aws.table import Table
from postcard.adapters.memory import MemoryCdn, MemoryQueue
from postcard.deletion.deletions import SETTLE_SECONDS, Deletions, DeletionWorker
from postcard.errors import ServiceUnavailable
from postcard.links.signing import LinkKeys
from postcard.settings import Settings
from tests.adapters.conftest import make_table
from tests.clocks import PATIENCE_SECONDS

KEYS = LinkKeys(
    epoch=2,
    signing_keys={"k1": "1" * 64},
    active_kid="k1",
    cache_path_key="a" * 64,
    image_id_checksum_key="b" * 64,
    image_id_key="c" * 64,
)


class CountingClient:
    """A client that counts its calls."""

    def __init__(self, client: Any, calls: Counter[str]) -> None:
        self._client, self._calls = client, calls

    def __getattr__(self, name: str) -> Any:
        self._calls[name] += 1
        return getattr(self._client, name)


def test_a_thousand_pictures_are_deleted_in_few_calls(settings: Settings) -> None:
    calls: Counter[str] = Counter()
    s3, dynamodb = (
        CountingClient(boto_client(name, settings, seconds=PATIENCE_SECONDS), calls)
        for name in ("s3", "dynamodb")
    )
    make_table(dynamodb, settings.table)
    s3.create_bucket(Bucket=settings.pictures_bucket)
    bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for number in range(1000):
        bucket.put_object(settings.pictures_bucket, f"renders/2/welcome/1/{number:04}.png", b"old")
    bucket.put_object(settings.pictures_bucket, "renders/2/welcome/2/0000.png", b"right")
    table, pictures = Table(dynamodb, settings.table), S3ObjectStore(s3, settings.pictures_bucket)
    (right,) = pictures.page("renders/2/welcome/2/", after="", limit=1).items
    now = [right.modified_at]
    queue, cdn, records = MemoryQueue(lambda: now[0]), MemoryCdn(), DynamoDeletionStore(table)
    worker = DeletionWorker(
        records,
        queue,
        DynamoImageStore(table),
        pictures,
        cdn,
        clock=lambda: now[0],
        objects_in_a_batch=100,
        objects_in_a_step=300,
    )
    Deletions(records, queue, lambda: KEYS, clock=lambda: now[0]).request("welcome", 1, [1])
    calls.clear()
    tasks = 0
    while (due := queue.next_due()) is not None:
        now[0] = max(now[0], due)
        task = queue.receive()
        assert task is not None
        worker.handle(task, deadline=math.inf)
        tasks += 1
    assert list(pictures.keys("")) == ["renders/2/welcome/2/0000.png"]
    record = records.get("welcome", 1)
    assert record is not None and record.deleted == 1000
    assert record.finished_at is not None
    assert record.finished_at >= record.requested_at + SETTLE_SECONDS
    assert calls["delete_objects"] == 10
    assert calls["list_objects_v2"] <= 10 + 2 * 3 + 1, "ten pages, the other epochs, a second walk"
    assert tasks <= 6
    assert calls["put_item"] == tasks, "one write for each step"
    assert len(cdn.invalidated_paths) == 2 * 3 * 3, "version, live, ended; three epochs; twice"


def test_a_task_is_sent_to_sqs_as_json(settings: Settings) -> None:
    client = boto_client("sqs", settings, seconds=PATIENCE_SECONDS)
    url = client.create_queue(QueueName=settings.table)["QueueUrl"]
    SqsQueue(client, url).send({"task": "greet", "name": "Zoë"})
    SqsQueue(client, url).send({"task": "later"}, delay_seconds=900)
    (message,) = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"]) == {"task": "greet", "name": "Zoë"}


def test_without_a_queue_the_message_says_what_to_set() -> None:
    with pytest.raises(ServiceUnavailable, match="POSTCARD_QUEUE_URL"):
        SqsQueue(None, "").send({})
