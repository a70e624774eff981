"""Two changes of the keys at one instant: one is made, the other is told, none is lost."""

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


def test_who_did_not_read_the_last_change_is_refused(world: PortImplementations) -> None:
    world.secrets.write("first", instead_of="")
    for seen in ("", "another"):
        with pytest.raises(Conflict, match="look at them and repeat"):
            world.secrets.write("lost", instead_of=seen)
    assert world.secrets.read() == "first"


def test_a_text_that_was_there_before_can_be_put_again(world: PortImplementations) -> None:
    for before, text in (("", "a"), ("a", "b"), ("b", "a"), ("a", "b")):
        world.secrets.write(text, instead_of=before)
    assert world.secrets.read() == "b"


def test_of_many_who_change_what_they_read_one_does(world: PortImplementations) -> None:
    world.secrets.write("read", instead_of="")
    done = run_concurrently(lambda n: world.secrets.write(f"by {n}", instead_of="read"), 16)
    assert done.count(None) == 1
    assert world.secrets.read() == f"by {done.index(None)}"


def test_of_many_who_make_the_first_text_one_does(world: PortImplementations) -> None:
    done = run_concurrently(lambda n: world.secrets.write(f"by {n}", instead_of=""), 8)
    assert done.count(None) == 1


class Rival(SecretsManagerStore):
    """A secret that somebody else writes to between our look at its version and our write."""

    text = ""

    def _put(self, text: str, token: str) -> None:
        if self.text:
            super()._put(self.text, token)
        super()._put(text, token)


def test_a_write_between_the_look_and_ours_is_seen(settings: Settings) -> None:
    rival = Rival(boto_client("secretsmanager", settings), settings.secret_id)
    rival.write("first", instead_of="")
    rival.text = "theirs"
    with pytest.raises(Conflict):
        rival.write("ours", instead_of="first")
    assert rival.read() == "theirs"


def test_of_keys_made_at_once_all_that_were_told_are_there(world: PortImplementations) -> None:
    edge = MemoryEdgeStore()
    KeyRotation(world.secrets, edge).initialize(now=NOW)

    def create(_: int) -> str:
        return KeyRotation(world.secrets, edge, sleep=lambda _: None).create(now=NOW)

    told = [kid for kid in run_concurrently(create, 8) if isinstance(kid, str)]
    keys = KeyRotation(world.secrets, edge).sync()
    assert told and len(set(told)) == len(told)
    assert set(keys.signing) == {"k1", *told}
    assert set(json.loads(edge.read(EDGE_ENTRY_NAME) or "")["signing"]) == set(keys.signing)
