"""The edge store, the CDN and uploads in every implementation."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pytest
import requests

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.cdn import CloudFrontCdn
from postcard.adapters.aws.key_value_store import CloudFrontEdgeStore
from postcard.adapters.aws.uploads import S3Uploads
from postcard.adapters.file_edge_store import FileEdgeStore
from postcard.adapters.memory import MemoryCdn, MemoryEdgeStore, MemoryUploads
from postcard.errors import ServiceUnavailable
from postcard.ports import EdgeStore, Uploads
from postcard.settings import Settings
from tests.adapters.conftest import CREDENTIALS
from tests.adapters.scripted_server import (
    ReceivedRequest,
    ScriptedResponse,
    ScriptedServer,
    http_response,
)

ARN = "arn:aws:cloudfront::123456789012:key-value-store/abc-def"


class FakeKeyValueStore:
    """CloudFront's API: each write changes the ETag, and must send the current one."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.writes = 0
        self.other_writes = 0  # writes of somebody else, each just before one of ours
        self._lock = threading.Lock()

    def respond(self, request: ReceivedRequest, before: int) -> ScriptedResponse:
        method, url, _ = request.request_line.split(" ")
        path = unquote(url.partition("/key-value-stores/")[2])
        assert path.startswith(ARN)
        assert request.headers["authorization"].startswith("AWS4-ECDSA-P256-SHA256 ")
        name = path.removeprefix(ARN).removeprefix("/keys/")
        with self._lock:
            return self._put(name, request) if method == "PUT" else self._get(name)

    def _response(self, body: dict[str, object], status: int = 200) -> ScriptedResponse:
        headers = [f"ETag: e{self.writes}", "Content-Type: application/json"]
        if status >= 400:
            headers.append(f"x-amzn-ErrorType: {body.pop('error')}")
        return http_response(json.dumps(body).encode(), status, headers)

    def _get(self, name: str) -> ScriptedResponse:
        if not name:
            return self._response({"ItemCount": 1, "TotalSizeInBytes": 9, "KvsARN": ARN})
        if name not in self.entries:
            return self._response({"error": "ResourceNotFoundException"}, 404)
        return self._response({"Key": name, "Value": self.entries[name]})

    def _put(self, name: str, request: ReceivedRequest) -> ScriptedResponse:
        if self.other_writes:
            self.other_writes -= 1
            self.writes += 1
        if request.headers["if-match"] != f"e{self.writes}":
            return self._response({"error": "ConflictException"}, 409)
        self.writes += 1
        self.entries[name] = json.loads(request.body)["Value"]
        return self._response({"ItemCount": 1, "TotalSizeInBytes": 9})


@pytest.fixture
def cloudfront() -> FakeKeyValueStore:
    return FakeKeyValueStore()


@pytest.fixture
def cloudfront_edge_store(
    cloudfront: FakeKeyValueStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CloudFrontEdgeStore]:
    """The adapter, with the server as its proxy: the host name includes the account id."""
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)
    with closing(ScriptedServer(cloudfront.respond)) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "")
        settings = Settings("t", "p", "s", "k", endpoint_url="http://kvs.test")
        yield CloudFrontEdgeStore(boto_client("cloudfront-keyvaluestore", settings), ARN)


@pytest.fixture(params=["memory", "file", "cloudfront"])
def edge(request: pytest.FixtureRequest, tmp_path: Path) -> EdgeStore:
    if request.param == "cloudfront":
        store: EdgeStore = request.getfixturevalue("cloudfront_edge_store")
        return store
    return MemoryEdgeStore() if request.param == "memory" else FileEdgeStore(tmp_path / "edge")


def test_an_entry_is_none_until_it_is_written_and_then_the_last_written_text(
    edge: EdgeStore,
) -> None:
    assert edge.read("postcard") is None
    edge.write("postcard", '{"epoch": 1}')
    edge.write("postcard", '{"epoch": 2}')
    assert edge.read("postcard") == '{"epoch": 2}'


def test_a_write_is_retried_after_a_concurrent_one(
    cloudfront_edge_store: CloudFrontEdgeStore, cloudfront: FakeKeyValueStore
) -> None:
    cloudfront.other_writes = 2
    cloudfront_edge_store.write("postcard", "text")
    assert cloudfront.entries == {"postcard": "text"}


def test_a_store_that_changes_before_every_attempt_is_unavailable(
    cloudfront_edge_store: CloudFrontEdgeStore, cloudfront: FakeKeyValueStore
) -> None:
    cloudfront.other_writes = 99
    with pytest.raises(ServiceUnavailable):
        cloudfront_edge_store.write("postcard", "text")
    assert cloudfront.other_writes == 94


def test_a_file_entry_is_readable_for_its_owner_only(tmp_path: Path) -> None:
    FileEdgeStore(tmp_path).write("postcard", "keys")
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_all_paths_are_invalidated_in_batches(settings: Settings) -> None:
    client = boto_client("cloudfront", settings)
    created = client.create_distribution(
        DistributionConfig={
            "CallerReference": "test",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "o.test"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        }
    )
    distribution = created["Distribution"]["Id"]
    paths = [f"/images/{number}.png" for number in range(1001)]
    CloudFrontCdn(client, distribution).invalidate(paths)
    listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"]
    batches = []
    for item in listed["Items"]:
        stored = client.get_invalidation(DistributionId=distribution, Id=item["Id"])
        batches.append(stored["Invalidation"]["InvalidationBatch"]["Paths"]["Items"])
    assert sorted(map(len, batches)) == [1, 1000]
    assert sorted(path for batch in batches for path in batch) == sorted(paths)


def test_the_memory_cdn_records_the_invalidated_paths() -> None:
    cdn = MemoryCdn()
    cdn.invalidate(["/a", "/b"])
    assert cdn.invalidated_paths == ["/a", "/b"]


def test_an_upload_form_is_for_one_key_one_content_type_and_one_size(settings: Settings) -> None:
    client = boto_client("s3", settings)
    client.create_bucket(Bucket=settings.store_bucket)
    uploads: Uploads = S3Uploads(client, settings.store_bucket, now=lambda: 1_795_341_600)
    form = uploads.presign("uploads/hero", "image/png", 5)
    assert (form["method"], form["expires_at"]) == ("POST", "2026-11-22T10:15:00Z")
    assert form["fields"]["Content-Type"] == "image/png"
    response = requests.post(form["url"], form["fields"], files={"file": b"12345"}, timeout=9)
    assert response.status_code in (200, 204)
    stored = client.get_object(Bucket=settings.store_bucket, Key="uploads/hero")
    assert stored["Body"] == b"12345"
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    assert ["content-length-range", 5, 5] in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert {"key": "uploads/hero"} in policy["conditions"]


def test_memory_uploads_return_the_same_members() -> None:
    uploads: Uploads = MemoryUploads("http://uploads.test", lambda: 1_795_341_600)
    form = uploads.presign("uploads/hero", "image/png", 5)
    assert set(form) == {"url", "method", "fields", "expires_at"}
    assert form["fields"]["key"] == "uploads/hero"
