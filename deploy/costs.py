"""Writes the tables of costs in README.md and docs/operate.md from AWS's list prices.

python -m deploy.costs          # print the figures, line by line
python -m deploy.costs --write  # write the tables
"""

import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from postcard.prices.prices import (
    REGIONS,
    Units,
    batch_units,
    dollars,
    price_table,
)
from postcard.prices.usage_costs import picture_units

MILLION = 1_000_000
METRICS = 35  # of both functions, with the reasons of fallbacks
ALARM_METRICS = 36  # CloudWatch bills each metric of an alarm
ATHENA_QUERIES = 24 * 30  # of the access log; each is billed as 10 MB at least
QUEUES = 3  # that call functions
IDLE_POLLS = QUEUES * 5 * 3 * 60 * 24 * 30  # five times at once, each for 20 s
TICKS = 60 * 24 * 30  # calls of a function each minute in a month
STATUS_COPIES = TICKS // 5  # of the history, by the status function
STATUS_UNITS: Units = {  # of the status function in a month, without Lambda
    "scheduler_invocation": TICKS,
    "dynamodb_rru": 3 * TICKS + 36 * STATUS_COPIES,  # a copy reads ninety days
    "dynamodb_wru": Decimal("1.5") * TICKS,
    "s3_get": 2 * TICKS + STATUS_COPIES,
    "s3_put": 3 * STATUS_COPIES,
    "logs_gb": Decimal(TICKS * 400) / 10**9,
}
CASES: dict[str, Units] = {
    "a million first opens, stored for 90 days": picture_units(drawn=MILLION),
    "a million first opens, `StoreRenders=never`": picture_units(drawn=MILLION, stored=False),
    "a million further opens from the CDN": picture_units(drawn=0, hits=MILLION),
    "a million links by a batch": batch_units(rows=MILLION),
    "a month of a stack that nobody uses": {
        "metric_month": METRICS,
        "alarm_month": ALARM_METRICS,
        "secret_month": 1,
        "sqs_request": IDLE_POLLS,
        "lambda_request": 2 * TICKS,  # of the webhook and status functions, of 20 and 250 ms
        "lambda_gb_second_arm64": TICKS * (Decimal("0.02") / 2 + Decimal("0.25") / 4),
        "athena_tb": Decimal(ATHENA_QUERIES * 10) / 10**6,
        **STATUS_UNITS,
    },
}
# Lines of the table that are shown together, and their name in the documents.
GROUPS = {
    "transfer": ("cloudfront_gb",),
    "CloudFront's requests": ("cloudfront_request", "edge_function", "kvs_read"),
    "storage in S3": ("s3_put", "s3_get", "s3_gb_month"),
    "Lambda and API Gateway": (
        "http_api_request", "lambda_request", "lambda_gb_second_arm64", "lambda_gb_second_x86_64",
    ),
    "DynamoDB": ("dynamodb_rru", "dynamodb_wru"),
    "SQS": ("sqs_request",),
    "Scheduler": ("scheduler_invocation",),
    "Step Functions": ("step_transition",),
    "logs, metrics, alarms, secret": (
        "logs_gb", "logs_gb_month", "metric_month", "alarm_month", "secret_month", "athena_tb",
    ),
}  # fmt: skip
DOCUMENTS = (Path("README.md"), Path("docs/operate.md"))
BEGIN, END = "<!-- costs -->", "<!-- end of costs -->"


def amount(price: Decimal) -> str:
    """A price as people read it: `20.10`, `0.03`."""
    return f"{price:.2f}"


def table() -> str:
    """The table of all cases in Markdown, in US dollars."""
    dated = price_table()["dated"]
    head = f"| US dollars, list prices of {dated} | " + " | ".join(REGIONS) + " | of which |\n"
    rows = [head, "|---|---|---|---|\n"]
    for name, units in CASES.items():
        totals = [amount(sum(dollars(units, region).values(), Decimal(0))) for region in REGIONS]
        rows.append(f"| {name} | {' | '.join(totals)} | {_parts(units)} |\n")
    return "".join(rows)


def _parts(units: Units) -> str:
    lines = dollars(units)
    sums = {
        name: sum((lines.get(line, Decimal(0)) for line in members), Decimal(0))
        for name, members in GROUPS.items()
    }
    shown = sorted((each for each in sums.items() if each[1] >= Decimal("0.05")), key=_negative)
    return ", ".join(f"{name} {amount(price)}" for name, price in shown)


def _negative(each: tuple[str, Decimal]) -> Decimal:
    return -each[1]


def with_table(text: str) -> str:
    """A document with the table as it is now between its two markers."""
    marked = re.compile(f"({re.escape(BEGIN)}\n).*?({re.escape(END)})", re.S)
    return marked.sub(lambda match: f"{match[1]}{table()}{match[2]}", text)


def main(arguments: Sequence[str]) -> int:
    """Print every line of every case, or write the documents."""
    if arguments == ["--write"]:
        for path in DOCUMENTS:
            path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    for name, units in CASES.items():
        print(name)
        for line, price in sorted(dollars(units).items(), key=_negative):
            print(f"  {line:24} {amount(price):>8}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
