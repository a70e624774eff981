"""The keys of links as the secret holds them, and reading them from there.

All keys live in one secret; the edge holds a copy of what it needs (`keyring.py` changes both).
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from types import MappingProxyType

from postcard.errors import ServiceUnavailable
from postcard.links.signing import LinkKeys
from postcard.ports import JsonObject, SecretStore
from postcard.runtime.lazy_dataclass import dataclass

EDGE_ENTRY_NAME = "postcard"
MAX_SIGNING_KEYS = 10
MAX_EDGE_ENTRY_LENGTH = 1024  # characters that a KeyValueStore value may have
PENDING, MINTING, VERIFYING = "pending", "minting", "verifying"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One signing key: `key` is 64 characters of lower-case hex."""

    key: str
    state: str
    created_at: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """Everything in the secret. `serial` counts the signing keys ever made: no name comes twice."""

    origin: str = ""
    epoch: int = 1
    serial: int = 0
    signing: Mapping[str, SigningKey] = field(default_factory=lambda: MappingProxyType({}))
    address: str = ""
    images: str = ""
    id: str = ""

    @classmethod
    def from_json(cls, text: str) -> "KeySet":
        """From the secret's JSON; an empty text is an empty set. `Unavailable` if it is broken."""
        try:
            stored = json.loads(text or "{}")
            signing = {kid: SigningKey(**key) for kid, key in stored.pop("signing", {}).items()}
            return cls(**{"serial": len(signing), **stored}, signing=signing)
        except (ValueError, TypeError, AttributeError) as error:
            raise ServiceUnavailable(
                "The secret of the keys cannot be read: restore it."
            ) from error

    def to_json(self) -> str:
        """The secret's JSON."""
        stored: JsonObject = {name: getattr(self, name) for name in self.__dataclass_fields__}
        stored["signing"] = {
            kid: {"key": key.key, "state": key.state, "created_at": key.created_at}
            for kid, key in self.signing.items()
        }
        return json.dumps(stored, separators=(",", ":"))

    @property
    def active_kid(self) -> str | None:
        """The name of the key that mints, if there is one yet."""
        return next((kid for kid, key in self.signing.items() if key.state == MINTING), None)

    @property
    def is_complete(self) -> bool:
        """Whether links can be minted and verified."""
        return bool(self.active_kid and self.origin and self.address and self.images and self.id)

    def edge_entry(self) -> str:
        """The edge's copy, as contract/links.md has it."""
        entry = {
            "epoch": self.epoch,
            "signing": {kid: key.key for kid, key in self.signing.items()},
            "address": self.address,
            "images": self.images,
        }
        return json.dumps(entry, separators=(",", ":"))

    def link_keys(self) -> LinkKeys:
        """What links need; `Unavailable` without a key that mints: no key, no service."""
        if not self.is_complete or self.active_kid is None:
            raise ServiceUnavailable(
                "There are no signing keys: run `postcard signing-keys create`."
            )
        return LinkKeys(
            epoch=self.epoch,
            signing_keys={kid: key.key for kid, key in self.signing.items()},
            active_kid=self.active_kid,
            cache_path_key=self.address,
            image_id_checksum_key=self.images,
            image_id_key=self.id,
        )

    def with_state(self, kid: str, state: str) -> "KeySet":
        """The same with one key in another state; the one that minted goes on verifying."""
        signing = dict(self.signing)
        if state == MINTING and self.active_kid is not None:
            signing[self.active_kid] = replace(signing[self.active_kid], state=VERIFYING)
        signing[kid] = replace(signing[kid], state=state)
        return replace(self, signing=signing)


class KeySource:
    """The keys for those who mint and verify, read again when they are old or lack a name."""

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

    def current(self, kid: str | None = None) -> LinkKeys:
        """The keys; an unknown `kid` makes it look again, at most every `min_age` seconds."""
        self._refresh(kid)
        assert self._link_keys is not None
        return self._link_keys

    def origin_secret(self) -> str:
        """The secret header that the distribution adds to its calls."""
        self._refresh(None)
        assert self._keys is not None
        return self._keys.origin

    def _refresh(self, kid: str | None) -> None:
        now = self._clock()
        known = self._link_keys is not None and (kid is None or kid in self._link_keys.signing_keys)
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
