"""The CloudFront KeyValueStore that the edge function reads.

Its API requires SigV4A signatures (botocore needs awscrt for them) and, for a write, the current
ETag of the store.
"""

from typing import Any

from postcard.adapters.aws.call_failed import AwsCallFailed

MAX_ATTEMPTS = 5
CONFLICT_CODES = ("ConflictException", "PreconditionFailed")


class CloudFrontEdgeStore:
    """Entries, through boto3's `cloudfront-keyvaluestore` client."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def read(self, name: str) -> str | None:
        """The entry, or None."""
        try:
            return str(self._client.get_key(KvsARN=self._arn, Key=name)["Value"])
        except AwsCallFailed as failure:
            if failure.aws_code == "ResourceNotFoundException":
                return None
            raise

    def write(self, name: str, text: str) -> None:
        """Replace the entry; retried if the store was changed meanwhile."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            etag = self._client.describe_key_value_store(KvsARN=self._arn)["ETag"]
            try:
                self._client.put_key(KvsARN=self._arn, Key=name, Value=text, IfMatch=etag)
                return
            except AwsCallFailed as failure:
                if attempt == MAX_ATTEMPTS or failure.aws_code not in CONFLICT_CODES:
                    raise
