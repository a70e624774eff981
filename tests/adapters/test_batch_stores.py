"""The contract of the stores of batches, in memory and with boto3."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from postcard import ports
from postcard.adapters import memory
from postcard.adapters.aws.batches import DynamoBatchStore
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.files import S3FileStore
from postcard.adapters.aws.table import Table
from postcard.errors import Conflict, Problem
from postcard.ports import MIN_PART_BYTES, BatchRecord, FileChanged, FileHead
from postcard.settings import Settings
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import make_table
from tests.clocks import PATIENCE_SECONDS

TEXT, OTHER = b"name,city\r\nZo\xc3\xab,Oslo\r\n", b"other"
RECORD = BatchRecord(
    batch_id="bat_1",
    key_digest="ab" * 32,
    settings={"template_id": "welcome", "columns": {"user_name": 2, "x": None}, "rate": 100},
    status="waiting",
    created_at=1_795_000_000,
    expires_at=1_795_604_800,
    template_ids=("welcome",),
)


@dataclass
class Stores:
    """An implementation of each port."""

    files: ports.FileStore
    batches: ports.BatchStore


@pytest.fixture(params=["memory", "boto3"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each implementation in turn."""
    if request.param == "memory":
        yield Stores(memory.MemoryFileStore(), memory.MemoryBatchStore())
        return
    settings = request.getfixturevalue("settings")
    s3: Any = boto_client("s3", settings, seconds=PATIENCE_SECONDS)
    dynamodb: Any = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    s3.create_bucket(Bucket=settings.store_bucket)
    make_table(dynamodb, settings.table)
    yield Stores(
        S3FileStore(s3, settings.store_bucket), DynamoBatchStore(Table(dynamodb, settings.table))
    )


def test_a_file_is_read_in_ranges_as_long_as_it_is_the_same_one(stores: Stores) -> None:
    files = stores.files
    files.write("b/1/upload", TEXT, "text/csv")
    head = files.head("b/1/upload")
    etag = f'"{hashlib.md5(TEXT).hexdigest()}"'
    assert head == FileHead("b/1/upload", len(TEXT), etag)
    assert files.read("b/1/upload", 0, 9) == TEXT[:9]
    assert files.read("b/1/upload", 9, 10**6, etag=etag) == TEXT[9:]
    assert files.read("b/1/upload", len(TEXT), 10) == b""
    assert files.read("b/1/upload", 3, 0) == b""
    files.write("b/1/upload", OTHER, "text/csv")
    with pytest.raises(FileChanged):
        files.read("b/1/upload", 0, 9, etag=etag)


def test_a_file_that_is_not_there_is_none_or_changed(stores: Stores) -> None:
    assert stores.files.head("b/1/upload") is None
    with pytest.raises(FileChanged):
        stores.files.read("b/1/upload", 0, 1)
    with pytest.raises(FileChanged):
        stores.files.read("b/1/upload", 0, 1, etag='"x"')


def test_of_two_writers_one_writes_a_part(stores: Stores) -> None:
    def write(_: int) -> bool:
        return stores.files.write_if_absent("p/000001", TEXT, "text/csv")

    assert run_concurrently(write, 3).count(True) == 1
    assert not stores.files.write_if_absent("p/000001", OTHER, "text/csv")
    head = stores.files.head("p/000001")
    assert head is not None and head.size == len(TEXT)


def test_files_are_listed_with_their_sizes_and_deleted(stores: Stores) -> None:
    for key in ("b/2", "a/1", "b/1"):
        stores.files.write(key, key.encode(), "text/csv")
    assert [(each.key, each.size) for each in stores.files.list("b/")] == [("b/1", 3), ("b/2", 3)]
    stores.files.delete(["b/1", "b/9", "b/2"])
    stores.files.delete([])
    assert [each.key for each in stores.files.list("")] == ["a/1"]


def test_a_file_is_joined_from_uploaded_and_copied_parts(stores: Stores) -> None:
    files = stores.files
    large = bytes(MIN_PART_BYTES)
    files.write("parts/1", large, "text/csv")
    files.write("result", OTHER, "text/csv")
    upload = files.begin_upload("result", "text/csv")
    copied = files.copy_part("result", upload, 1, "parts/1")
    uploaded = files.upload_part("result", upload, 2, b"replaced")
    uploaded = files.upload_part("result", upload, 2, TEXT)
    assert files.read("result", 0, 99) == OTHER
    files.complete_upload("result", upload, [copied, uploaded])
    head = files.head("result")
    assert head is not None and head.size == len(large) + len(TEXT)
    assert files.read("result", len(large) - 1, 100) == b"\0" + TEXT


def test_a_small_part_before_the_last_is_refused(stores: Stores) -> None:
    upload = stores.files.begin_upload("result", "text/csv")
    etags = [stores.files.upload_part("result", upload, number, TEXT) for number in (1, 2)]
    with pytest.raises(Problem):
        stores.files.complete_upload("result", upload, etags)
    assert stores.files.head("result") is None


