"""A signing key's life: pending → minting → verifying → gone.

A new key is written to the secret and to the edge, and mints nothing until it has been read back
from the edge. A retired key goes on verifying, so mail that was sent keeps its pictures; a revoked
one is taken from both.
"""

import secrets as randomness
import time
from collections.abc import Callable
from dataclasses import replace

from postcard.errors import Conflict, NotFound, Unavailable
from postcard.keys.key_set import (
    EDGE_ENTRY,
    EDGE_ENTRY_LENGTH,
    MINTING,
    MOST_SIGNING_KEYS,
    PENDING,
    VERIFYING,
    KeySet,
    SigningKey,
)
from postcard.ports import EdgeStore, Secrets


def _hex() -> str:
    return randomness.token_hex(32)


class Keyring:
    """Changes the keys of links, the edge before anything relies on it.

    Every call may be repeated; what failed half-way is finished by the next `sync` or `rotate`.
    Of two changes at one moment one is made, and the other a `Conflict`.
    """

    def __init__(
        self,
        secrets: Secrets,
        edge: EdgeStore,
        *,
        new_key: Callable[[], str] = _hex,
        sleep: Callable[[float], None] = time.sleep,
        tries: int = 10,
    ) -> None:
        self._secrets = secrets
        self._edge = edge
        self._new_key = new_key
        self._sleep = sleep
        self._tries = tries

    def read(self) -> KeySet:
        """The keys as the secret has them."""
        return KeySet.parse(self._secrets.read())

    def initialise(self, *, now: float) -> KeySet:
        """Make whatever does not exist yet, and bring the edge up to date."""

        def filled(keys: KeySet) -> KeySet:
            return replace(
                keys,
                origin=keys.origin or self._new_key(),
                address=keys.address or self._new_key(),
                images=keys.images or self._new_key(),
                id=keys.id or self._new_key(),
            )

        if self._change(filled).minting is None:
            self.rotate(now=now)
        return self.sync()

    def create(self, *, now: float) -> str:
        """A new pending key in the secret and at the edge; `Conflict` if there are ten."""

        def added(keys: KeySet) -> KeySet:
            if len(keys.signing) >= MOST_SIGNING_KEYS:
                raise Conflict(
                    "There are ten signing keys: revoke one that no mail needs any more."
                )
            key = SigningKey(self._new_key(), PENDING, int(now))
            signing = {**keys.signing, f"k{keys.serial + 1}": key}
            return replace(keys, serial=keys.serial + 1, signing=signing)

        return f"k{self._spread(added).serial}"

    def rotate(self, *, now: float) -> str:
        """Make a new key mint (the pending one, if there is one), once the edge has it."""
        pending = [kid for kid, key in self.read().signing.items() if key.state == PENDING]
        kid = pending[-1] if pending else self.create(now=now)
        self.sync()
        self._change(lambda keys: _found(keys, kid).changed(kid, MINTING))
        return kid

    def retire(self, kid: str) -> None:
        """The key goes on verifying and never mints; `Conflict` if it is the one that mints."""
        self._change(lambda keys: _spare(keys, kid).changed(kid, VERIFYING))

    def revoke(self, kid: str) -> None:
        """Take the key from secret and edge: its links are 403. `Conflict` if it mints."""

        def without(keys: KeySet) -> KeySet:
            signing = _spare(keys, kid).signing
            return replace(keys, signing={name: signing[name] for name in signing if name != kid})

        self._spread(without)

    def raise_epoch(self) -> int:
        """Give every picture a new address; returns the new epoch."""
        return self._spread(lambda keys: replace(keys, epoch=keys.epoch + 1)).epoch

    def sync(self) -> KeySet:
        """Write the secret's keys to the edge unless it has them, and read them back.

        Of several who do this at once, the last to write finds what the secret says then.
        """
        for _ in range(self._tries):
            keys = self.read()
            entry = _entry(keys)
            if self._edge.read(EDGE_ENTRY) != entry:
                self._edge.write(EDGE_ENTRY, entry)
                self._read_back(entry)
            if self.read().edge_entry() == entry:
                return keys
        raise Conflict("Others go on changing the keys: run `postcard signing-keys sync` later.")

    def _change(self, change: Callable[[KeySet], KeySet]) -> KeySet:
        """The keys, changed in the secret; `Conflict` if somebody else changes them meanwhile."""
        before = self._secrets.read()
        keys = KeySet.parse(before)
        changed = change(keys)
        if changed != keys:
            _entry(changed)
            self._secrets.write(changed.text(), instead_of=before)
        return changed

    def _spread(self, change: Callable[[KeySet], KeySet]) -> KeySet:
        """The keys, changed in the secret and then at the edge."""
        changed = self._change(change)
        try:
            self.sync()
        except Unavailable as failure:
            raise Unavailable(
                "The secret has the change and the edge not yet: run `postcard signing-keys sync`."
            ) from failure
        return changed

    def _read_back(self, entry: str) -> None:
        for attempt in range(self._tries):
            if self._edge.read(EDGE_ENTRY) == entry:
                return
            self._sleep(min(2.0, 0.1 * 2**attempt))
        raise Unavailable("The edge does not show the keys yet: nothing new mints. Try again.")


def _entry(keys: KeySet) -> str:
    """The edge's copy; `Conflict` if it would be too long."""
    entry = keys.edge_entry()
    if len(entry) > EDGE_ENTRY_LENGTH:
        raise Conflict("The edge's entry would be too long: revoke a signing key.")
    return entry


def _found(keys: KeySet, kid: str) -> KeySet:
    if kid not in keys.signing:
        raise NotFound(f'There is no signing key "{kid}".')
    return keys


def _spare(keys: KeySet, kid: str) -> KeySet:
    if kid == _found(keys, kid).minting:
        raise Conflict(f'"{kid}" is the key that mints: rotate first.')
    return keys
