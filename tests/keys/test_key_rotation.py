"""The life of a signing key, in the secret and at the edge."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from postcard.adapters.memory import MemoryEdgeStore, MemorySecretStore
from postcard.errors import Conflict, Forbidden, NotFound, ServiceUnavailable
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import EDGE_ENTRY_NAME, MAX_EDGE_ENTRY_LENGTH, KeySet
from postcard.links.build import sign_link
from postcard.links.parse import Link, parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_signature

NOW = 1_795_341_600.0


class SlowEdge(MemoryEdgeStore):
    """Shows a write after `after` reads; None: never."""

    def __init__(self, after: int | None) -> None:
        super().__init__()
        self.after = after
        self._pending: tuple[str, str] | None = None
        self._reads = 0

    def read(self, name: str) -> str | None:
        self._reads += 1
        if self._pending and self.after is not None and self._reads > self.after:
            super().write(*self._pending)
            self._pending = None
        return super().read(name)

    def write(self, name: str, text: str) -> None:
        self._pending, self._reads = (name, text), 0


def key_rotation(secrets: MemorySecretStore, edge: MemoryEdgeStore) -> KeyRotation:
    return KeyRotation(secrets, edge, sleep=lambda _: None)


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore('{"origin":"made by the stack"}')


@pytest.fixture
def edge() -> MemoryEdgeStore:
    return MemoryEdgeStore()


@pytest.fixture
def rotation(secrets: MemorySecretStore, edge: MemoryEdgeStore) -> KeyRotation:
    rotation = key_rotation(secrets, edge)
    rotation.initialize(now=NOW)
    return rotation


def at_edge(edge: MemoryEdgeStore) -> dict[str, str]:
    signing: dict[str, str] = json.loads(edge.read(EDGE_ENTRY_NAME) or "{}")["signing"]
    return signing


def minted_link(keys: LinkKeys) -> Link:
    url = sign_link(keys, template="welcome", format="png", fields={}, version=1)
    return parse_link(*url.partition("?")[::2])


def test_initialize_creates_the_missing_keys_and_keeps_the_others(
    rotation: KeyRotation, edge: MemoryEdgeStore
) -> None:
    keys = rotation.read()
    assert keys.origin == "made by the stack"
    assert (keys.active_kid, keys.epoch) == ("k1", 1)
    created = [keys.address, keys.images, keys.id, keys.webhooks, keys.signing["k1"].key]
    assert len(set(created)) == 5
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in created)
    assert at_edge(edge) == {"k1": keys.signing["k1"].key}


def test_a_second_initialize_changes_nothing(rotation: KeyRotation) -> None:
    before = rotation.read()
    assert rotation.initialize(now=NOW + 5) == before


def test_a_secret_of_an_earlier_version_gets_the_key_of_webhooks(
    rotation: KeyRotation, secrets: MemorySecretStore, edge: MemoryEdgeStore
) -> None:
    stored = json.loads(secrets.read())
    del stored["webhooks"]
    secrets.write(json.dumps(stored), instead_of=secrets.read())
    before, entry = rotation.read(), edge.read(EDGE_ENTRY_NAME)
    assert before.is_complete, "links are signed and verified without it"
    after = rotation.initialize(now=NOW + 5)
    assert len(after.webhooks) == 64
    assert replace(after, webhooks="") == before
    assert edge.read(EDGE_ENTRY_NAME) == entry


def test_what_a_later_version_added_to_the_secret_is_kept(
    rotation: KeyRotation, secrets: MemorySecretStore
) -> None:
    later = json.dumps({**json.loads(secrets.read()), "later": "e" * 64})
    secrets.write(later, instead_of=secrets.read())
    rotation.rotate(now=NOW)
    assert json.loads(secrets.read())["later"] == "e" * 64


def test_the_edge_entry_has_the_fields_of_the_contract(
    rotation: KeyRotation, edge: MemoryEdgeStore
) -> None:
    keys, entry = rotation.read(), edge.read(EDGE_ENTRY_NAME)
    assert entry is not None
    assert list(json.loads(entry)) == ["epoch", "signing", "address", "images"]
    assert json.loads(entry)["address"] == keys.address
    assert keys.id not in entry
    assert keys.origin not in entry


def test_a_created_key_is_at_the_edge_and_mints_nothing_yet(
    rotation: KeyRotation, edge: MemoryEdgeStore
) -> None:
    kid = rotation.create(now=NOW)
    assert kid in at_edge(edge)
    assert rotation.read().signing[kid].state == "pending"
    assert rotation.read().active_kid == "k1"


def test_a_rotated_key_mints_and_the_old_one_goes_on_verifying(rotation: KeyRotation) -> None:
    old = minted_link(rotation.read().link_keys())
    kid = rotation.rotate(now=NOW)
    keys = rotation.read().link_keys()
    assert minted_link(keys).kid == kid == "k2"
    verify_signature(keys, old)
    assert rotation.read().signing["k1"].state == "verifying"


def test_rotate_takes_the_pending_key(rotation: KeyRotation) -> None:
    assert rotation.create(now=NOW) == rotation.rotate(now=NOW)
    assert len(rotation.read().signing) == 2


def test_a_key_that_the_edge_does_not_have_mints_nothing(secrets: MemorySecretStore) -> None:
    edge = SlowEdge(after=3)
    rotation = key_rotation(secrets, edge)
    rotation.initialize(now=NOW)
    edge.after = None
    with pytest.raises(ServiceUnavailable):
        rotation.rotate(now=NOW)
    assert rotation.read().active_kid == "k1"
    assert rotation.read().signing["k2"].state == "pending"
    edge.after = 2
    assert rotation.rotate(now=NOW) == "k2"
    assert rotation.read().active_kid == "k2"


def test_links_of_a_revoked_key_are_forbidden_and_its_id_is_not_used_again(
    rotation: KeyRotation, edge: MemoryEdgeStore
) -> None:
    old = minted_link(rotation.read().link_keys())
    rotation.rotate(now=NOW)
    rotation.revoke("k1")
    with pytest.raises(Forbidden):
        verify_signature(rotation.read().link_keys(), old)
    assert set(at_edge(edge)) == {"k2"}
    pending = rotation.create(now=NOW)
    rotation.revoke(pending)
    assert (pending, rotation.create(now=NOW)) == ("k3", "k4")


def test_a_retired_key_never_mints(rotation: KeyRotation) -> None:
    kid = rotation.create(now=NOW)
    rotation.retire(kid)
    assert rotation.read().signing[kid].state == "verifying"
    assert rotation.rotate(now=NOW) != kid


@pytest.mark.parametrize("end", [KeyRotation.retire, KeyRotation.revoke])
def test_the_key_that_mints_cannot_be_retired_or_revoked(
    rotation: KeyRotation, end: Callable[[KeyRotation, str], None]
) -> None:
    with pytest.raises(Conflict, match="rotate first"):
        end(rotation, "k1")
    with pytest.raises(NotFound):
        end(rotation, "k9")


def test_there_are_at_most_ten_signing_keys_and_they_fit_into_the_edge_entry(
    rotation: KeyRotation, edge: MemoryEdgeStore
) -> None:
    rotation.raise_epoch()
    for _ in range(9):
        rotation.rotate(now=NOW)
    entry = edge.read(EDGE_ENTRY_NAME)
    assert entry is not None
    assert len(json.loads(entry)["signing"]) == 10
    assert len(entry) <= MAX_EDGE_ENTRY_LENGTH
    with pytest.raises(Conflict, match="ten"):
        rotation.create(now=NOW)


def test_sync_restores_a_lost_edge_entry(rotation: KeyRotation, edge: MemoryEdgeStore) -> None:
    before = edge.read(EDGE_ENTRY_NAME)
    edge.write(EDGE_ENTRY_NAME, "{}")
    rotation.sync()
    assert edge.read(EDGE_ENTRY_NAME) == before


def test_raising_the_epoch_reaches_the_edge(rotation: KeyRotation, edge: MemoryEdgeStore) -> None:
    assert rotation.raise_epoch() == 2
    assert json.loads(edge.read(EDGE_ENTRY_NAME) or "")["epoch"] == 2
    assert rotation.read().link_keys().epoch == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"signing": {"k1": 5}}', '{"signing": 1}', '"x"'])
def test_a_broken_secret_is_unavailable(text: str) -> None:
    with pytest.raises(ServiceUnavailable):
        KeySet.from_json(text)


class BusySecrets(MemorySecretStore):
    """A secret that `meanwhile` changes after the next read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.meanwhile: Callable[[], object] | None = None

    def read(self) -> str:
        text = super().read()
        if (change := self.meanwhile) is not None:
            self.meanwhile = None
            change()
        return text


