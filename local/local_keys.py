"""The keys of this machine: made at the first start, told to people and tests in `local.json`."""

import json
import re
import time
from pathlib import Path
from typing import Any

from local.service_adapters import Production
from postcard.keys.api_keys import SCOPES, Keys, digest
from postcard.keys.rotation import Keyring

_DYNAMIC = re.compile(r"\{\{resolve:secretsmanager:([^:}]+):SecretString:([^:}]+)[^}]*\}\}")


class LocalKeys:
    """Links' keys in the secret and at the edge, and one API key with every scope."""

    def __init__(self, production: Production, folder: Path) -> None:
        self._secret = production.secret()
        self._edge = production.edge()
        self._records = production.api_keys()
        self._path = folder / "local.json"
        self.keyring = Keyring(self._secret, self._edge)
        self.api_key = ""

    def prepare(self) -> None:
        """Make what is not there yet, and bring the edge up to date."""
        self.keyring.initialise(now=time.time())
        self.api_key = self._known_key() or self._new_key()

    def entry(self, name: str) -> str | None:
        """The edge's copy, read anew for every request: keys that rotate count at once."""
        return self._edge.read(name)

    def resolve(self, text: str) -> str:
        """A text with CloudFormation's dynamic references to the secret filled in."""
        stored = json.loads(self._secret.read())
        return _DYNAMIC.sub(lambda match: str(stored[match[2]]), text)

    def tell(self, base_url: str) -> dict[str, Any]:
        """Write `local.json`, for its owner's eyes only; returns what is in it."""
        keys = self.keyring.read()
        assert keys.minting is not None
        local = {
            "base_url": base_url,
            "api_key": self.api_key,
            "signing_key_id": keys.minting,
            "signing_key_hex": keys.signing[keys.minting].key,
            "address_key_hex": keys.address,
            "epoch": keys.epoch,
        }
        write_private(self._path, json.dumps(local, indent=2) + "\n")
        return local

    def _known_key(self) -> str | None:
        """The key that was told last time, if it still opens anything."""
        try:
            key = str(json.loads(self._path.read_text())["api_key"])
        except (OSError, ValueError, KeyError):
            return None
        record = self._records.by_digest(digest(key))
        return key if record is not None and record.revoked_at is None else None

    def _new_key(self) -> str:
        return Keys(self._records).create("this machine", SCOPES, now=time.time())[0]


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, for its owner's eyes only."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
