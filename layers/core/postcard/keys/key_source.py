"""Reads the link keys from the secret and caches them."""

import time
from collections.abc import Callable

from postcard.errors import ServiceUnavailable
from postcard.keys.key_set import KeySet
from postcard.links.signing import LinkKeys
from postcard.ports import SecretStore


class KeySource:
    """The keys that sign and verify links, cached for `max_age` seconds.

    The cached keys stay in use while the secret cannot be read.
    """

    def __init__(
        self,
        secrets: SecretStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_age: float = 60.0,
        min_age: float = 1.0,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._max_age = max_age
        self._min_age = min_age
        self._keys: KeySet | None = None
        self._link_keys: LinkKeys | None = None
        self._read_at = 0.0

    def current(self, kid: str | None = None, epoch: int = 0) -> LinkKeys:
        """The keys; for an unknown `kid` or a later `epoch` the secret is read again.

        At most once in `min_age` seconds, since a stranger can make a key id up.
        """
        self._refresh(kid, epoch)
        assert self._link_keys is not None
        return self._link_keys

    def origin_secret(self) -> str:
        """The secret header that the distribution adds to its calls."""
        self._refresh(None, 0)
        assert self._keys is not None
        return self._keys.origin

    def webhooks_key(self) -> str:
        """The key that secrets of webhooks are derived from; `ServiceUnavailable` without one."""
        self._refresh(None, 0, needs_webhooks=True)
        assert self._keys is not None
        if not self._keys.webhooks:
            raise ServiceUnavailable(
                "There is no key for webhooks: deploy this version with `make deploy`, which makes"
                " it."
            )
        return self._keys.webhooks

    def _refresh(self, kid: str | None, epoch: int, *, needs_webhooks: bool = False) -> None:
        now = self._clock()
        known = (
            self._link_keys is not None
            and self._keys is not None
            and (self._keys.webhooks != "" or not needs_webhooks)
            and (kid is None or kid in self._link_keys.signing_keys)
            and epoch <= self._link_keys.epoch
        )
        if self._link_keys is not None and now - self._read_at < (
            self._max_age if known else self._min_age
        ):
            return
        try:
            keys = KeySet.from_json(self._secrets.read())
            self._keys, self._link_keys = keys, keys.link_keys()
        except ServiceUnavailable:
            if self._link_keys is None:
                raise
        self._read_at = now
