"""The secret of the keys in Secrets Manager."""

from typing import Any

from postcard.adapters.aws.calls import CallFailed

MISSING = "ResourceNotFoundException"


class SecretsManager:
    """One secret, by name or ARN, under a client with Secrets Manager's method names."""

    def __init__(self, client: Any, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def read(self) -> str:
        """The text; empty if there is no secret yet, or no value in it."""
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id)
        except CallFailed as failure:
            if failure.aws_code == MISSING:
                return ""
            raise
        return str(answer["SecretString"])

    def write(self, text: str) -> None:
        """Replace the text. A secret that is missing is made, if it goes by a name."""
        try:
            self._client.put_secret_value(SecretId=self._secret_id, SecretString=text)
        except CallFailed as failure:
            if failure.aws_code != MISSING or self._secret_id.startswith("arn:"):
                raise
            self._client.create_secret(Name=self._secret_id, SecretString=text)
