"""Reads the AWS account's limit of concurrent Lambda executions, which bounds a large send."""

from dataclasses import dataclass
from typing import Any

MIN_UNRESERVED = 100  # Lambda requires that this many executions stay unreserved
FIRST_OPENS_PER_SECOND = 5  # of one Lambda environment: a first open takes about 0.2 s


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """The account's limit in this region, and the part that no function has reserved."""

    limit: int
    unreserved: int

    @classmethod
    def read(cls, client: Any) -> "ConcurrencyLimits":
        """Read the limits with boto3's Lambda client."""
        limits = client.get_account_settings()["AccountLimit"]
        return cls(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])

    def allowed_reservation(self, requested: int, *, reserved: int = 0) -> int:
        """The requested concurrency, or 0 (none) if the account's limit does not allow it.

        `reserved` is what this stack has already reserved.
        """
        return requested if self.unreserved + reserved - requested >= MIN_UNRESERVED else 0

    @property
    def alarm_threshold(self) -> int:
        """The concurrent executions that raise an alarm: 80 % of the limit."""
        return max(1, self.limit * 4 // 5)

    def summary(self) -> str:
        """The limits as a sentence, with advice if they are low."""
        rate = self.limit * FIRST_OPENS_PER_SECOND
        advice = "" if self.limit >= 1000 else " Ask AWS for 1,000 or more before a large send."
        return (
            f"This AWS account can run {self.limit:,} Lambda functions at once, {self.unreserved:,}"
            f" of them unreserved: about {rate:,} first opens a second.{advice}"
        )
