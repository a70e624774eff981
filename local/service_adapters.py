"""The production adapters, as this process uses them: to make keys, to put the error picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from postcard.adapters.aws.api_keys import DynamoApiKeys
from postcard.adapters.aws.boto_client import BotoClient, boto_client
from postcard.adapters.aws.objects import S3Objects
from postcard.adapters.aws.secrets import SecretsManager
from postcard.adapters.aws.table import Table
from postcard.adapters.file_edge_store import FileEdgeStore
from postcard.settings import Settings


@dataclass(frozen=True, slots=True)
class ProductionAdapters:
    """Adapters on the settings that the `api` function has here, and with its credentials.

    The wiring takes credentials from the environment, where a developer's real ones may be.
    """

    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """As the function reads them."""
        return Settings.read(self.environment)

    def secrets(self) -> SecretsManager:
        """The secret of the keys."""
        return SecretsManager(self._client("secretsmanager"), self.settings.secret_id)

    def edge_store(self) -> FileEdgeStore:
        """The edge's copy of them."""
        return FileEdgeStore(Path(self.settings.kvs_arn.removeprefix("file:")))

    def api_keys(self) -> DynamoApiKeys:
        """API keys."""
        return DynamoApiKeys(Table(self._client("dynamodb"), self.settings.table))

    def pictures(self) -> S3Objects:
        """The bucket that the CDN reads."""
        return S3Objects(self._client("s3"), self.settings.pictures_bucket)

    def _client(self, service: str) -> BotoClient:
        return boto_client(
            service,
            self.settings,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )
