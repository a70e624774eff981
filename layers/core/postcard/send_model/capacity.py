"""How many first opens a second each AWS service takes, by arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from postcard.adapters.aws.templates import RECORD_COPIES
from postcard.adapters.aws.usage import SHARDS
from postcard.budgets.render_budget import renders_in_a_write
from postcard.send_model.assumptions import Assumptions

# Of the eight copies of a template's record, so many may lie in one of the four partitions of a new
# table: for 98 of 100 templates it is no more. The same holds for the eight keys of a day's usage.
COPIES_IN_ONE_PARTITION = 5


@dataclass(frozen=True)
class Bound:
    """What one service takes, and what a reader gets past it."""

    service: str
    opens_per_second: float
    past_it: str
    shows_pictures: bool  # past it, too


def bounds(
    assumptions: Assumptions,
    concurrency: int,
    *,
    daily_renders: int | None = None,
    merge_renders: int | None = None,
) -> list[Bound]:
    """The bounds of first opens of one template, the smallest first.

    `concurrency` is what `image` may use. `merge_renders`: all opens are of one merge link, which
    has this limit a day.
    """
    limits, seconds = assumptions.limits, assumptions.warm_open_seconds
    gets = limits["s3_gets"] / assumptions.opens["s3_gets_per_first_open"]
    reads = RECORD_COPIES * limits["dynamodb_partition_reads"]
    writes = limits["dynamodb_partition_writes"]
    requests = concurrency * limits["lambda_requests_per_environment"]
    fallback = "the fallback picture for a minute"
    unstored = "the picture, not stored: a later open draws it again"
    uncounted = "the picture; processes count for themselves"
    late = "the picture; its usage is counted with a later one"
    usage = SHARDS * writes
    found = [
        Bound("Lambda: concurrent executions", concurrency / seconds, fallback, False),
        Bound("Lambda: requests", requests, fallback, False),
        Bound("API Gateway: requests", limits["api_gateway_requests"], "no picture (429)", False),
        Bound("CloudFront: requests", limits["cloudfront_requests"], "no picture (503)", False),
        Bound("S3: PUT in one prefix", limits["s3_puts"], unstored, True),
        Bound("S3: GET in one prefix", gets, "the picture, drawn again", True),
        Bound("DynamoDB: record of one template", reads, unstored, True),
        Bound("DynamoDB: record, in a new table", reads / COPIES_IN_ONE_PARTITION, unstored, True),
        Bound("DynamoDB: usage", usage, late, True),
        Bound("DynamoDB: usage, in a new table", usage / COPIES_IN_ONE_PARTITION, late, True),
        Bound(
            "DynamoDB: template's counter",
            writes * renders_in_a_write(daily_renders),
            uncounted,
            True,
        ),
    ]
    if merge_renders is not None:
        rate = writes * renders_in_a_write(merge_renders)
        found.append(Bound("DynamoDB: merge link's counter", rate, uncounted, True))
    return sorted(found, key=lambda bound: bound.opens_per_second)


def opens_with_pictures(bounds: Sequence[Bound]) -> Bound:
    """The bound past which some readers get no picture of their own."""
    return next(bound for bound in bounds if not bound.shows_pictures)
