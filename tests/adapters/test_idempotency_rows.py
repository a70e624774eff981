"""Rows of idempotency keys in the table: keys are hashed, and rows of 0.1 are still read."""

import pytest

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.idempotency import DynamoIdempotencyStore
from postcard.adapters.aws.table import compress
from postcard.errors import Conflict, IdempotencyMismatch
from postcard.settings import Settings
from tests.adapters.test_attribute_names import create_table
from tests.clocks import PATIENCE_SECONDS

NOW = 1_795_341_600.25


def test_an_idempotency_key_is_stored_as_a_hash_only(settings: Settings) -> None:
    table = create_table(settings)
    store = DynamoIdempotencyStore(table)
    name = "key_1#/v1/assets#invoice for zoe@example.com"
    assert store.begin(name, "digest", now=NOW) is None
    store.finish(name, "answer", now=NOW)
    assert store.begin(name, "digest", now=NOW) == "answer"
    items = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS).scan(
        TableName=settings.table
    )["Items"]
    assert len(items) == 1
    assert "zoe" not in str(items) and "key_1" not in str(items)


def test_a_response_that_0_1_stored_under_the_key_itself_is_repeated(settings: Settings) -> None:
    table = create_table(settings)
    store = DynamoIdempotencyStore(table)
    row = {"body_digest": "digest", "working_until": int(NOW) + 60, "expires": int(NOW) + 9}
    table.put("idempotency#k", "answer", row | {"answer": compress("answer")})
    assert store.begin("k", "digest", now=NOW) == "answer"
    with pytest.raises(IdempotencyMismatch):
        store.begin("k", "other", now=NOW)
    assert store.begin("k", "other", now=NOW + 9) is None
    table.put("idempotency#working", "answer", row)
    with pytest.raises(Conflict):
        store.begin("working", "digest", now=NOW)
