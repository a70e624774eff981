"""Of two concurrent changes of the keys one is made and the other is a conflict."""

import json

import pytest

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.secrets import SecretsManagerStore
from postcard.adapters.memory import MemoryEdgeStore
from postcard.errors import Conflict
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import EDGE_ENTRY_NAME
from postcard.settings import Settings
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import PortImplementations

NOW = 1_795_341_600.0


def test_a_write_instead_of_another_text_than_the_stored_one_is_a_conflict(
    adapters: PortImplementations,
) -> None:
    adapters.secrets.write("first", instead_of="")
    for outdated in ("", "another"):
        with pytest.raises(Conflict, match="look at them and repeat"):
            adapters.secrets.write("lost", instead_of=outdated)
    assert adapters.secrets.read() == "first"


def test_an_earlier_text_can_be_written_again(adapters: PortImplementations) -> None:
    for before, text in (("", "a"), ("a", "b"), ("b", "a"), ("a", "b")):
        adapters.secrets.write(text, instead_of=before)
    assert adapters.secrets.read() == "b"


def test_of_concurrent_writes_one_succeeds(adapters: PortImplementations) -> None:
    adapters.secrets.write("read", instead_of="")
    results = run_concurrently(lambda n: adapters.secrets.write(f"by {n}", instead_of="read"), 16)
    assert results.count(None) == 1
    assert adapters.secrets.read() == f"by {results.index(None)}"


def test_of_concurrent_first_writes_one_succeeds(adapters: PortImplementations) -> None:
    results = run_concurrently(lambda n: adapters.secrets.write(f"by {n}", instead_of=""), 8)
    assert results.count(None) == 1


class OvertakenSecrets(SecretsManagerStore):
    """A secret that somebody else writes between our read of its version and our write."""

    other_text = ""

    def _put(self, text: str, token: str) -> None:
        if self.other_text:
            super()._put(self.other_text, token)
        super()._put(text, token)


def test_a_write_between_our_read_and_our_write_is_a_conflict(settings: Settings) -> None:
    secrets = OvertakenSecrets(boto_client("secretsmanager", settings), settings.secret_id)
    secrets.write("first", instead_of="")
    secrets.other_text = "theirs"
    with pytest.raises(Conflict):
        secrets.write("ours", instead_of="first")
    assert secrets.read() == "theirs"


def test_every_key_that_concurrent_calls_returned_exists(adapters: PortImplementations) -> None:
    edge = MemoryEdgeStore()
    KeyRotation(adapters.secrets, edge).initialize(now=NOW)

    def create(_: int) -> str:
        return KeyRotation(adapters.secrets, edge, sleep=lambda _: None).create(now=NOW)

    created = [kid for kid in run_concurrently(create, 8) if isinstance(kid, str)]
    keys = KeyRotation(adapters.secrets, edge).sync()
    assert created and len(set(created)) == len(created)
    assert set(keys.signing) == {"k1", *created}
    assert set(json.loads(edge.read(EDGE_ENTRY_NAME) or "")["signing"]) == set(keys.signing)
