"""The exception for a failed AWS call.

`boto_client.py` and `light_client.py` both have boto3's method names and raise it, so the adapters
work with either.
"""

from collections.abc import Mapping
from typing import Any

from postcard.errors import ServiceUnavailable

CORRUPT_BODY = "CorruptBody"  # a body that ended early, is malformed or does not match its checksum
UNREACHABLE = "Unreachable"  # no response, or none in time


class AwsCallFailed(ServiceUnavailable):
    """A call to AWS failed; callers of the API get 503, whatever AWS responded.

    `aws_code` is AWS's error code or a constant of this module, `aws_status` the HTTP status (0: no
    response) and `response` the error's members, such as the item that failed a condition.
    """

    def __init__(
        self,
        operation: str,
        aws_code: str,
        aws_status: int = 0,
        response: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("A store did not answer: try again.", headers={"Retry-After": "2"})
        self.operation = operation
        self.aws_code = aws_code
        self.aws_status = aws_status
        self.response = response or {}

    def __str__(self) -> str:
        """The text for the log; callers see `detail`."""
        return f"{self.operation}: {self.aws_code} ({self.aws_status or 'no response'})"
