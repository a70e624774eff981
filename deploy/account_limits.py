"""Reads the AWS account's limit of concurrent Lambda executions, which bounds a large send."""

from dataclasses import dataclass
from typing import Any

from postcard.send_model.assumptions import read_assumptions
from postcard.send_model.capacity import bounds, opens_with_pictures

MIN_UNRESERVED = 100  # Lambda requires that this many executions stay unreserved
LARGE_SEND = 5_000  # first opens a second
LISTED_BOUNDS = 5


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

    def for_images(self, requested: int, *, reserved: int = 0) -> int:
        """The executions that `image` can use once this stack reserves `requested` for others."""
        allowed = self.allowed_reservation(requested, reserved=reserved)
        return max(1, self.unreserved + reserved - allowed)

    def summary(self, requested: int = 0, *, reserved: int = 0) -> str:
        """What limits a large send, the smallest limit first, with advice if it is low.

        An estimate for first opens of one template: docs/large-sends.md.
        """
        usable, assumptions = self.for_images(requested, reserved=reserved), read_assumptions()
        found = bounds(assumptions, usable)
        smallest = opens_with_pictures(found)
        lines = [
            f"This AWS account can run {self.limit:,} Lambda functions at once. Pictures can use"
            f" {usable:,} of them, if no other function does.",
            "First opens of one template a second, estimated, and what a reader gets past that:",
            *(
                f"  {bound.opens_per_second:>7,.0f}  {bound.service}: {bound.past_it}"
                for bound in found[:LISTED_BOUNDS]
            ),
            f"Every reader gets the right picture up to {smallest.opens_per_second:,.0f} first"
            f" opens a second. The limit is {smallest.service}. Lambda starts at most 1,000"
            " environments in 10 s, so a send should begin slowly.",
        ]
        if smallest.opens_per_second < LARGE_SEND:
            needed = int(LARGE_SEND * assumptions.warm_open_seconds * 1.2)
            more = -(-(self.limit - usable + needed) // 100) * 100
            lines.append(
                f"Before a send with {LARGE_SEND:,} first opens a second, ask AWS for"
                f" {more:,} concurrent executions."
            )
        return "\n".join(lines)
