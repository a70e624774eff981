"""The secret of the keys in Secrets Manager.

It has no conditional write, but a version that is there cannot be written again with another text.
So a new version is named after the one that was read: of two who read the same, one writes, and
the other is told. (Whoever moves AWSCURRENT back to an old version must put its text anew, or the
name of the next version is taken.)
"""

import hashlib
from typing import Any

from postcard.adapters.aws.errors import CORRUPT_BODY, AwsCallFailed
from postcard.adapters.idempotency_rules import secret_conflict

NOT_FOUND_CODE = "ResourceNotFoundException"
ALREADY_EXISTS_CODE = "ResourceExistsException"


class SecretsManagerStore:
    """One secret, by name or ARN, under a client with Secrets Manager's method names."""

    def __init__(self, client: Any, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def read(self) -> str:
        """The text; empty if there is no secret yet, or no value in it."""
        return self._read_version()[0]

    def write(self, text: str, *, instead_of: str) -> None:
        """Replace the text; `Conflict` if it is no longer what was read.

        A secret that is missing is made, if it goes by a name.
        """
        current, version = self._read_version()
        if current != instead_of:
            raise secret_conflict()
        try:
            self._put(text, hashlib.sha256(version.encode()).hexdigest())
        except AwsCallFailed as failure:
            if failure.aws_code == ALREADY_EXISTS_CODE:
                raise secret_conflict() from failure
            raise

    def _read_version(self) -> tuple[str, str]:
        """The text and the name of its version."""
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id)
        except AwsCallFailed as failure:
            if failure.aws_code == NOT_FOUND_CODE:
                return "", ""
            raise
        if "SecretString" not in answer:
            raise AwsCallFailed("get_secret_value", CORRUPT_BODY, 200)
        return str(answer["SecretString"]), str(answer["VersionId"])

    def _put(self, text: str, token: str) -> None:
        given = {"SecretString": text, "ClientRequestToken": token}
        try:
            self._client.put_secret_value(SecretId=self._secret_id, **given)
        except AwsCallFailed as failure:
            if failure.aws_code != NOT_FOUND_CODE or self._secret_id.startswith("arn:"):
                raise
            self._client.create_secret(Name=self._secret_id, **given)
