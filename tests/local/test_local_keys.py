"""Keys of the local service: created once, and never replaced without a word."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from local.aws.moto_state import StateDamaged
from local.local_keys import LocalKeys
from local.service_adapters import ProductionAdapters
from postcard.adapters.file_edge_store import FileEdgeStore
from postcard.adapters.memory import MemoryApiKeyStore, MemorySecretStore
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation


class MemoryAdapters:
    """The stores behind the keys; the edge store is a folder, as in the service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.empty()

    def empty(self) -> None:
        """Lose everything that `state.sqlite` holds."""
        self.secret_store = MemorySecretStore()
        self.api_key_store = MemoryApiKeyStore()

    def secrets(self) -> MemorySecretStore:
        return self.secret_store

    def edge_store(self) -> FileEdgeStore:
        return FileEdgeStore(self._folder / "edge")

    def api_keys(self) -> MemoryApiKeyStore:
        return self.api_key_store


@pytest.fixture
def adapters(tmp_path: Path) -> MemoryAdapters:
    return MemoryAdapters(tmp_path)


@pytest.fixture
def start(adapters: MemoryAdapters, tmp_path: Path) -> Callable[[], dict[str, str]]:
    def run() -> dict[str, str]:
        """A start of the service as far as its keys go; returns the content of local.json."""
        keys = LocalKeys(cast(ProductionAdapters, adapters), tmp_path)
        keys.create_missing()
        return keys.write_local_json("http://127.0.0.1:8080")

    return run


Start = Callable[[], dict[str, str]]


def test_another_start_has_the_same_keys(start: Start) -> None:
    assert start() == start()


@pytest.mark.parametrize("lost", ["", "local.json", "edge/postcard"])
def test_an_emptied_state_is_not_given_new_keys(
    start: Start, adapters: MemoryAdapters, tmp_path: Path, lost: str
) -> None:
    start()
    adapters.empty()
    if lost:
        (tmp_path / lost).unlink()
    with pytest.raises(StateDamaged, match="does not have the signing keys that it had"):
        start()
    assert adapters.secret_store.read() == MemorySecretStore().read()


def test_a_damaged_secret_is_not_given_new_keys(start: Start, adapters: MemoryAdapters) -> None:
    start()
    adapters.secret_store.write("garbled", instead_of=adapters.secret_store.read())
    with pytest.raises(StateDamaged, match="are damaged"):
        start()
    assert adapters.secret_store.read() == "garbled"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '"x"', b"\xff"])
def test_a_damaged_local_json_is_not_given_a_new_api_key(
    start: Start, tmp_path: Path, text: str | bytes
) -> None:
    start()
    damaged = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "local.json").write_bytes(damaged)
    with pytest.raises(StateDamaged, match="delete it: the next start writes it again"):
        start()
    assert (tmp_path / "local.json").read_bytes() == damaged


def test_a_deleted_local_json_is_written_again_with_a_new_api_key(
    start: Start, tmp_path: Path
) -> None:
    before = start()
    (tmp_path / "local.json").unlink()
    after = start()
    assert after.pop("api_key") != before.pop("api_key")
    assert after == before


def test_a_local_json_of_another_state_is_an_error(start: Start, adapters: MemoryAdapters) -> None:
    start()
    adapters.api_key_store = MemoryApiKeyStore()
    with pytest.raises(StateDamaged, match="does not have the API key"):
        start()


def test_a_revoked_api_key_is_replaced(start: Start, adapters: MemoryAdapters) -> None:
    before = start()
    service = ApiKeyService(adapters.api_key_store)
    (record,) = service.list()
    service.revoke(record.key_id, now=0)
    assert start()["api_key"] != before["api_key"]


def test_a_first_start_that_was_killed_is_continued(start: Start, adapters: MemoryAdapters) -> None:
    rotation = KeyRotation(adapters.secret_store, adapters.edge_store())
    assert rotation.create(now=0) == "k1"  # at the edge, but not yet signing
    assert start()["signing_key_id"] == "k1"


def test_damaged_edge_files_are_written_again(start: Start, tmp_path: Path) -> None:
    before = start()
    entry = (tmp_path / "edge/postcard").read_text()
    (tmp_path / "edge/postcard").write_text("")
    assert start() == before
    assert json.loads((tmp_path / "edge/postcard").read_text()) == json.loads(entry)
