"""The keys' secret in Secrets Manager.

Secrets Manager has no conditional write, but a version that exists cannot be written again with
another text. So a new version is named after the one that was read: of two writers that read the
same version, one succeeds and the other gets `SecretChanged`. (Who moves AWSCURRENT back to an old
version must write its text again, or the name of the next version is taken.)
"""

import hashlib
from typing import Any

from postcard.adapters.aws.call_failed import CORRUPT_BODY, AwsCallFailed
from postcard.ports import SecretChanged

NOT_FOUND_CODE = "ResourceNotFoundException"
ALREADY_EXISTS_CODE = "ResourceExistsException"


class SecretsManagerStore:
    """One secret, by name or ARN, through a client with Secrets Manager's method names."""

    def __init__(self, client: Any, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def read(self) -> str:
        """The text; empty if the secret does not exist yet or has no value."""
        return self._read_version()[0]

    def write(self, text: str, *, instead_of: str) -> None:
        """Replace the text `instead_of`; `SecretChanged` if it is another by now.

        Creates a secret that does not exist, if `secret_id` is a name.
        """
        current, version = self._read_version()
        if current != instead_of:
            raise SecretChanged
        try:
            self._put(text, hashlib.sha256(version.encode()).hexdigest())
        except AwsCallFailed as failure:
            if failure.aws_code == ALREADY_EXISTS_CODE:
                raise SecretChanged from failure
            raise

    def _read_version(self) -> tuple[str, str]:
        """The text and the id of its version."""
        try:
            response = self._client.get_secret_value(SecretId=self._secret_id)
        except AwsCallFailed as failure:
            if failure.aws_code == NOT_FOUND_CODE:
                return "", ""
            raise
        if "SecretString" not in response:
            raise AwsCallFailed("get_secret_value", CORRUPT_BODY, 200)
        return str(response["SecretString"]), str(response["VersionId"])

    def _put(self, text: str, token: str) -> None:
        version = {"SecretString": text, "ClientRequestToken": token}
        try:
            self._client.put_secret_value(SecretId=self._secret_id, **version)
        except AwsCallFailed as failure:
            if failure.aws_code != NOT_FOUND_CODE or self._secret_id.startswith("arn:"):
                raise
            self._client.create_secret(Name=self._secret_id, **version)
