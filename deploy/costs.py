"""Writes the tables of costs in README.md and docs/operate.md from AWS's list prices.

python -m deploy.costs          # print the figures, line by line
python -m deploy.costs --write  # write the tables
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

REGIONS = ("us-east-1", "eu-west-1")
LAMBDA_GB = Decimal("1.728")  # of a function with 1,769 MB
RENDER_MS = 80  # billed, warm
PICTURE_BYTES = 60_000
LOG_BYTES = 1_900  # of one drawn picture: its log line and its metrics
ACCESS_LOG_BYTES = 320  # API Gateway's line about one call
STORED_DAYS = Decimal(90)
DAYS_IN_A_MONTH = Decimal("30.4")

Units = Mapping[str, Decimal | int]
PRICES = Path(__file__).with_name("list_prices.json")  # dated, with sources


def price_table() -> dict[str, Any]:
    """The whole table: `dated`, `sources`, and `lines` by name."""
    text = PRICES.read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return table


def dollars(units: Units, region: str = REGIONS[0]) -> dict[str, Decimal]:
    """US dollars of each line of the table. `KeyError` for an unknown line or region."""
    lines = price_table()["lines"]
    return {
        name: Decimal(number) * lines[name][region] / lines[name]["per"]
        for name, number in units.items()
        if number
    }


def picture_units(
    *,
    drawn: int,
    hits: int = 0,
    merge: int = 0,
    stored: bool = True,
) -> dict[str, Decimal | int]:
    """What so many first opens (`drawn`) and answers of the CDN (`hits`) use.

    `merge` of the first opens are of merge links. With `stored`, S3 keeps the pictures for 90 days.
    """
    requests = drawn + hits
    gigabytes = Decimal(drawn * PICTURE_BYTES) / 10**9
    log_gigabytes = Decimal(drawn * (LOG_BYTES + ACCESS_LOG_BYTES)) / 10**9
    units: dict[str, Decimal | int] = {
        "cloudfront_request": requests,
        "cloudfront_gb": Decimal(requests * PICTURE_BYTES) / 10**9,
        "edge_function": requests,
        "kvs_read": requests,
        "http_api_request": drawn,
        "lambda_request": drawn,
        "lambda_gb_second_arm64": Decimal(drawn * RENDER_MS) / 1000 * LAMBDA_GB,
        "dynamodb_rru": drawn,  # one strongly consistent read of a record below 4 KB
        "dynamodb_wru": Decimal(drawn) / 20 + Decimal(merge) / 200,  # leased counters
        "logs_gb": log_gigabytes,
        "logs_gb_month": log_gigabytes * Decimal("0.15"),  # compressed
    }
    if stored:
        units |= {
            "s3_get": drawn,  # CloudFront asks S3 first
            "s3_put": drawn,
            "s3_gb_month": gigabytes * STORED_DAYS / DAYS_IN_A_MONTH,
        }
    return units


MILLION = 1_000_000
METRICS = 35  # of both functions, with the reasons of fallbacks
ALARM_METRICS = 29  # CloudWatch bills each metric of an alarm
CHUNK_ROWS = 20_000  # of a batch of links
BATCH_ROWS_PER_SECOND = 15_000  # of one worker, with its start
BATCH_DAYS = Decimal(7)


def batch_units(*, rows: int, row_bytes: int = 64, result_bytes: int = 285) -> Units:
    """What a batch of links uses, without the download of its result.

    A chunk is one child of the map: two transitions, one call, one part and one part of the report.
    """
    chunks = -(-rows // CHUNK_ROWS)
    gigabytes = Decimal(rows * (row_bytes + result_bytes)) / 10**9
    return {
        "step_transition": 2 * chunks + 10,
        "lambda_request": chunks + 2,
        "lambda_gb_second_arm64": Decimal(rows) / BATCH_ROWS_PER_SECOND * LAMBDA_GB,
        "s3_put": 3 * chunks + 10,  # parts, reports, the copies into the result
        "s3_get": 4 * chunks + 100,
        "s3_gb_month": gigabytes * BATCH_DAYS / DAYS_IN_A_MONTH,
        "dynamodb_rru": 2 * chunks,
        "dynamodb_wru": 2 * chunks + 10,
    }


IDLE_POLLS = 5 * 3 * 60 * 24 * 30  # Lambda asks an empty queue five times at once for 20 s each
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
    "Step Functions": ("step_transition",),
    "logs, metrics, alarms, secret": (
        "logs_gb", "logs_gb_month", "metric_month", "alarm_month", "secret_month",
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
