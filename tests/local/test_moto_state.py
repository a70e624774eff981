"""Every write to moto is kept before it is answered, and is there after a restart."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
from local.aws.moto_state import MotoStateFile
from local.aws.stack_resources import REGION, StackResources

STACK = StackResources.read(Path("template.yaml"))
PICTURES = STACK.buckets()["PicturesBucket"]
TABLE = STACK.tables()[0]["TableName"]
SECRET = STACK.secrets()[0]


@dataclass
class World:
    """moto with its recorder, and real clients of it."""

    account: MotoAccount
    state: MotoStateFile
    recorder: RecordingMiddleware
    counters: ActivityCounters
    forgotten: list[str]
    url: str

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(s3={"addressing_style": "path"}),
        )


Start = Callable[[], World]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Any]]:
    account = MotoAccount()

    @contextmanager
    def begin() -> Iterator[World]:
        account.reset()
        account.create_resources(STACK)
        with closing(MotoStateFile(tmp_path / "state.sqlite", account, STACK)) as state:
            state.restore()
            counters, forgotten = ActivityCounters(), list[str]()
            recorder = RecordingMiddleware(
                account.app,
                counters,
                on_write=state.persist_write,
                on_invalidation=forgotten.extend,
            )
            with closing(MotoHttpServer(recorder)) as endpoint:
                yield World(account, state, recorder, counters, forgotten, endpoint.url)

    yield begin


def test_an_object_comes_back_with_its_headers(start: Any) -> None:
    with start() as world:
        world.client("s3").put_object(
            Bucket=PICTURES,
            Key="renders/1/a b/ü+.png",
            Body=b"picture",
            ContentType="image/png",
            CacheControl="max-age=86400",
            ContentDisposition="inline",
            Expires=1_900_000_000,
            Metadata={"render": "drawn"},
        )
        first = world.client("s3").head_object(Bucket=PICTURES, Key="renders/1/a b/ü+.png")
    with start() as world:
        second = world.client("s3").get_object(Bucket=PICTURES, Key="renders/1/a b/ü+.png")
        assert second["Body"].read() == b"picture"
        for name in ("ETag", "ContentType", "CacheControl", "ContentDisposition", "Metadata"):
            assert second[name] == first[name]
        assert second["ExpiresString"] == first["ExpiresString"]


def test_deleted_objects_stay_deleted(start: Any) -> None:
    with start() as world:
        s3 = world.client("s3")
        for name in ("a", "b", "c", "d"):
            s3.put_object(Bucket=PICTURES, Key=name, Body=b"x")
        s3.delete_object(Bucket=PICTURES, Key="a")
        s3.delete_objects(Bucket=PICTURES, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}]})
    with start() as world:
        assert list(world.account.names(PICTURES)) == ["d"]


def test_an_upload_by_a_presigned_form_is_kept(start: Any) -> None:
    with start() as world:
        form = world.client("s3").generate_presigned_post(
            PICTURES,
            "uploads/a",
            Fields={"Content-Type": "image/png"},
            Conditions=[["eq", "$Content-Type", "image/png"]],
        )
        with urllib3.PoolManager() as pool:
            fields = {**form["fields"], "file": ("a.png", b"picture", "image/png")}
            assert pool.request("POST", form["url"], fields=fields).status in (200, 204)
    with start() as world:
        stored = world.client("s3").get_object(Bucket=PICTURES, Key="uploads/a")
        assert stored["Body"].read() == b"picture"
        assert stored["ContentType"] == "image/png"


def test_an_upload_by_a_presigned_put_is_kept(start: Any) -> None:
    with start() as world:
        where = {"Bucket": PICTURES, "Key": "uploads/a"}
        url = world.client("s3").generate_presigned_url("put_object", where)
        with urllib3.PoolManager() as pool:
            assert pool.request("PUT", url, body=b"picture").status == 200
    with start() as world:
        assert list(world.account.names(PICTURES)) == ["uploads/a"]


def item(sort: str, number: int = 1) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sort}, "n": {"N": str(number)}, "b": {"B": b"\x00\xff"}}


def key(sort: str) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sort}}


def rows(world: World) -> dict[str, Any]:
    found = world.client("dynamodb").scan(TableName=TABLE)["Items"]
    return {row["sk"]["S"]: row for row in found}


def test_items_come_back_as_the_last_write_left_them(start: Any) -> None:
    with start() as world:
        table = world.client("dynamodb")
        for sort in ("put", "updated", "deleted"):
            table.put_item(TableName=TABLE, Item=item(sort))
        table.update_item(
            TableName=TABLE,
            Key=key("updated"),
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        table.delete_item(TableName=TABLE, Key=key("deleted"))
        before = rows(world)
    with start() as world:
        assert rows(world) == before == {"put": item("put"), "updated": item("updated", 2)}


def test_transactions_and_batches_are_kept(start: Any) -> None:
    with start() as world:
        table = world.client("dynamodb")
        table.put_item(TableName=TABLE, Item=item("old"))
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": item("new")}},
                {"Delete": {"TableName": TABLE, "Key": key("old")}},
            ]
        )
        writes = [{"PutRequest": {"Item": item(sort)}} for sort in ("x", "y")]
        table.batch_write_item(RequestItems={TABLE: writes})
    with start() as world:
        assert set(rows(world)) == {"new", "x", "y"}


def test_a_write_whose_condition_does_not_hold_changes_nothing(start: Any) -> None:
    with start() as world:
        table = world.client("dynamodb")
        table.put_item(TableName=TABLE, Item=item("a", 1))
        with pytest.raises(table.exceptions.ConditionalCheckFailedException):
            table.put_item(
                TableName=TABLE, Item=item("a", 2), ConditionExpression="attribute_not_exists(pk)"
            )
    with start() as world:
        assert rows(world)["a"]["n"] == {"N": "1"}


def test_the_secret_comes_back(start: Any) -> None:
    with start() as world:
        generated = world.client("secretsmanager").get_secret_value(SecretId=SECRET)
        assert len(generated["SecretString"]) > 40
    with start() as world:
        secrets = world.client("secretsmanager")
        again = secrets.get_secret_value(SecretId=SECRET)
        assert again["SecretString"] == generated["SecretString"]
        secrets.put_secret_value(SecretId=SECRET, SecretString="new")
    with start() as world:
        again = world.client("secretsmanager").get_secret_value(SecretId=SECRET)
        assert again["SecretString"] == "new"


def test_the_file_is_whole_after_every_answer(start: Any, tmp_path: Path) -> None:
    with start() as world:
        world.client("s3").put_object(Bucket=PICTURES, Key="a", Body=b"x")
        copy = tmp_path / "copy"
        copy.mkdir()
        for part in tmp_path.glob("state.sqlite*"):
            (copy / part.name).write_bytes(part.read_bytes())  # what a killed process leaves
        with closing(MotoStateFile(copy / "state.sqlite", world.account, STACK)) as state:
            world.account.empty(PICTURES)
            state.restore()
            assert list(world.account.names(PICTURES)) == ["a"]


def test_a_seeded_state_says_so(start: Any) -> None:
    with start() as world:
        assert not world.state.seeded
        world.state.mark_seeded()
    with start() as world:
        assert world.state.seeded


def test_operations_are_counted(start: Any) -> None:
    with start() as world:
        s3, table = world.client("s3"), world.client("dynamodb")
        s3.put_object(Bucket=PICTURES, Key="a", Body=b"x")
        s3.get_object(Bucket=PICTURES, Key="a")
        table.put_item(TableName=TABLE, Item=item("a"))
        counts = world.counters.snapshot()
        assert counts == {"s3.put": 1, "s3.get": 1, "dynamodb.PutItem": 1}


def test_an_invalidation_reaches_the_cdn(start: Any) -> None:
    with start() as world:
        paths = {"Quantity": 2, "Items": ["/images/a.png", "/renders/1/a&b/*"]}
        answer = world.client("cloudfront").create_invalidation(
            DistributionId="Distribution",
            InvalidationBatch={"Paths": paths, "CallerReference": "1"},
        )
        assert answer["Invalidation"]["InvalidationBatch"]["Paths"]["Quantity"] == 2
        assert world.forgotten == ["/images/a.png", "/renders/1/a&b/*"]


def test_a_missing_key_is_a_403_to_the_cdn(start: Any) -> None:
    with start() as world:
        fetch = bucket_origin(world.account, world.recorder, PICTURES)
        for method in ("GET", "HEAD"):
            assert fetch(Request(method, "/renders/1/a.png")).status == 403


def test_the_cdn_gets_an_objects_headers_and_may_ask_whether_it_changed(start: Any) -> None:
    with start() as world:
        world.client("s3").put_object(
            Bucket=PICTURES,
            Key="a.png",
            Body=b"x",
            ContentType="image/png",
            CacheControl="max-age=9",
        )
        fetch = bucket_origin(world.account, world.recorder, PICTURES)
        answer = fetch(Request("GET", "/a.png"))
        assert (answer.status, answer.body) == (200, b"x")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "max-age=9"
        etag = answer.headers["etag"]
        again = fetch(Request("GET", "/a.png", "", {"if-none-match": etag}))
        assert again.status == 304
        head = fetch(Request("HEAD", "/a.png"))
        assert (head.headers["content-length"], head.body) == ("1", b"")