def test_an_aborted_upload_is_gone(stores: Stores) -> None:
    upload = stores.files.begin_upload("result", "text/csv")
    stores.files.upload_part("result", upload, 1, TEXT)
    with pytest.raises(FileChanged):
        stores.files.copy_part("result", upload, 2, "nothing")
    stores.files.abort_upload("result", upload)
    stores.files.abort_upload("result", upload)
    stores.files.write("part", TEXT, "text/csv")
    with pytest.raises(Problem):  # moto answers 500 in place of S3's NoSuchUpload
        stores.files.upload_part("result", upload, 2, TEXT)
    with pytest.raises(Problem):
        stores.files.copy_part("result", upload, 2, "part")


def test_an_upload_that_is_completed_twice_is_there_once(stores: Stores) -> None:
    upload = stores.files.begin_upload("result", "text/csv")
    etags = [stores.files.upload_part("result", upload, 1, TEXT)]
    stores.files.complete_upload("result", upload, etags)
    with suppress(Conflict):
        stores.files.complete_upload("result", upload, etags)
    assert stores.files.read("result", 0, 99) == TEXT


def test_a_download_address_names_the_file_to_save(stores: Stores) -> None:
    stores.files.write("b/1/result", TEXT, "text/csv")
    url = stores.files.download_url("b/1/result", filename="people.csv", expires_in=900)
    assert "b/1/result" in url and "people.csv" in url


def test_a_batch_is_stored_once(stores: Stores) -> None:
    batches = stores.batches
    assert batches.get("bat_1") is None
    batches.create(RECORD)
    assert batches.get("bat_1") == RECORD
    with pytest.raises(Conflict):
        batches.create(replace(RECORD, status="running"))
    assert batches.get("bat_1") == RECORD
    batches.delete("bat_1")
    batches.delete("bat_1")
    assert batches.get("bat_1") is None
    assert batches.list(RECORD.key_digest, limit=5, cursor=None) == ports.Page([])


def test_a_batch_changes_only_from_an_expected_status(stores: Stores) -> None:
    batches = stores.batches
    batches.create(RECORD)
    changes: dict[str, Any] = {
        "status": "running",
        "attempt": 1,
        "total": 3,
        "execution": "arn:1",
        "summary": {"mapping": {"user_name": None}, "unmapped": [1]},
        "expires_at": RECORD.expires_at + 1,
    }
    assert not batches.update("bat_1", changes, status_is=("completed", "failed"))
    assert not batches.update("bat_2", changes, status_is=("waiting",))
    assert batches.update("bat_1", changes, status_is=("waiting", "running"))
    running = replace(RECORD, **changes)
    assert batches.get("bat_1") == running
    ended: dict[str, Any] = {"error": {"code": "no_rows", "line": None}, "execution": None}
    assert batches.update("bat_1", ended, status_is=("running",))
    assert batches.get("bat_1") == replace(running, **ended)
    assert batches.get("bat_2") is None


def test_a_batch_that_is_not_started_is_removed_after_a_day(settings: Settings) -> None:
    dynamodb: Any = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(dynamodb, settings.table)
    table = Table(dynamodb, settings.table)
    batches = DynamoBatchStore(table)

    def removed_at() -> int:
        row = table.get("batch#bat_1", "record")
        assert row is not None
        return int(row["ttl"])

    batches.create(RECORD)
    assert removed_at() == RECORD.created_at + 86_400
    changes = {"status": "running", "expires_at": RECORD.expires_at}
    assert batches.update("bat_1", changes, status_is=("waiting",))
    assert removed_at() == RECORD.expires_at + 86_400  # until then it says that it expired


def test_counts_are_added_atomically_and_only_to_a_batch_of_that_status(stores: Stores) -> None:
    stores.batches.create(RECORD)

    def add(batch_id: str, *status_is: str) -> bool:
        return stores.batches.add_counts(
            batch_id, ok=3, defaults=1, failed=0, cost=7, status_is=status_is
        )

    run_concurrently(lambda _: add("bat_1", "waiting", "running"), 4)
    assert not add("bat_1", "running")
    assert stores.batches.get("bat_1") == replace(RECORD, ok=12, defaults=4, cost=28)
    assert not add("bat_2", "waiting")
    assert stores.batches.get("bat_2") is None


def test_batches_are_listed_newest_first_by_key(stores: Stores) -> None:
    def batch(number: int, **changes: Any) -> BatchRecord:
        return replace(RECORD, batch_id=f"bat_{number}", created_at=number, **changes)

    for number in (1, 3, 2):
        stores.batches.create(batch(number))
    stores.batches.create(batch(4, key_digest="cd" * 32))
    first = stores.batches.list(RECORD.key_digest, limit=2, cursor=None)
    assert list(first.items) == [batch(3), batch(2)]
    second = stores.batches.list(RECORD.key_digest, limit=2, cursor=first.next_cursor)
    assert (list(second.items), second.next_cursor) == ([batch(1)], None)


def test_of_two_changes_to_the_active_batches_one_wins(stores: Stores) -> None:
    batches = stores.batches
    assert list(batches.active("k")) == []
    assert batches.set_active("k", ["bat_1"], instead_of=[])
    assert not batches.set_active("k", ["bat_2"], instead_of=[])
    assert list(batches.active("k")) == ["bat_1"]
    assert batches.set_active("k", [], instead_of=["bat_1"])
    assert batches.set_active("k", ["bat_2"], instead_of=[])
    assert list(batches.active("k")) == ["bat_2"]
