"""Builds the production AWS adapters for the local server itself, on the imitated services.

The server needs them to create keys and to store the fallback picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from postcard.adapters.aws.api_keys import DynamoApiKeyStore, DynamoInvitationStore
from postcard.adapters.aws.boto_client import BotoClient, boto_client
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.adapters.aws.secrets import SecretsManagerStore
from postcard.adapters.aws.table import Table
from postcard.adapters.file_edge_store import FileEdgeStore
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.sessions import SessionService
from postcard.settings import Settings


@dataclass(frozen=True, slots=True)
class ProductionAdapters:
    """Adapters with the settings and credentials in `environment`.

    `postcard.wiring` is not used: it takes credentials from the process's environment, where a
    developer's real ones may be.
    """

    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """The settings, parsed as the functions parse them."""
        return Settings.from_environ(self.environment)

    def secrets(self) -> SecretsManagerStore:
        """The secret that holds the signing keys."""
        return SecretsManagerStore(self._client("secretsmanager"), self.settings.secret_id)

    def edge_store(self) -> FileEdgeStore:
        """The folder that imitates CloudFront's KeyValueStore."""
        return FileEdgeStore(Path(self.settings.kvs_arn.removeprefix("file:")))

    def api_keys(self) -> DynamoApiKeyStore:
        """The table's API keys."""
        return DynamoApiKeyStore(Table(self._client("dynamodb"), self.settings.table))

    def sessions(self) -> SessionService:
        """Invites the browser on this machine to the template editor."""
        table = Table(self._client("dynamodb"), self.settings.table)
        keys = ApiKeyService(DynamoApiKeyStore(table))
        return SessionService(keys, DynamoInvitationStore(table), DynamoCounters(table))

    def pictures(self) -> S3ObjectStore:
        """The bucket that CloudFront reads."""
        return S3ObjectStore(self._client("s3"), self.settings.pictures_bucket)

    def _client(self, service: str) -> BotoClient:
        return boto_client(
            service,
            self.settings,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )
