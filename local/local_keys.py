"""Creates the local service's keys at the first start and writes them to `local.json`."""

import json
import re
import time
from pathlib import Path
from typing import Any

from local.aws.moto_state import StateDamaged
from local.service_adapters import ProductionAdapters
from postcard.errors import ServiceUnavailable
from postcard.keys.api_keys import SCOPES, ApiKeyService, key_digest
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import EDGE_ENTRY_NAME

_DYNAMIC_REFERENCE = re.compile(
    r"\{\{resolve:secretsmanager:([^:}]+):SecretString:([^:}]+)[^}]*\}\}"
)


class LocalKeys:
    """Signing keys in Secrets Manager and the KeyValueStore, and one API key with all scopes."""

    def __init__(self, adapters: ProductionAdapters, folder: Path) -> None:
        self._secrets = adapters.secrets()
        self._edge_store = adapters.edge_store()
        self._api_keys = adapters.api_keys()
        self._folder = folder
        self._json_path = folder / "local.json"
        self.key_rotation = KeyRotation(self._secrets, self._edge_store)
        self.api_key = ""

    def create_missing(self) -> None:
        """Create the keys that do not exist yet, and copy the signing keys to the edge.

        `StateDamaged` if the folder was used before and its keys are lost: new ones would end
        every link and API key without a word.
        """
        self._require_known_keys()
        self.key_rotation.initialize(now=time.time())
        self.api_key = self._existing_api_key() or self._create_api_key()

    def edge_entry(self, name: str) -> str | None:
        """An entry of the KeyValueStore, uncached: a key rotation takes effect at once."""
        return self._edge_store.read(name)

    def resolve_dynamic_references(self, text: str) -> str:
        """Replace CloudFormation's dynamic references to the secret by its values."""
        stored = json.loads(self._secrets.read())
        return _DYNAMIC_REFERENCE.sub(lambda match: str(stored[match[2]]), text)

    def write_local_json(self, base_url: str) -> dict[str, Any]:
        """Write the keys and `base_url` to `local.json` (mode 0600); returns its content."""
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

    def _require_known_keys(self) -> None:
        try:
            has_keys = bool(self.key_rotation.read().signing)
        except ServiceUnavailable as error:
            raise self._lost("The signing keys in state.sqlite are damaged.") from error
        # Both are written after the signing keys are saved.
        was_used = self._json_path.exists() or self._edge_store.read(EDGE_ENTRY_NAME) is not None
        if was_used and not has_keys:
            raise self._lost("state.sqlite does not have the signing keys that it had.")

    def _existing_api_key(self) -> str | None:
        """The API key in `local.json`; None if there is no such file or the key was revoked."""
        try:
            key = str(json.loads(self._json_path.read_text(encoding="utf-8"))["api_key"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StateDamaged(
                f"{self._json_path} cannot be read. Put a copy of it back, or delete it: the next"
                " start writes it again, with a new API key. Links keep working."
            ) from error
        record = self._api_keys.by_digest(key_digest(key))
        if record is None:
            raise self._lost(f"state.sqlite does not have the API key of {self._json_path.name}.")
        return key if record.revoked_at is None else None

    def _lost(self, fault: str) -> StateDamaged:
        return StateDamaged(
            f"{fault} Put a copy of the whole folder {self._folder} back, or delete the folder to"
            " begin again: with new keys, so that links and API keys of the old state stop"
            " working, and the sample templates."
        )

    def _create_api_key(self) -> str:
        return ApiKeyService(self._api_keys).create("this machine", SCOPES, now=time.time())[0]


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically; only its owner may read it (mode 0600)."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
