"""A signing key's life, from the edge's point of view."""

import json
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from postcard.adapters.memory import MemoryEdgeStore, MemorySecretStore
from postcard.errors import Conflict, Forbidden, NotFound, ServiceUnavailable
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import EDGE_ENTRY_NAME, MAX_EDGE_ENTRY_LENGTH, KeySet
from postcard.links import build as link_minting
from postcard.links import verify as links
from postcard.links.signing import LinkKeys

NOW = 1_795_341_600.0


class SlowEdge(MemoryEdgeStore):
    """Shows a write after some reads; None is never."""

    def __init__(self, after: int | None) -> None:
        super().__init__()
        self.after = after
        self._waiting: tuple[str, str] | None = None
        self._reads = 0

    def read(self, name: str) -> str | None:
        self._reads += 1
        if self._waiting and self.after is not None and self._reads > self.after:
            super().write(*self._waiting)
            self._waiting = None
        return super().read(name)

    def write(self, name: str, text: str) -> None:
        self._waiting, self._reads = (name, text), 0


def ring_of(secrets: MemorySecretStore, edge: MemoryEdgeStore) -> KeyRotation:
    return KeyRotation(secrets, edge, sleep=lambda _: None)


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore('{"origin":"made by the stack"}')


@pytest.fixture
def edge() -> MemoryEdgeStore:
    return MemoryEdgeStore()


@pytest.fixture
def ring(secrets: MemorySecretStore, edge: MemoryEdgeStore) -> KeyRotation:
    ring = ring_of(secrets, edge)
    ring.initialize(now=NOW)
    return ring


def at_edge(edge: MemoryEdgeStore) -> dict[str, str]:
    signing: dict[str, str] = json.loads(edge.read(EDGE_ENTRY_NAME) or "{}")["signing"]
    return signing


def minted(keys: LinkKeys) -> links.Link:
    url = link_minting.sign_link(
        keys,
        template="welcome",
        format="png",
        fields={},
        version=1,
        width=None,
        dpr=1,
        quality=None,
        expires=None,
        campaign=None,
    )
    return links.parse_link(*url.partition("?")[::2])


def test_first_use_makes_every_key_and_keeps_what_is_there(
    ring: KeyRotation, edge: MemoryEdgeStore
) -> None:
    keys = ring.read()
    assert keys.origin == "made by the stack"
    assert (keys.active_kid, keys.epoch) == ("k1", 1)
    made = [keys.address, keys.images, keys.id, keys.signing["k1"].key]
    assert len(set(made)) == 4
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in made)
    assert at_edge(edge) == {"k1": keys.signing["k1"].key}


def test_initialising_again_changes_nothing(ring: KeyRotation) -> None:
    before = ring.read()
    assert ring.initialize(now=NOW + 5) == before


def test_the_edges_entry_is_what_the_contract_says(
    ring: KeyRotation, edge: MemoryEdgeStore
) -> None:
    keys, entry = ring.read(), edge.read(EDGE_ENTRY_NAME)
    assert entry is not None
    assert list(json.loads(entry)) == ["epoch", "signing", "address", "images"]
    assert json.loads(entry)["address"] == keys.address
    assert keys.id not in entry
    assert keys.origin not in entry


def test_a_created_key_is_at_the_edge_and_mints_nothing(
    ring: KeyRotation, edge: MemoryEdgeStore
) -> None:
    kid = ring.create(now=NOW)
    assert kid in at_edge(edge)
    assert ring.read().signing[kid].state == "pending"
    assert ring.read().active_kid == "k1"


def test_a_rotated_key_mints_and_the_old_one_goes_on_verifying(ring: KeyRotation) -> None:
    old = minted(ring.read().link_keys())
    kid = ring.rotate(now=NOW)
    keys = ring.read().link_keys()
    assert minted(keys).kid == kid == "k2"
    links.verify(keys, old)
    assert ring.read().signing["k1"].state == "verifying"


def test_rotating_takes_the_key_that_is_pending(ring: KeyRotation) -> None:
    assert ring.create(now=NOW) == ring.rotate(now=NOW)
    assert len(ring.read().signing) == 2


def test_a_key_that_the_edge_does_not_show_mints_nothing(secrets: MemorySecretStore) -> None:
    edge = SlowEdge(after=3)
    ring = ring_of(secrets, edge)
    ring.initialize(now=NOW)
    edge.after = None
    with pytest.raises(ServiceUnavailable):
        ring.rotate(now=NOW)
    assert ring.read().active_kid == "k1"
    assert ring.read().signing["k2"].state == "pending"
    edge.after = 2
    assert ring.rotate(now=NOW) == "k2"
    assert ring.read().active_kid == "k2"


def test_a_revoked_keys_links_are_forbidden_and_its_name_is_never_used_again(
    ring: KeyRotation, edge: MemoryEdgeStore
) -> None:
    old = minted(ring.read().link_keys())
    ring.rotate(now=NOW)
    ring.revoke("k1")
    with pytest.raises(Forbidden):
        links.verify(ring.read().link_keys(), old)
    assert set(at_edge(edge)) == {"k2"}
    pending = ring.create(now=NOW)
    ring.revoke(pending)
    assert (pending, ring.create(now=NOW)) == ("k3", "k4")


def test_a_retired_key_never_mints(ring: KeyRotation) -> None:
    kid = ring.create(now=NOW)
    ring.retire(kid)
    assert ring.read().signing[kid].state == "verifying"
    assert ring.rotate(now=NOW) != kid


@pytest.mark.parametrize("end", [KeyRotation.retire, KeyRotation.revoke])
def test_the_key_that_mints_is_not_taken_away(
    ring: KeyRotation, end: Callable[[KeyRotation, str], None]
) -> None:
    with pytest.raises(Conflict, match="rotate first"):
        end(ring, "k1")
    with pytest.raises(NotFound):
        end(ring, "k9")