CHANGES: list[Callable[[KeyRotation], object]] = [
    lambda rotation: rotation.create(now=NOW),
    lambda rotation: rotation.revoke("k1"),
    lambda rotation: rotation.retire("k3"),
    lambda rotation: rotation.raise_epoch(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_of_two_concurrent_changes_one_is_a_conflict_and_none_is_lost(
    secrets: MemorySecretStore, edge: MemoryEdgeStore, change: Callable[[KeyRotation], object]
) -> None:
    busy = BusySecrets(secrets.read())
    rotation = key_rotation(busy, edge)
    rotation.initialize(now=NOW)
    rotation.rotate(now=NOW)
    rotation.create(now=NOW)
    busy.meanwhile = lambda: rotation.create(now=NOW)
    with pytest.raises(Conflict, match="same moment"):
        change(rotation)
    assert list(rotation.read().signing) == ["k1", "k2", "k3", "k4"]
    assert list(at_edge(edge)) == ["k1", "k2", "k3", "k4"]
    change(rotation)


class LateEdge(MemoryEdgeStore):
    """An edge whose next write is delayed: `meanwhile` happens before it."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None
        self.down = False

    def write(self, name: str, text: str) -> None:
        if (change := self.meanwhile) is not None:
            self.meanwhile = None
            change()
        if self.down:
            raise ServiceUnavailable("The edge is down.")
        super().write(name, text)


def test_a_key_revoked_during_another_change_is_removed_from_the_edge(
    secrets: MemorySecretStore,
) -> None:
    edge = LateEdge()
    rotation = key_rotation(secrets, edge)
    rotation.initialize(now=NOW)
    rotation.rotate(now=NOW)
    edge.meanwhile = lambda: rotation.revoke("k1")
    rotation.create(now=NOW)
    assert list(at_edge(edge)) == ["k2", "k3"]


def test_an_error_of_the_edge_names_the_command_that_finishes_the_change(
    secrets: MemorySecretStore,
) -> None:
    edge = LateEdge()
    rotation = key_rotation(secrets, edge)
    rotation.initialize(now=NOW)
    rotation.rotate(now=NOW)
    edge.down = True
    with pytest.raises(ServiceUnavailable, match="run `postcard signing-keys sync`"):
        rotation.revoke("k1")
    assert list(rotation.read().signing) == ["k2"]
    edge.down = False
    rotation.sync()
    assert list(at_edge(edge)) == ["k2"]


class KeyRotationMachine(RuleBasedStateMachine):
    """After any sequence of calls, one key mints and the edge has it."""

    def __init__(self) -> None:
        super().__init__()
        self.edge = MemoryEdgeStore()
        self.rotation = key_rotation(MemorySecretStore(), self.edge)
        self.rotation.initialize(now=NOW)

    def _has_fewer_than_ten_keys(self) -> bool:
        return len(self.rotation.read().signing) < 10

    @precondition(_has_fewer_than_ten_keys)
    @rule()
    def create(self) -> None:
        self.rotation.create(now=NOW)

    @precondition(_has_fewer_than_ten_keys)
    @rule()
    def rotate(self) -> None:
        self.rotation.rotate(now=NOW)

    @rule(index=st.integers(0, 9), end=st.sampled_from(["retire", "revoke"]))
    def end(self, index: int, end: str) -> None:
        kids = list(self.rotation.read().signing)
        kid = kids[index % len(kids)]
        if kid != self.rotation.read().active_kid:
            getattr(self.rotation, end)(kid)

    @invariant()
    def one_mints_and_the_edge_verifies_it(self) -> None:
        keys = self.rotation.read()
        assert [key.state for key in keys.signing.values()].count("minting") == 1
        assert at_edge(self.edge) == {kid: key.key for kid, key in keys.signing.items()}
        assert len(keys.edge_entry()) <= MAX_EDGE_ENTRY_LENGTH
        verify_signature(keys.link_keys(), minted_link(keys.link_keys()))


TestKeyRotationMachine = KeyRotationMachine.TestCase
TestKeyRotationMachine.settings = settings(max_examples=40, stateful_step_count=15)
