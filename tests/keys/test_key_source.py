"""When the link keys are read from the secret again, and when cached ones are used."""

import json

import pytest

from postcard.adapters.memory import MemoryEdgeStore, MemorySecretStore
from postcard.errors import ServiceUnavailable
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_source import KeySource

NOW = 1_795_341_600.0


class CountedSecrets(MemorySecretStore):
    """Counts reads, and can be down."""

    reads = 0
    down = False

    def read(self) -> str:
        self.reads += 1
        if self.down:
            raise ServiceUnavailable("down")
        return super().read()


class Clock:
    """A monotonic clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def key_rotation(secrets: MemorySecretStore) -> KeyRotation:
    return KeyRotation(secrets, MemoryEdgeStore(), sleep=lambda _: None)


@pytest.fixture
def secrets() -> CountedSecrets:
    secrets = CountedSecrets()
    key_rotation(secrets).initialize(now=NOW)
    secrets.reads = 0
    return secrets


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(secrets: CountedSecrets, clock: Clock) -> KeySource:
    return KeySource(secrets, clock=clock)


def test_the_secret_is_read_once_a_minute(
    source: KeySource, secrets: CountedSecrets, clock: Clock
) -> None:
    for _ in range(5):
        source.current("k1")
        source.origin_secret()
    assert secrets.reads == 1
    clock.now += 61
    source.current("k1")
    assert secrets.reads == 2


def test_an_unknown_key_id_reads_the_secret_again_but_not_at_every_call(
    source: KeySource, secrets: CountedSecrets, clock: Clock
) -> None:
    source.current("k1")
    key_rotation(secrets).rotate(now=NOW)
    secrets.reads = 0
    clock.now += 6
    assert "k2" in source.current("k2").signing_keys
    for _ in range(5):
        source.current("forged")
    assert secrets.reads == 1


def test_cached_keys_are_used_while_the_secret_is_down(
    source: KeySource, secrets: CountedSecrets, clock: Clock
) -> None:
    cached = source.current()
    secrets.down = True
    clock.now += 1000
    assert source.current() == cached


def test_keys_that_were_never_read_are_unavailable_while_the_secret_is_down(
    source: KeySource, secrets: CountedSecrets
) -> None:
    secrets.down = True
    with pytest.raises(ServiceUnavailable):
        source.current()


def test_keys_without_a_signing_key_are_unavailable() -> None:
    for text in ("", '{"origin":"x"}'):
        with pytest.raises(ServiceUnavailable):
            KeySource(MemorySecretStore(text)).current()


def test_a_later_epoch_reads_the_secret_again_but_not_at_every_call(
    source: KeySource, secrets: CountedSecrets, clock: Clock
) -> None:
    assert source.current("k1", 1).epoch == 1
    key_rotation(secrets).raise_epoch()
    secrets.reads = 0
    clock.now += 6
    assert source.current("k1", 1).epoch == 1, "an edge that lags is no reason to read"
    assert source.current("k1", 2).epoch == 2
    for _ in range(5):
        source.current("k1", 9)
    assert secrets.reads == 1


def test_the_key_of_webhooks_is_read_again_until_it_exists(
    secrets: CountedSecrets, clock: Clock
) -> None:
    complete = secrets.read()
    without = json.dumps({**json.loads(complete), "webhooks": ""})
    secrets.write(without, instead_of=complete)
    source = KeySource(secrets, clock=clock)
    with pytest.raises(ServiceUnavailable, match="make deploy"):
        source.webhooks_key()
    secrets.write(complete, instead_of=without)
    clock.now += 1
    assert source.webhooks_key() == json.loads(complete)["webhooks"]
    reads = secrets.reads
    clock.now += 50
    source.webhooks_key()
    assert secrets.reads == reads