def test_there_are_at_most_ten_signing_keys_and_they_fit_at_the_edge(
    ring: KeyRotation, edge: MemoryEdgeStore
) -> None:
    ring.raise_epoch()
    for _ in range(9):
        ring.rotate(now=NOW)
    entry = edge.read(EDGE_ENTRY_NAME)
    assert entry is not None
    assert len(json.loads(entry)["signing"]) == 10
    assert len(entry) <= MAX_EDGE_ENTRY_LENGTH
    with pytest.raises(Conflict, match="ten"):
        ring.create(now=NOW)


def test_sync_brings_an_edge_that_lost_its_copy_up_to_date(
    ring: KeyRotation, edge: MemoryEdgeStore
) -> None:
    before = edge.read(EDGE_ENTRY_NAME)
    edge.write(EDGE_ENTRY_NAME, "{}")
    ring.sync()
    assert edge.read(EDGE_ENTRY_NAME) == before


def test_raising_the_epoch_reaches_the_edge(ring: KeyRotation, edge: MemoryEdgeStore) -> None:
    assert ring.raise_epoch() == 2
    assert json.loads(edge.read(EDGE_ENTRY_NAME) or "")["epoch"] == 2
    assert ring.read().link_keys().epoch == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"signing": {"k1": 5}}', '{"other": 1}', '"x"'])
def test_a_broken_secret_is_unavailable(text: str) -> None:
    with pytest.raises(ServiceUnavailable):
        KeySet.from_json(text)


class BusySecrets(MemorySecretStore):
    """A secret that somebody else changes after it was read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.meanwhile: Callable[[], object] | None = None

    def read(self) -> str:
        text = super().read()
        if (others := self.meanwhile) is not None:
            self.meanwhile = None
            others()
        return text


CHANGES: list[Callable[[KeyRotation], object]] = [
    lambda ring: ring.create(now=NOW),
    lambda ring: ring.revoke("k1"),
    lambda ring: ring.retire("k3"),
    lambda ring: ring.raise_epoch(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_of_two_changes_at_once_one_is_refused_and_none_is_lost(
    secrets: MemorySecretStore, edge: MemoryEdgeStore, change: Callable[[KeyRotation], object]
) -> None:
    busy = BusySecrets(secrets.read())
    ring = ring_of(busy, edge)
    ring.initialize(now=NOW)
    ring.rotate(now=NOW)
    ring.create(now=NOW)
    busy.meanwhile = lambda: ring.create(now=NOW)
    with pytest.raises(Conflict, match="same moment"):
        change(ring)
    assert list(ring.read().signing) == ["k1", "k2", "k3", "k4"]
    assert list(at_edge(edge)) == ["k1", "k2", "k3", "k4"]
    change(ring)


class LateEdge(MemoryEdgeStore):
    """An edge to which one write comes late: somebody else's change overtakes it."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None
        self.down = False

    def write(self, name: str, text: str) -> None:
        if (others := self.meanwhile) is not None:
            self.meanwhile = None
            others()
        if self.down:
            raise ServiceUnavailable("The edge is down.")
        super().write(name, text)


def test_a_key_revoked_while_another_change_is_on_its_way_stays_away_from_the_edge(
    secrets: MemorySecretStore,
) -> None:
    edge = LateEdge()
    ring = ring_of(secrets, edge)
    ring.initialize(now=NOW)
    ring.rotate(now=NOW)
    edge.meanwhile = lambda: ring.revoke("k1")
    ring.create(now=NOW)
    assert list(at_edge(edge)) == ["k2", "k3"]


def test_a_change_that_the_edge_did_not_take_says_what_finishes_it(
    secrets: MemorySecretStore,
) -> None:
    edge = LateEdge()
    ring = ring_of(secrets, edge)
    ring.initialize(now=NOW)
    ring.rotate(now=NOW)
    edge.down = True
    with pytest.raises(ServiceUnavailable, match="run `postcard signing-keys sync`"):
        ring.revoke("k1")
    assert list(ring.read().signing) == ["k2"]
    edge.down = False
    ring.sync()
    assert list(at_edge(edge)) == ["k2"]


class KeysLife(RuleBasedStateMachine):
    """Whatever is done in whatever order, one key mints and the edge knows it."""

    def __init__(self) -> None:
        super().__init__()
        self.edge = MemoryEdgeStore()
        self.ring = ring_of(MemorySecretStore(), self.edge)
        self.ring.initialize(now=NOW)

    def _has_room(self) -> bool:
        return len(self.ring.read().signing) < 10

    @precondition(_has_room)
    @rule()
    def create(self) -> None:
        self.ring.create(now=NOW)

    @precondition(_has_room)
    @rule()
    def rotate(self) -> None:
        self.ring.rotate(now=NOW)

    @rule(which=st.integers(0, 9), end=st.sampled_from(["retire", "revoke"]))
    def end(self, which: int, end: str) -> None:
        kids = list(self.ring.read().signing)
        kid = kids[which % len(kids)]
        if kid != self.ring.read().active_kid:
            getattr(self.ring, end)(kid)

    @invariant()
    def one_mints_and_the_edge_verifies_it(self) -> None:
        keys = self.ring.read()
        assert [key.state for key in keys.signing.values()].count("minting") == 1
        assert at_edge(self.edge) == {kid: key.key for kid, key in keys.signing.items()}
        assert len(keys.edge_entry()) <= MAX_EDGE_ENTRY_LENGTH
        links.verify(keys.link_keys(), minted(keys.link_keys()))


TestKeysLife = KeysLife.TestCase
TestKeysLife.settings = settings(max_examples=40, stateful_step_count=15)
