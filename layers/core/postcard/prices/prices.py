"""AWS's list prices, and what pictures use of the services that have one."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

REGIONS = ("us-east-1", "eu-west-1")
LAMBDA_GB = Decimal("1.728")  # of a function with 1,769 MB
RENDER_MS = 80  # billed, warm
PICTURE_BYTES = 60_000
LOG_BYTES = 1_900  # of one drawn picture: its log line and its metrics
ACCESS_LOG_BYTES = 320  # API Gateway's line about one call
STORED_DAYS = Decimal(90)
DAYS_IN_A_MONTH = Decimal("30.4")
CHUNK_ROWS = 20_000  # of a batch of links
BATCH_ROWS_PER_SECOND = 15_000  # of one worker, with its start
BATCH_DAYS = Decimal(7)

Units = Mapping[str, Decimal | int]


@cache
def price_table() -> dict[str, Any]:
    """The whole table: `dated`, `sources`, and `lines` by name."""
    text = files(__package__).joinpath("list_prices.json").read_text("utf-8")
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


def price_region(region: str | None) -> str:
    """The region of the table whose prices stand for a stack's region: its own, or the first."""
    return region if region in REGIONS else REGIONS[0]


def cost_by_region(units: Units) -> dict[str, Any]:
    """US dollars of all lines together, by region, with the day of the list prices."""
    return {
        "prices_of": price_table()["dated"],
        "dollars": {
            region: round(float(sum(dollars(units, region).values(), Decimal(0))), 2)
            for region in REGIONS
        },
    }


def batch_units(
    *,
    rows: int,
    chunks: int | None = None,
    batches: int = 1,
    row_bytes: int = 64,
    result_bytes: int = 285,
) -> Units:
    """What batches of links use, without the download of their results.

    A chunk is one child of the map: two transitions, one call, one part and one part of the report.
    `chunks` None: those of one batch with so many rows.
    """
    if chunks is None:
        chunks = -(-rows // CHUNK_ROWS)
    gigabytes = Decimal(rows * (row_bytes + result_bytes)) / 10**9
    return {
        "step_transition": 2 * chunks + 10 * batches,
        "lambda_request": chunks + 2 * batches,
        "lambda_gb_second_arm64": Decimal(rows) / BATCH_ROWS_PER_SECOND * LAMBDA_GB,
        "s3_put": 3 * chunks + 10 * batches,  # parts, reports, the copies into the result
        "s3_get": 4 * chunks + 100 * batches,
        "s3_gb_month": gigabytes * BATCH_DAYS / DAYS_IN_A_MONTH,
        "dynamodb_rru": 2 * chunks,
        "dynamodb_wru": 3 * chunks + 10 * batches,
    }
