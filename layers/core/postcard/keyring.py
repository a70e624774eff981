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
from postcard.keyset import (
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
        keys = self.read()
        filled = replace(
            keys,
            origin=keys.origin or self._new_key(),
            address=keys.address or self._new_key(),
            images=keys.images or self._new_key(),
            id=keys.id or self._new_key(),
        )
        if filled != keys:
            self._secrets.write(filled.text())
        if keys.minting is None:
            self.rotate(now=now)
        return self.sync()

    def create(self, *, now: float) -> str:
        """A new pending key in the secret and at the edge; `Conflict` if there are ten."""
        keys = self.read()
        if len(keys.signing) >= MOST_SIGNING_KEYS:
            raise Conflict("There are ten signing keys: revoke one that no mail needs any more.")
        kid = f"k{keys.serial + 1}"
        key = SigningKey(self._new_key(), PENDING, int(now))
        self._write(replace(keys, serial=keys.serial + 1, signing={**keys.signing, kid: key}))
        return kid

    def rotate(self, *, now: float) -> str:
        """Make a new key mint (the pending one, if there is one), once the edge has it."""
        pending = [kid for kid, key in self.read().signing.items() if key.state == PENDING]
        kid = pending[-1] if pending else self.create(now=now)
        self.sync()
        self._secrets.write(self.read().changed(kid, MINTING).text())
        return kid

    def retire(self, kid: str) -> None:
        """The key goes on verifying and never mints; `Conflict` if it is the one that mints."""
        keys = self._with(kid)
        self._secrets.write(keys.changed(kid, VERIFYING).text())

    def revoke(self, kid: str) -> None:
        """Take the key from secret and edge: its links are 403. `Conflict` if it mints."""
        keys = self._with(kid)
        rest = {name: key for name, key in keys.signing.items() if name != kid}
        self._write(replace(keys, signing=rest))

    def raise_epoch(self) -> int:
        """Give every picture a new address; returns the new epoch."""
        keys = self.read()
        self._write(replace(keys, epoch=keys.epoch + 1))
        return keys.epoch + 1

    def sync(self) -> KeySet:
        """Write the secret's keys to the edge unless it has them, and read them back."""
        keys = self.read()
        entry = keys.edge_entry()
        if len(entry) > EDGE_ENTRY_LENGTH:
            raise Conflict("The edge's entry would be too long: revoke a signing key.")
        if self._edge.read(EDGE_ENTRY) != entry:
            self._edge.write(EDGE_ENTRY, entry)
        self._read_back(entry)
        return keys

    def _with(self, kid: str) -> KeySet:
        keys = self.read()
        if kid not in keys.signing:
            raise NotFound(f'There is no signing key "{kid}".')
        if kid == keys.minting:
            raise Conflict(f'"{kid}" is the key that mints: rotate first.')
        return keys

    def _write(self, keys: KeySet) -> None:
        if len(keys.edge_entry()) > EDGE_ENTRY_LENGTH:
            raise Conflict("The edge's entry would be too long: revoke a signing key.")
        self._secrets.write(keys.text())
        self._edge.write(EDGE_ENTRY, keys.edge_entry())

    def _read_back(self, entry: str) -> None:
        for attempt in range(self._tries):
            if self._edge.read(EDGE_ENTRY) == entry:
                return
            self._sleep(min(2.0, 0.1 * 2**attempt))
        raise Unavailable("The edge does not show the keys yet: nothing new mints. Try again.")
