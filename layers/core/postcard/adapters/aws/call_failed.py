"""A call to AWS that failed, whichever client made it.

`boto.py` and `lean.py` both offer boto3's method names and raise `CallFailed`, so the adapters
neither know nor import either of them.
"""

from collections.abc import Mapping
from typing import Any

from postcard.errors import ServiceUnavailable

CORRUPT_BODY = "BodyCut"  # a body that ended early or does not match its checksum
UNREACHABLE = "Unreachable"


class AwsCallFailed(ServiceUnavailable):
    """`aws_code` is AWS's name for the fault, `aws_status` HTTP's (0: no answer at all).

    Whoever called us is told 503, whatever AWS told us.
    `answer` is what came with it, such as the item that a condition did not hold for.
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
        """For the log; `detail` is what callers see."""
        return f"{self.operation}: {self.aws_code} ({self.aws_status or 'no answer'})"
