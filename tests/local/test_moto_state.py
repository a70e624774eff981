"""moto's state file: every write is saved before its response, and restored at the next start."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config

from local.aws.activity_counters import ActivityCounters
from local.aws.http_messages import Request
from local.aws.moto_server import MotoAccount, MotoHttpServer, RecordingMiddleware, bucket_origin
from local.aws.moto_state import MotoStateFile, StateDamaged
from local.aws.stack_resources import REGION, StackResources
from tests.local.conftest import SHARED

STACK = StackResources.read(Path("template.yaml"))
PICTURES = STACK.buckets()["PicturesBucket"]
TABLE = STACK.tables()[0]["TableName"]
SECRET = STACK.secrets()[0]


@dataclass
class MotoHarness:
    """moto behind its middleware, and boto3 clients of it."""

    account: MotoAccount
    state: MotoStateFile
    middleware: RecordingMiddleware
    counters: ActivityCounters
    invalidated_paths: list[str]
    url: str = ""
    now: float | None = None  # the clock of S3's policies; None: the time

    def client(self, service: str) -> Any:
        make_client: Any = boto3.client
        version = "s3v4" if service == "s3" else None  # as the service signs
        return make_client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(signature_version=version, s3={"addressing_style": "path"}),
        )


Start = Callable[[], AbstractContextManager[MotoHarness]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    SHARED.close()
    account = MotoAccount()

    @contextmanager
    def run() -> Iterator[MotoHarness]:
        account.reset()
        account.create_resources(STACK)
        with closing(MotoStateFile(tmp_path / "state.sqlite", account, STACK)) as state:
            state.restore()
            counters, invalidated_paths = ActivityCounters(), list[str]()
            middleware = RecordingMiddleware(
                account.app,
                counters,
                on_write=state.persist_write,
                on_invalidation=invalidated_paths.extend,
                clock=lambda: harness.now or time.time(),
            )
            harness = MotoHarness(account, state, middleware, counters, invalidated_paths)
            with closing(MotoHttpServer(middleware)) as endpoint:
                harness.url = endpoint.url
                yield harness

    yield run


def test_an_object_is_restored_with_its_headers(start: Start) -> None:
    with start() as moto:
        moto.client("s3").put_object(
            Bucket=PICTURES,
            Key="renders/1/a b/ü+.png",
            Body=b"picture",
            ContentType="image/png",
            CacheControl="max-age=86400",
            ContentDisposition="inline",
            Expires=1_900_000_000,
            Metadata={"render": "drawn"},
        )
        first = moto.client("s3").head_object(Bucket=PICTURES, Key="renders/1/a b/ü+.png")
    with start() as moto:
        second = moto.client("s3").get_object(Bucket=PICTURES, Key="renders/1/a b/ü+.png")
        assert second["Body"].read() == b"picture"
        for name in ("ETag", "ContentType", "CacheControl", "ContentDisposition", "Metadata"):
            assert second[name] == first[name]
        assert second["ExpiresString"] == first["ExpiresString"]


def test_deleted_objects_stay_deleted(start: Start) -> None:
    with start() as moto:
        s3 = moto.client("s3")
        for name in ("a", "b", "c", "d"):
            s3.put_object(Bucket=PICTURES, Key=name, Body=b"x")
        s3.delete_object(Bucket=PICTURES, Key="a")
        s3.delete_objects(Bucket=PICTURES, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}]})
    with start() as moto:
        assert list(moto.account.object_keys(PICTURES)) == ["d"]


def test_an_upload_by_a_presigned_form_is_saved(start: Start) -> None:
    with start() as moto:
        form = moto.client("s3").generate_presigned_post(
            PICTURES,
            "uploads/a",
            Fields={"Content-Type": "image/png"},
            Conditions=[["eq", "$Content-Type", "image/png"]],
        )
        with urllib3.PoolManager() as pool:
            fields = {**form["fields"], "file": ("a.png", b"picture", "image/png")}
            assert pool.request("POST", form["url"], fields=fields).status in (200, 204)
    with start() as moto:
        stored = moto.client("s3").get_object(Bucket=PICTURES, Key="uploads/a")
        assert stored["Body"].read() == b"picture"
        assert stored["ContentType"] == "image/png"


def test_an_upload_by_a_form_in_the_place_of_another_is_saved(start: Start) -> None:
    with start() as moto, urllib3.PoolManager() as pool:
        form = moto.client("s3").generate_presigned_post(PICTURES, "uploads/a")
        for body in (b"first", b"second"):
            fields = {**form["fields"], "file": ("a.png", body, "image/png")}
            assert pool.request("POST", form["url"], fields=fields).status in (200, 204)
    with start() as moto:
        stored = moto.client("s3").get_object(Bucket=PICTURES, Key="uploads/a")
        assert stored["Body"].read() == b"second"


def upload_in_parts(moto: MotoHarness, bodies: list[bytes], *, complete: bool = True) -> None:
    s3, target = moto.client("s3"), {"Bucket": PICTURES, "Key": "batches/1/result"}
    upload = s3.create_multipart_upload(**target, ContentType="text/csv")["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**target, UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    if complete:
        s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})


def test_a_multipart_upload_in_the_place_of_an_object_is_saved(
    start: Start, tmp_path: Path
) -> None:
    large = bytes(5 << 20)
    with start() as moto:
        upload_in_parts(moto, [b"first"])
        upload_in_parts(moto, [large, b"second"])
        upload_in_parts(moto, [b"unfinished"], complete=False)
        assert len(list((tmp_path / "objects").iterdir())) == 1
    (tmp_path / "objects" / "orphan").write_bytes(b"the server was killed when it wrote this")
    with start() as moto:
        stored = moto.client("s3").get_object(Bucket=PICTURES, Key="batches/1/result")
        assert stored["Body"].read() == large + b"second"
        assert stored["ContentType"] == "text/csv"
        assert len(list((tmp_path / "objects").iterdir())) == 1
        moto.client("s3").delete_object(Bucket=PICTURES, Key="batches/1/result")
        assert list((tmp_path / "objects").iterdir()) == []
    with start() as moto:
        assert list(moto.account.object_keys(PICTURES)) == []


def test_a_part_of_an_upload_that_the_server_lost_is_refused_as_by_s3(start: Start) -> None:
    target = {"Bucket": PICTURES, "Key": "batches/1/result"}
    with start() as moto:
        upload = moto.client("s3").create_multipart_upload(**target)["UploadId"]
    with start() as moto:
        s3 = moto.client("s3")
        with pytest.raises(s3.exceptions.NoSuchUpload):
            s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"x")


def test_a_part_of_an_upload_does_not_read_the_object_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start() as moto:
        upload_in_parts(moto, [b"first"])
        reads: list[str] = []
        monkeypatch.setattr(moto.account, "s3", lambda *call: reads.append(call))
        upload_in_parts(moto, [b"second"] * 3, complete=False)
        assert reads == []


def test_a_missing_file_of_a_large_object_says_what_to_do(start: Start, tmp_path: Path) -> None:
    with start() as moto:
        moto.client("s3").put_object(Bucket=PICTURES, Key="a", Body=bytes(1 << 20))
    for file in (tmp_path / "objects").iterdir():
        file.unlink()
    with pytest.raises(StateDamaged, match="is missing"), start():
        pass


def test_an_upload_by_a_presigned_put_is_saved(start: Start) -> None:
    with start() as moto:
        target = {"Bucket": PICTURES, "Key": "uploads/a"}
        url = moto.client("s3").generate_presigned_url("put_object", target)
        with urllib3.PoolManager() as pool:
            assert pool.request("PUT", url, body=b"picture").status == 200
    with start() as moto:
        assert list(moto.account.object_keys(PICTURES)) == ["uploads/a"]


def item(sort: str, number: int = 1) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sort}, "n": {"N": str(number)}, "b": {"B": b"\x00\xff"}}


def key(sort: str) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sort}}


def rows(moto: MotoHarness) -> dict[str, Any]:
    items = moto.client("dynamodb").scan(TableName=TABLE)["Items"]
    return {each["sk"]["S"]: each for each in items}


def test_items_are_restored_as_the_last_write_left_them(start: Start) -> None:
    with start() as moto:
        table = moto.client("dynamodb")
        for sort in ("put", "updated", "deleted"):
            table.put_item(TableName=TABLE, Item=item(sort))
        table.update_item(
            TableName=TABLE,
            Key=key("updated"),
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        table.delete_item(TableName=TABLE, Key=key("deleted"))
        before = rows(moto)
    with start() as moto:
        assert rows(moto) == before == {"put": item("put"), "updated": item("updated", 2)}


def test_transactions_and_batches_are_saved(start: Start) -> None:
    with start() as moto:
        table = moto.client("dynamodb")
        table.put_item(TableName=TABLE, Item=item("old"))
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": item("new")}},
                {"Delete": {"TableName": TABLE, "Key": key("old")}},
            ]
        )
        writes = [{"PutRequest": {"Item": item(sort)}} for sort in ("x", "y")]
        table.batch_write_item(RequestItems={TABLE: writes})
    with start() as moto:
        assert set(rows(moto)) == {"new", "x", "y"}


def test_a_write_with_a_failed_condition_changes_nothing(start: Start) -> None:
    with start() as moto:
        table = moto.client("dynamodb")
        table.put_item(TableName=TABLE, Item=item("a", 1))
        with pytest.raises(table.exceptions.ConditionalCheckFailedException):
            table.put_item(
                TableName=TABLE, Item=item("a", 2), ConditionExpression="attribute_not_exists(pk)"
            )
    with start() as moto:
        assert rows(moto)["a"]["n"] == {"N": "1"}


def test_the_secret_is_restored(start: Start) -> None:
    with start() as moto:
        generated = moto.client("secretsmanager").get_secret_value(SecretId=SECRET)
        assert len(generated["SecretString"]) > 40
    with start() as moto:
        secrets = moto.client("secretsmanager")
        again = secrets.get_secret_value(SecretId=SECRET)
        assert again["SecretString"] == generated["SecretString"]
        secrets.put_secret_value(SecretId=SECRET, SecretString="new")
    with start() as moto:
        again = moto.client("secretsmanager").get_secret_value(SecretId=SECRET)
        assert again["SecretString"] == "new"


def test_the_file_is_complete_after_every_response(start: Start, tmp_path: Path) -> None:
    with start() as moto:
        moto.client("s3").put_object(Bucket=PICTURES, Key="a", Body=b"x")
        copy = tmp_path / "copy"
        copy.mkdir()
        for part in tmp_path.glob("state.sqlite*"):
            (copy / part.name).write_bytes(part.read_bytes())  # as a killed process leaves them
        with closing(MotoStateFile(copy / "state.sqlite", moto.account, STACK)) as state:
            moto.account.empty_bucket(PICTURES)
            state.restore()
            assert list(moto.account.object_keys(PICTURES)) == ["a"]


def test_a_seeded_state_stays_seeded(start: Start) -> None:
    with start() as moto:
        assert not moto.state.seeded
        moto.state.mark_seeded()
    with start() as moto:
        assert moto.state.seeded


def test_operations_are_counted(start: Start) -> None:
    with start() as moto:
        s3, table = moto.client("s3"), moto.client("dynamodb")
        s3.put_object(Bucket=PICTURES, Key="a", Body=b"x")
        s3.get_object(Bucket=PICTURES, Key="a")
        table.put_item(TableName=TABLE, Item=item("a"))
        counts = moto.counters.snapshot()
        assert counts == {"s3.put": 1, "s3.get": 1, "dynamodb.PutItem": 1}


def test_an_invalidation_reaches_the_cdn(start: Start) -> None:
    with start() as moto:
        paths = {"Quantity": 2, "Items": ["/images/a.png", "/renders/1/a&b/*"]}
        response = moto.client("cloudfront").create_invalidation(
            DistributionId="Distribution",
            InvalidationBatch={"Paths": paths, "CallerReference": "1"},
        )
        assert response["Invalidation"]["InvalidationBatch"]["Paths"]["Quantity"] == 2
        assert moto.invalidated_paths == ["/images/a.png", "/renders/1/a&b/*"]


def test_a_missing_key_is_a_403_to_the_cdn(start: Start) -> None:
    with start() as moto:
        fetch = bucket_origin(moto.account, moto.middleware, PICTURES)
        for method in ("GET", "HEAD"):
            assert fetch(Request(method, "/renders/1/a.png")).status == 403


def test_the_cdn_gets_an_objects_headers_and_can_revalidate_it(start: Start) -> None:
    with start() as moto:
        moto.client("s3").put_object(
            Bucket=PICTURES,
            Key="a.png",
            Body=b"x",
            ContentType="image/png",
            CacheControl="max-age=9",
        )
        fetch = bucket_origin(moto.account, moto.middleware, PICTURES)
        response = fetch(Request("GET", "/a.png"))
        assert (response.status, response.body) == (200, b"x")
        assert response.headers["accept-ranges"] == "bytes"
        assert response.headers["content-type"] == "image/png"
        assert response.headers["cache-control"] == "max-age=9"
        etag = response.headers["etag"]
        again = fetch(Request("GET", "/a.png", "", {"if-none-match": etag}))
        assert again.status == 304
        head = fetch(Request("HEAD", "/a.png"))
        assert (head.headers["content-length"], head.body) == ("1", b"")


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"garbled" * 1_000,
        lambda whole: whole[:100] + b"\xff" * 4_000 + whole[4_100:],
        lambda whole: whole[:5_000],
    ],
)
def test_a_damaged_state_file_says_what_to_do(
    start: Start, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "state.sqlite"
    with start() as moto:
        moto.client("s3").put_object(Bucket=PICTURES, Key="a", Body=b"x" * 20_000)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(StateDamaged) as raised, start():
        pass
    assert str(raised.value).startswith(f"The state file {path} is damaged")
    assert "delete the folder to begin again" in str(raised.value)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO items VALUES ('postcard-table', '{}', 'no JSON')",
        "INSERT INTO items VALUES ('no-such-table', '{}', '{}')",
        "INSERT INTO objects VALUES ('b', 'n', 'no JSON', 'x')",
        "DROP TABLE items; CREATE TABLE items (one TEXT)",
    ],
)
def test_damaged_rows_say_what_to_do(start: Start, tmp_path: Path, statement: str) -> None:
    with start():
        pass
    with closing(sqlite3.connect(tmp_path / "state.sqlite")) as database:
        database.executescript(statement)
    with pytest.raises(StateDamaged, match="is damaged"), start():
        pass


def test_a_task_that_was_not_done_is_in_its_queue_after_a_restart(start: Start) -> None:
    url = STACK.queue_sources()[0].queue_url
    with start() as moto:
        for body in ("done", "waiting", "waiting"):
            moto.client("sqs").send_message(QueueUrl=url, MessageBody=body)
        moto.state.forget_message(url, "done")
    with start() as moto:
        received = moto.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        assert [message["Body"] for message in received["Messages"]] == ["waiting"]
