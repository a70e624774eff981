"""The price of a sum of rows is the sum of their prices, whatever the access log tells of each."""

import random
from decimal import Decimal

import pytest

from postcard.prices.usage_costs import usage_dollars, usage_dollars_by_line
from postcard.usage.billed_counts import billed_counts, with_unlogged
from postcard.usage.usage_counts import Counts, add_counts

DRAWN = {"first_opens": 10, "redraws": 2, "bytes": 60_000, "duration_ms": 900}


def random_row(chance: random.Random) -> Counts:
    """A row of which the log tells everything, something or nothing."""
    first, redraws, fallbacks = (chance.randrange(50) for _ in range(3))
    row = {"first_opens": first, "redraws": redraws, "fallback_source": fallbacks, "links": first}
    row |= {"bytes": first * 1_000 + redraws * 9_000, "stored_bytes": first * 1_000}
    row |= {"duration_ms": first * 80, "drawn_ahead": 5, "heads": chance.randrange(5)}
    if chance.random() < 0.3:
        row |= {"links": 900 + first, "batch_links": 900, "batches": 1, "batch_chunks": 2}
    match chance.randrange(3):
        case 0:
            row |= {"misses": first + redraws + fallbacks, "hits": chance.randrange(900)}
            row["sent_bytes"] = (row["misses"] + row["hits"]) * 1_000
        case 1:
            row |= {"misses": chance.randrange(30), "hits": chance.randrange(30)}
            row["sent_bytes"] = (row["misses"] + row["hits"]) * 1_000
    return row


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_price_of_a_sum_is_the_sum_of_the_prices(seed: int, stored: bool) -> None:
    chance = random.Random(seed)
    rows = [random_row(chance) for _ in range(200)]
    sums: Counts = {}
    for row in rows:
        add_counts(sums, with_unlogged(row))
    prices = sum((usage_dollars(billed_counts(row), stored=stored) for row in rows), Decimal(0))
    of_sum = usage_dollars(billed_counts(sums), stored=stored)
    assert of_sum == pytest.approx(prices, rel=Decimal(10) ** -20)


def test_each_drawn_picture_counts_as_sent_once_while_the_log_tells_nothing() -> None:
    billed = billed_counts({**DRAWN, "fallback_budget": 3, "fallback_missing_required": 2})
    assert (billed["misses"], billed["hits"], billed["sent_bytes"]) == (15, 0, 60_000)
    assert billed["fallbacks"] == 3, "the others were first opens or redraws as well"


def test_what_the_log_tells_stands_where_it_is_more() -> None:
    log = {"misses": 12, "hits": 88, "sent_bytes": 500_000}
    billed = billed_counts({**DRAWN, **log})
    assert {name: billed[name] for name in log} == log


@pytest.mark.parametrize("name", ["heads", "failures"])
def test_a_picture_that_a_head_or_a_failed_request_drew_is_one_request(name: str) -> None:
    billed = billed_counts(
        {"first_opens": 3, "misses": 2, name: 1, "bytes": 900, "sent_bytes": 900}
    )
    assert billed["misses"] + billed["hits"] + billed["refusals"] == 3


def test_a_picture_that_was_drawn_ahead_is_not_sent_until_it_is_fetched() -> None:
    ahead = {"drawn_ahead": 4, "bytes": 20_000, "ahead_bytes": 20_000}
    billed = billed_counts(ahead)
    assert (billed["misses"], billed["sent_bytes"]) == (0, 0)


def test_a_row_and_a_sum_may_be_completed_twice() -> None:
    once = with_unlogged({**DRAWN, "hits": 3})
    assert with_unlogged(once) == once


def test_a_picture_that_was_drawn_ahead_costs_its_drawing_and_its_storing() -> None:
    ahead = {"images": 1, "drawn_ahead": 1, "bytes": 9_000, "ahead_bytes": 9_000}
    lines = usage_dollars_by_line(billed_counts({**ahead, "duration_ms": 80}))
    assert {"lambda_request", "http_api_request", "lambda_gb_second_arm64", "s3_put"} <= set(lines)
    assert not any(name.startswith("cloudfront") for name in lines), "nobody has fetched it yet"
