"""All keys of links, as one secret holds them; the edge holds a copy of what it needs."""

import json
from collections.abc import Mapping
from dataclasses import field, replace
from types import MappingProxyType

from postcard.errors import ServiceUnavailable
from postcard.links.signing import LinkKeys
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass

EDGE_ENTRY_NAME = "postcard"
MAX_SIGNING_KEYS = 10
MAX_EDGE_ENTRY_LENGTH = 1024  # characters that a KeyValueStore value may have
PENDING, MINTING, VERIFYING = "pending", "minting", "verifying"
STORED_NAMES = ("origin", "epoch", "serial", "signing", "address", "images", "id", "webhooks")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One signing key: `key` is 64 characters of lower-case hex, `state` one of those above."""

    key: str
    state: str
    created_at: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """Everything in the secret.

    `serial` counts the signing keys ever made, so that no key id is used twice. `origin` is the
    secret header that CloudFront adds, `address` keys the paths of cached pictures, `images` the
    checksums of image ids, `id` the ids themselves, and from `webhooks` the secrets of webhooks are
    derived. `others` has members of a later version of this program, which are kept.
    """

    origin: str = ""
    epoch: int = 1
    serial: int = 0
    signing: Mapping[str, SigningKey] = field(default_factory=lambda: MappingProxyType({}))
    address: str = ""
    images: str = ""
    id: str = ""
    webhooks: str = ""
    others: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_json(cls, text: str) -> "KeySet":
        """From the secret's JSON; empty text is an empty set. `ServiceUnavailable` if malformed."""
        try:
            stored = json.loads(text or "{}")
            signing = {kid: SigningKey(**key) for kid, key in stored.pop("signing", {}).items()}
            own = {name: stored.pop(name) for name in STORED_NAMES if name in stored}
            return cls(**{"serial": len(signing), **own}, signing=signing, others=stored)
        except (ValueError, TypeError, AttributeError) as error:
            raise ServiceUnavailable(
                "The secret of the keys cannot be read: restore it."
            ) from error

    def to_json(self) -> str:
        """The secret's JSON."""
        stored: JsonObject = {name: getattr(self, name) for name in STORED_NAMES}
        stored["signing"] = {
            kid: {"key": key.key, "state": key.state, "created_at": key.created_at}
            for kid, key in self.signing.items()
        }
        return json.dumps(stored | dict(self.others), separators=(",", ":"))

    @property
    def active_kid(self) -> str | None:
        """The id of the key that signs new links, if there is one yet."""
        return next((kid for kid, key in self.signing.items() if key.state == MINTING), None)

    @property
    def is_complete(self) -> bool:
        """Whether links can be signed and verified."""
        return bool(self.active_kid and self.origin and self.address and self.images and self.id)

    def edge_entry(self) -> str:
        """The edge's copy as JSON, specified in docs/contract/links.md."""
        entry = {
            "epoch": self.epoch,
            "signing": {kid: key.key for kid, key in self.signing.items()},
            "address": self.address,
            "images": self.images,
        }
        return json.dumps(entry, separators=(",", ":"))

    def link_keys(self) -> LinkKeys:
        """The keys that sign and verify links; `ServiceUnavailable` without a complete set."""
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
        """A copy with one key in another state; a replaced minting key goes on verifying."""
        signing = dict(self.signing)
        if state == MINTING and self.active_kid is not None:
            signing[self.active_kid] = replace(signing[self.active_kid], state=VERIFYING)
        signing[kid] = replace(signing[kid], state=state)
        return replace(self, signing=signing)
