"""The secret of the keys in Secrets Manager.

It has no conditional write, but a version that is there cannot be written again with another text.
So a new version is named after the one that was read: of two who read the same, one writes, and
the other is told. (Whoever moves AWSCURRENT back to an old version must put its text anew, or the
name of the next version is taken.)
"""

import hashlib
from typing import Any

from postcard.adapters.aws.errors import CUT, CallFailed
from postcard.adapters.idempotency_rules import secret_changed

MISSING = "ResourceNotFoundException"
TAKEN = "ResourceExistsException"


class SecretsManager:
    """One secret, by name or ARN, under a client with Secrets Manager's method names."""

    def __init__(self, client: Any, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def read(self) -> str:
        """The text; empty if there is no secret yet, or no value in it."""
        return self._current()[0]

    def write(self, text: str, *, instead_of: str) -> None:
        """Replace the text; `Conflict` if it is no longer what was read.

        A secret that is missing is made, if it goes by a name.
        """
        current, version = self._current()
        if current != instead_of:
            raise secret_changed()
        try:
            self._put(text, hashlib.sha256(version.encode()).hexdigest())
        except CallFailed as failure:
            if failure.aws_code == TAKEN:
                raise secret_changed() from failure
            raise

    def _current(self) -> tuple[str, str]:
        """The text and the name of its version."""
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id)
        except CallFailed as failure:
            if failure.aws_code == MISSING:
                return "", ""
            raise
        if "SecretString" not in answer:
            raise CallFailed("get_secret_value", CUT, 200)
        return str(answer["SecretString"]), str(answer["VersionId"])

    def _put(self, text: str, token: str) -> None:
        given = {"SecretString": text, "ClientRequestToken": token}
        try:
            self._client.put_secret_value(SecretId=self._secret_id, **given)
        except CallFailed as failure:
            if failure.aws_code != MISSING or self._secret_id.startswith("arn:"):
                raise
            self._client.create_secret(Name=self._secret_id, **given)
