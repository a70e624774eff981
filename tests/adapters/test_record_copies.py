"""A template's record has copies, so that a send does not read one item too often."""

from dataclasses import replace
from typing import Any

import pytest

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.templates import RECORD_COPIES, DynamoTemplateStore
from postcard.errors import Conflict
from postcard.ports import TemplateRecord, TemplateVersion
from postcard.settings import Settings
from tests.adapters.conftest import make_table
from tests.clocks import PATIENCE_SECONDS

RECORD = TemplateRecord("welcome", "Welcome", 1, 1_795_000_000)
VERSION = TemplateVersion("welcome", 1, "{}", 1_795_000_000)


class RecordingClient:
    """A DynamoDB client that keeps the arguments of its reads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.reads: list[tuple[str, bool]] = []

    def get_item(self, **arguments: Any) -> Any:
        self.reads.append((arguments["Key"]["pk"]["S"], arguments["ConsistentRead"]))
        return self._client.get_item(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_every_copy_of_a_record_is_written_together_and_read_in_turn(settings: Settings) -> None:
    client = RecordingClient(boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS))
    make_table(client, settings.table)
    copies = iter(range(RECORD_COPIES))
    templates = DynamoTemplateStore(
        Table(client, settings.table), choose_copy=lambda _: next(copies)
    )
    templates.publish(RECORD, VERSION)
    paused = replace(RECORD, paused=True, revision=2)
    templates.update(paused)
    with pytest.raises(Conflict):
        templates.update(replace(RECORD, name="late", revision=2))
    read = [templates.record("welcome", consistent=each % 2 == 0) for each in range(RECORD_COPIES)]
    assert read == [paused] * RECORD_COPIES
    assert client.reads == [
        (f"record#welcome#{copy}", copy % 2 == 0) for copy in range(RECORD_COPIES)
    ]
    assert templates.list(limit=5, cursor=None).items == [paused]


def test_a_record_that_version_0_1_wrote_is_read_and_gets_its_copies(settings: Settings) -> None:
    client = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(client, settings.table)
    table = Table(client, settings.table)
    templates = DynamoTemplateStore(table)
    templates.publish(RECORD, VERSION)
    for copy in range(RECORD_COPIES):
        table.delete(f"record#welcome#{copy}", "record")
    assert templates.record("welcome", consistent=False) == RECORD
    templates.update(replace(RECORD, revision=2))
    assert all(table.get(f"record#welcome#{copy}", "record") for copy in range(RECORD_COPIES))
    assert templates.record("nowhere") is None
