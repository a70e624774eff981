"""Rotates the signing keys: pending → minting → verifying → removed.

A new key is written to the secret and to the edge, and signs no link until it has been read back
from the edge. A retired key goes on verifying, so mail that was sent keeps its pictures; a revoked
one is removed from both.
"""

import secrets as randomness
import time
from collections.abc import Callable
from dataclasses import replace

from postcard.errors import Conflict, NotFound, ServiceUnavailable
from postcard.keys.key_set import (
    EDGE_ENTRY_NAME,
    MAX_EDGE_ENTRY_LENGTH,
    MAX_SIGNING_KEYS,
    MINTING,
    PENDING,
    VERIFYING,
    KeySet,
    SigningKey,
)
from postcard.ports import EdgeStore, SecretStore


def _random_hex_key() -> str:
    return randomness.token_hex(32)


class KeyRotation:
    """Changes the link keys in the secret and at the edge.

    Every call may be repeated; what failed half-way is finished by the next `sync` or `rotate`.
    Of two concurrent changes one is made, and the other raises `Conflict`.
    """

    def __init__(
        self,
        secrets: SecretStore,
        edge: EdgeStore,
        *,
        new_key: Callable[[], str] = _random_hex_key,
        sleep: Callable[[float], None] = time.sleep,
        max_attempts: int = 10,
    ) -> None:
        self._secrets = secrets
        self._edge = edge
        self._new_key = new_key
        self._sleep = sleep
        self._max_attempts = max_attempts

    def read(self) -> KeySet:
        """The keys in the secret."""
        return KeySet.from_json(self._secrets.read())

    def initialize(self, *, now: float) -> KeySet:
        """Create the keys that do not exist yet, and update the edge."""

        def with_missing_keys(keys: KeySet) -> KeySet:
            return replace(
                keys,
                origin=keys.origin or self._new_key(),
                address=keys.address or self._new_key(),
                images=keys.images or self._new_key(),
                id=keys.id or self._new_key(),
                webhooks=keys.webhooks or self._new_key(),
            )

        if self._change(with_missing_keys).active_kid is None:
            self.rotate(now=now)
        return self.sync()

    def create(self, *, now: float) -> str:
        """Create a pending key in the secret and at the edge; `Conflict` if there are ten keys."""

        def with_new_key(keys: KeySet) -> KeySet:
            if len(keys.signing) >= MAX_SIGNING_KEYS:
                raise Conflict(
                    "There are ten signing keys: revoke one that no mail needs any more."
                )
            key = SigningKey(self._new_key(), PENDING, int(now))
            signing = {**keys.signing, f"k{keys.serial + 1}": key}
            return replace(keys, serial=keys.serial + 1, signing=signing)

        return f"k{self._change_and_sync(with_new_key).serial}"

    def rotate(self, *, now: float) -> str:
        """Mint with a new key (the pending one, if there is one), once the edge has it."""
        pending = [kid for kid, key in self.read().signing.items() if key.state == PENDING]
        kid = pending[-1] if pending else self.create(now=now)
        self.sync()
        self._change(lambda keys: _require_known(keys, kid).with_state(kid, MINTING))
        return kid

    def retire(self, kid: str) -> None:
        """Let a key verify only; `Conflict` for the key that mints."""
        self._change(lambda keys: _require_not_active(keys, kid).with_state(kid, VERIFYING))

    def revoke(self, kid: str) -> None:
        """Remove a key: its links get 403. `Conflict` for the key that mints."""

        def without(keys: KeySet) -> KeySet:
            signing = _require_not_active(keys, kid).signing
            return replace(keys, signing={name: signing[name] for name in signing if name != kid})

        self._change_and_sync(without)

    def raise_epoch(self) -> int:
        """Change the cache path of every picture; returns the new epoch."""
        return self._change_and_sync(lambda keys: replace(keys, epoch=keys.epoch + 1)).epoch

    def sync(self) -> KeySet:
        """Write the secret's keys to the edge unless it has them, and read them back.

        The secret is read again afterwards: with concurrent calls, the edge ends with its latest
        keys.
        """
        for _ in range(self._max_attempts):
            keys = self.read()
            entry = _edge_entry(keys)
            if self._edge.read(EDGE_ENTRY_NAME) != entry:
                self._edge.write(EDGE_ENTRY_NAME, entry)
                self._read_back(entry)
            if self.read().edge_entry() == entry:
                return keys
        raise Conflict("Others go on changing the keys: run `postcard signing-keys sync` later.")

    def _change(self, change: Callable[[KeySet], KeySet]) -> KeySet:
        """Change the keys in the secret; `Conflict` if somebody else changes them meanwhile."""
        before = self._secrets.read()
        keys = KeySet.from_json(before)
        changed = change(keys)
        if changed != keys:
            _edge_entry(changed)
            self._secrets.write(changed.to_json(), instead_of=before)
        return changed

    def _change_and_sync(self, change: Callable[[KeySet], KeySet]) -> KeySet:
        """Change the keys in the secret and then at the edge."""
        changed = self._change(change)
        try:
            self.sync()
        except ServiceUnavailable as failure:
            raise ServiceUnavailable(
                "The secret is changed, but the edge is not yet: run `postcard signing-keys sync`."
            ) from failure
        return changed

    def _read_back(self, entry: str) -> None:
        for attempt in range(self._max_attempts):
            if self._edge.read(EDGE_ENTRY_NAME) == entry:
                return
            self._sleep(min(2.0, 0.1 * 2**attempt))
        raise ServiceUnavailable(
            "The edge does not have the new keys yet, so they sign nothing: try again."
        )


def _edge_entry(keys: KeySet) -> str:
    """The edge's copy as JSON; `Conflict` if it would be too long."""
    entry = keys.edge_entry()
    if len(entry) > MAX_EDGE_ENTRY_LENGTH:
        raise Conflict("The keys do not fit into the edge's entry: revoke a signing key.")
    return entry


def _require_known(keys: KeySet, kid: str) -> KeySet:
    if kid not in keys.signing:
        raise NotFound(f'There is no signing key "{kid}".')
    return keys


def _require_not_active(keys: KeySet, kid: str) -> KeySet:
    if kid == _require_known(keys, kid).active_kid:
        raise Conflict(f'"{kid}" is the key that signs new links: rotate first.')
    return keys
