"""How many Lambdas the account may run at once, and what that means for a send."""

from dataclasses import dataclass
from typing import Any

MIN_UNRESERVED = 100  # Lambda keeps this many unreserved, so no cap may reach into them
FIRST_OPENS_PER_SECOND = 5  # of one environment: a full first open takes about 0.2 s


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """The account's limit in this region, and what of it no function has reserved."""

    limit: int
    unreserved: int

    @classmethod
    def read(cls, client: Any) -> "ConcurrencyLimits":
        """Ask Lambda: `client` has boto3's method names."""
        limits = client.get_account_settings()["AccountLimit"]
        return cls(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])

    def allowed_reservation(self, requested: int, *, reserved: int = 0) -> int:
        """The cap for `api`: as wanted, or none (0) where the account has no room for one.

        `reserved` is what this stack has reserved already.
        """
        return requested if self.unreserved + reserved - requested >= MIN_UNRESERVED else 0

    def summary(self) -> str:
        """For people."""
        rate = self.limit * FIRST_OPENS_PER_SECOND
        advice = "" if self.limit >= 1000 else " Ask for 1,000 or more before a large send."
        return (
            f"This account may run {self.limit:,} Lambdas at once, {self.unreserved:,} of them "
            f"unreserved: about {rate:,} first opens a second.{advice}"
        )
