"""Files in an S3 bucket: read in ranges, written in parts. Needs boto3's client."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.adapters.aws.objects import (
    ALREADY_EXISTS_CODES,
    NOT_FOUND_CODES,
    delete_objects,
    list_objects,
)
from postcard.errors import Conflict
from postcard.ports import FileChanged, FileHead

CHANGED_CODES = ("PreconditionFailed", "412", *NOT_FOUND_CODES)
BEHIND_THE_END_CODES = ("InvalidRange", "416")
NO_UPLOAD_CODE = "NoSuchUpload"


class S3FileStore:
    """Files by key, in one bucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def head(self, key: str) -> FileHead | None:
        """What is known of the file, or None."""
        try:
            response = self._client.head_object(Bucket=self._bucket, Key=key)
        except AwsCallFailed as failure:
            if failure.aws_code in NOT_FOUND_CODES:
                return None
            raise
        return FileHead(key, response["ContentLength"], response["ETag"])

    def read(self, key: str, start: int, length: int, *, etag: str | None = None) -> bytes:
        """Up to `length` bytes from `start`; `FileChanged` if the file has another ETag."""
        if length <= 0:
            return b""
        arguments = {"IfMatch": etag} if etag else {}
        byte_range = f"bytes={start}-{start + length - 1}"
        try:
            response = self._client.get_object(
                Bucket=self._bucket, Key=key, Range=byte_range, **arguments
            )
        except AwsCallFailed as failure:
            if failure.aws_code in BEHIND_THE_END_CODES:
                return b""
            if failure.aws_code in CHANGED_CODES:
                raise FileChanged(f"The file {key} is not what it was.") from failure
            raise
        body: bytes = response["Body"]
        return body

    def write(self, key: str, body: bytes, content_type: str) -> None:
        """Write a whole file, in the place of any other."""
        self._put(key, body, content_type)

    def write_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        """Write unless the key exists; whether it was written. Of two writers one gets True.

        A call without response is repeated, so the file that exists may be this writer's own.
        """
        try:
            self._put(key, body, content_type, IfNoneMatch="*")
        except AwsCallFailed as failure:
            if failure.aws_code in ALREADY_EXISTS_CODES:
                return False
            raise
        return True

    def _put(self, key: str, body: bytes, content_type: str, **more: str) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            ContentMD5=_md5(body),
            **more,
        )

    def list(self, prefix: str) -> Iterator[FileHead]:
        """The files whose keys begin with `prefix`, in order."""
        for entry in list_objects(self._client, self._bucket, prefix):
            yield FileHead(entry["Key"], entry["Size"], entry["ETag"])

    def delete(self, keys: Sequence[str]) -> None:
        """Remove the files that exist."""
        delete_objects(self._client, self._bucket, keys)

    def begin_upload(self, key: str, content_type: str) -> str:
        """Begin to write a file in parts; returns the upload's id."""
        response = self._client.create_multipart_upload(
            Bucket=self._bucket, Key=key, ContentType=content_type
        )
        upload_id: str = response["UploadId"]
        return upload_id

    def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write the part with this number, from 1 to 10,000; returns its ETag."""
        with _conflict_without_upload():
            response = self._client.upload_part(
                **self._part(key, upload_id, number), Body=body, ContentMD5=_md5(body)
            )
        etag: str = response["ETag"]
        return etag

    def copy_part(self, key: str, upload_id: str, number: int, source_key: str) -> str:
        """Make a whole file a part, without downloading it; returns the part's ETag."""
        source = {"Bucket": self._bucket, "Key": source_key}
        try:
            with _conflict_without_upload():
                response = self._client.upload_part_copy(
                    **self._part(key, upload_id, number), CopySource=source
                )
        except AwsCallFailed as failure:
            if failure.aws_code in NOT_FOUND_CODES:
                raise FileChanged(f"The file {source_key} is not there.") from failure
            raise
        etag: str = response["CopyPartResult"]["ETag"]
        return etag

    def complete_upload(self, key: str, upload_id: str, etags: Sequence[str]) -> None:
        """Put the parts together, in the order of their numbers."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        with _conflict_without_upload():
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Remove the parts of an upload that is not complete, if it exists."""
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except AwsCallFailed as failure:
            if failure.aws_code != NO_UPLOAD_CODE:
                raise

    def download_url(self, key: str, *, filename: str, expires_in: int) -> str:
        """A presigned URL of a GET, valid for `expires_in` seconds; the file is saved, not shown.

        `filename` is in ASCII, without quotes.
        """
        url: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=expires_in,
        )
        return url

    def _part(self, key: str, upload_id: str, number: int) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": key, "UploadId": upload_id, "PartNumber": number}


@contextmanager
def _conflict_without_upload() -> Iterator[None]:
    """A `Conflict` in place of S3's error for an upload that is complete, or was aborted."""
    try:
        yield
    except AwsCallFailed as failure:
        if failure.aws_code == NO_UPLOAD_CODE:
            raise Conflict("There is no such upload.") from failure
        raise


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
