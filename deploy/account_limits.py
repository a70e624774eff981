"""How many Lambdas the account may run at once, and what that means for a send."""

from dataclasses import dataclass
from typing import Any

KEPT_FREE = 100  # Lambda keeps this many unreserved, so no cap may reach into them
FIRST_OPENS_A_SECOND = 5  # of one environment: a full first open takes about 0.2 s


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The account's limit in this region, and what of it no function has reserved."""

    limit: int
    unreserved: int

    @classmethod
    def read(cls, client: Any) -> "Concurrency":
        """Ask Lambda: `client` has boto3's method names."""
        limits = client.get_account_settings()["AccountLimit"]
        return cls(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])

    def cap(self, wanted: int, *, reserved: int = 0) -> int:
        """The cap for `api`: as wanted, or none (0) where the account has no room for one.

        `reserved` is what this stack has reserved already.
        """
        return wanted if self.unreserved + reserved - wanted >= KEPT_FREE else 0

    def sentence(self) -> str:
        """For people."""
        rate = self.limit * FIRST_OPENS_A_SECOND
        advice = "" if self.limit >= 1000 else " Ask for 1,000 or more before a large send."
        return (
            f"This account may run {self.limit:,} Lambdas at once, {self.unreserved:,} of them "
            f"unreserved: about {rate:,} first opens a second.{advice}"
        )
