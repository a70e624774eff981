"""Objects in an S3 bucket. The role needs s3:ListBucket: without it a missing key is a 403."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from postcard.adapters.aws.call_failed import CORRUPT_BODY, AwsCallFailed
from postcard.ports import ListedObject, Page, StoredObject
from postcard.runtime.lazy_regex import lazy_regex

MAX_DELETE_KEYS = 1000  # in one call
NOT_FOUND_CODES = ("NoSuchKey", "404", "NotFound")
ALREADY_EXISTS_CODES = ("PreconditionFailed", "ConditionalRequestConflict")  # of If-None-Match
MD5_ETAG = lazy_regex(r'"[0-9a-f]{32}"')


class S3ObjectStore:
    """Objects, through a client with S3's method names."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        """The object, or None. A corrupt body is read once more."""
        try:
            return self._get(key, deadline)
        except AwsCallFailed as failure:
            if failure.aws_code != CORRUPT_BODY:
                raise
        return self._get(key, deadline)

    def _get(self, key: str, deadline: float | None) -> StoredObject | None:
        try:
            response = self._client.get_object(Bucket=self._bucket, Key=key, deadline=deadline)
        except AwsCallFailed as failure:
            if failure.aws_code in NOT_FOUND_CODES:
                return None
            raise
        body, etag = response["Body"], response.get("ETag", "")
        if MD5_ETAG.fullmatch(etag) and etag != f'"{_md5(body).hex()}"':
            raise AwsCallFailed("get_object", CORRUPT_BODY, 200)
        expires = response.get("ExpiresString")
        return StoredObject(
            body=body,
            content_type=response.get("ContentType", ""),
            etag=etag,
            cache_control=response.get("CacheControl", ""),
            expires=int(parsedate_to_datetime(expires).timestamp()) if expires else None,
            metadata=response.get("Metadata", {}),
        )

    def put(self, key: str, stored: StoredObject) -> None:
        """Replace the object; S3 checks the MD5 of the bytes."""
        self._client.put_object(Bucket=self._bucket, Key=key, **_put_arguments(stored))

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """Store the object unless there is one; whether it was stored."""
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, IfNoneMatch="*", **_put_arguments(stored)
            )
        except AwsCallFailed as failure:
            if failure.aws_code in ALREADY_EXISTS_CODES:
                return False
            raise
        return True

    def delete(self, keys: Sequence[str]) -> None:
        """Remove the objects that exist."""
        if len(keys) == 1:
            self._client.delete_object(Bucket=self._bucket, Key=keys[0])
            return
        delete_objects(self._client, self._bucket, keys)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, in order."""
        return (entry["Key"] for entry in list_objects(self._client, self._bucket, prefix))

    def page(self, prefix: str, *, after: str, limit: int) -> Page[ListedObject]:
        """At most `limit` objects whose keys begin with `prefix`, in order, behind key `after`."""
        response = self._client.list_objects_v2(
            Bucket=self._bucket, Prefix=prefix, StartAfter=after, MaxKeys=limit
        )
        listed = [
            ListedObject(entry["Key"], entry["LastModified"].timestamp())
            for entry in response.get("Contents", ())
        ]
        is_last = not response.get("IsTruncated") or not listed
        return Page(listed, None if is_last else listed[-1].key)


def delete_objects(client: Any, bucket: str, keys: Sequence[str]) -> None:
    """Remove the objects that exist, in as few calls as S3 allows."""
    for start in range(0, len(keys), MAX_DELETE_KEYS):
        batch = [{"Key": key} for key in keys[start : start + MAX_DELETE_KEYS]]
        response = client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if errors := response.get("Errors"):
            raise AwsCallFailed("delete_objects", errors[0].get("Code", "Unknown"), 200)


def list_objects(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """What S3 lists of all objects whose keys begin with `prefix`, in order."""
    continuation: dict[str, str] = {}
    while True:
        response = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **continuation)
        yield from response.get("Contents", ())
        if not response.get("IsTruncated"):
            return
        continuation = {"ContinuationToken": response["NextContinuationToken"]}


def _put_arguments(stored: StoredObject) -> dict[str, Any]:
    """The arguments of PutObject but bucket and key."""
    arguments: dict[str, Any] = {
        "Body": stored.body,
        "ContentType": stored.content_type,
        "ContentDisposition": "inline",
        "ContentMD5": base64.b64encode(_md5(stored.body)).decode(),
        "Metadata": dict(stored.metadata),
    }
    if stored.cache_control:
        arguments["CacheControl"] = stored.cache_control
    if stored.expires is not None:
        arguments["Expires"] = datetime.fromtimestamp(stored.expires, UTC)
    return arguments


def _md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()
