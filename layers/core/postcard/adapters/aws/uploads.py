"""Presigned POST forms for uploads to S3: for one key, one content type and one size."""

import time
from collections.abc import Callable
from typing import Any

from postcard.host_patterns import url_origin
from postcard.ports import UPLOAD_LIFETIME_SECONDS, JsonObject
from postcard.timestamps import format_rfc3339


class S3Uploads:
    """Signs forms with the credentials of boto3's client."""

    def __init__(self, client: Any, bucket: str, *, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._bucket = bucket
        self._now = now

    def presign(self, key: str, content_type: str, size: int) -> JsonObject:
        """A form of `fields`, sent with `file` as multipart/form-data; S3 checks its size."""
        form = self._client.generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
            ExpiresIn=UPLOAD_LIFETIME_SECONDS,
        )
        return {
            "url": form["url"],
            "method": "POST",
            "fields": form["fields"],
            "expires_at": format_rfc3339(self._now() + UPLOAD_LIFETIME_SECONDS),
        }

    def origin(self) -> str:
        """The origin that boto3 chooses for the bucket's forms; no call is made."""
        return url_origin(str(self.presign("origin", "text/plain", 1)["url"]))
