"""The services that the wiring builds from settings."""

import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from postcard import wiring
from postcard.adapters.aws.boto_client import BotoClient, LazyBotoClient, boto_client
from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.adapters.aws.key_value_store import CloudFrontEdgeStore
from postcard.errors import ServiceUnavailable
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.settings import Settings
from tests.adapters.conftest import make_table

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("boto3", "botocore", "pydantic", "aws_lambda_powertools", "urllib3", "numpy", "asyncio")


@pytest.fixture
def deployed(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a stack whose table, buckets and keys exist."""
    deployed = replace(settings, fonts=str(ROOT / "layers/fonts"), kvs_arn=f"file:{tmp_path}")
    make_table(boto_client("dynamodb", deployed), deployed.table)
    s3 = boto_client("s3", deployed)
    for bucket in (deployed.pictures_bucket, deployed.store_bucket):
        s3.create_bucket(Bucket=bucket)
    KeyRotation(wiring.secret_store(deployed), wiring.edge_store(deployed)).initialize(now=0)
    return deployed


def test_the_api_service_uses_the_stores_of_the_settings(deployed: Settings) -> None:
    api = wiring.api_service(deployed)
    assert set(api.health().values()) == {"ok"}
    key, _ = ApiKeyService(wiring.api_key_store(deployed)).create("Shop", ["images"], now=0)
    assert api.keys.authenticate(f"Bearer {key}", None, now=1, scope="images").name == "Shop"


def test_the_image_service_knows_the_origin_secret(deployed: Settings) -> None:
    image = wiring.image_service(deployed)
    assert (
        image.origin()
        == KeyRotation(wiring.secret_store(deployed), wiring.edge_store(deployed)).read().origin
    )


def test_without_keys_the_image_service_is_unavailable(settings: Settings) -> None:
    image = wiring.image_service(replace(settings, fonts=str(ROOT / "layers/fonts")))
    with pytest.raises(ServiceUnavailable):
        image.origin()


def test_the_edge_store_is_cloudfronts_unless_the_settings_name_a_folder(
    settings: Settings,
) -> None:
    arn = "arn:aws:cloudfront::123456789012:key-value-store/abc"
    assert isinstance(wiring.edge_store(replace(settings, kvs_arn=arn)), CloudFrontEdgeStore)


def test_the_image_service_imports_no_heavy_library() -> None:
    code = f"""
import sys
from postcard import wiring
from postcard.settings import Settings
wiring.image_service(Settings("t", "p", "s", "k", fonts={str(ROOT / "layers/fonts")!r}))
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    environ = {"PYTHONPATH": str(ROOT / "layers/core")}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, timeout=60
    )
    assert (result.stdout.strip(), result.stderr) == ("", "")


def test_clients_for_rare_calls_are_made_at_their_first_call(deployed: Settings) -> None:
    """Making one takes up to 150 ms of a cold start."""
    made: list[str] = []

    def make() -> BotoClient:
        made.append("sqs")
        return boto_client("sqs", deployed)

    client = LazyBotoClient(make)
    client.overall_deadline = time.monotonic() - 1
    assert made == []
    with pytest.raises(AwsCallFailed):  # a deadline that was set before holds
        client.create_queue(QueueName="rare")
    client.overall_deadline = math.inf
    assert client.create_queue(QueueName=deployed.table)["QueueUrl"]
    assert made == ["sqs"]
