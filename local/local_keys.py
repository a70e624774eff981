"""The keys of this machine: made at the first start, told to people and tests in `local.json`."""

import json
import re
import time
from pathlib import Path
from typing import Any

from local.service_adapters import ProductionAdapters
from postcard.keys.api_keys import SCOPES, ApiKeyService, key_digest
from postcard.keys.key_rotation import KeyRotation

_DYNAMIC_REFERENCE = re.compile(
    r"\{\{resolve:secretsmanager:([^:}]+):SecretString:([^:}]+)[^}]*\}\}"
)


class LocalKeys:
    """Links' keys in the secret and at the edge, and one API key with every scope."""

    def __init__(self, adapters: ProductionAdapters, folder: Path) -> None:
        self._secrets = adapters.secrets()
        self._edge_store = adapters.edge_store()
        self._api_keys = adapters.api_keys()
        self._json_path = folder / "local.json"
        self.key_rotation = KeyRotation(self._secrets, self._edge_store)
        self.api_key = ""

    def create_missing(self) -> None:
        """Make what is not there yet, and bring the edge up to date."""
        self.key_rotation.initialize(now=time.time())
        self.api_key = self._existing_api_key() or self._create_api_key()

    def edge_entry(self, name: str) -> str | None:
        """The edge's copy, read anew for every request: keys that rotate count at once."""
        return self._edge_store.read(name)

    def resolve_dynamic_references(self, text: str) -> str:
        """A text with CloudFormation's dynamic references to the secret filled in."""
        stored = json.loads(self._secrets.read())
        return _DYNAMIC_REFERENCE.sub(lambda match: str(stored[match[2]]), text)

    def write_local_json(self, base_url: str) -> dict[str, Any]:
        """Write `local.json`, for its owner's eyes only; returns what is in it."""
        keys = self.key_rotation.read()
        assert keys.active_kid is not None
        local = {
            "base_url": base_url,
            "api_key": self.api_key,
            "signing_key_id": keys.active_kid,
            "signing_key_hex": keys.signing[keys.active_kid].key,
            "address_key_hex": keys.address,
            "epoch": keys.epoch,
        }
        write_private(self._json_path, json.dumps(local, indent=2) + "\n")
        return local

    def _existing_api_key(self) -> str | None:
        """The key that was told last time, if it still opens anything."""
        try:
            key = str(json.loads(self._json_path.read_text())["api_key"])
        except (OSError, ValueError, KeyError):
            return None
        record = self._api_keys.by_digest(key_digest(key))
        return key if record is not None and record.revoked_at is None else None

    def _create_api_key(self) -> str:
        return ApiKeyService(self._api_keys).create("this machine", SCOPES, now=time.time())[0]


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, for its owner's eyes only."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
