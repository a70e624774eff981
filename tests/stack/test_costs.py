"""Tests of the list prices, and of the figures in the documents that follow from them."""

from decimal import Decimal
from pathlib import Path

import pytest

from deploy.costs import ALARM_METRICS, DOCUMENTS, METRICS, with_table
from deploy.template_check import SamDocument
from image.access_log import emf_metrics
from postcard.prices.prices import (
    CHUNK_ROWS,
    PICTURE_BYTES,
    REGIONS,
    RENDER_MS,
    batch_units,
    dollars,
    price_region,
    price_table,
)
from postcard.prices.usage_costs import (
    picture_units,
    usage_dollars,
    usage_dollars_by_line,
    usage_units,
)

MILLION = 1_000_000


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_the_documents_have_the_prices_of_the_table(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "| a million first opens" in text
    assert with_table(text) == text, "run `python -m deploy.costs --write`"


def test_every_price_has_a_source_and_both_regions() -> None:
    table = price_table()
    for name, line in table["lines"].items():
        assert line["source"] in table["sources"], name
        assert all(line[region] >= 0 and line["per"] >= 1 for region in REGIONS), name


def test_a_million_first_opens_cost_about_twenty_dollars_and_half_of_it_unstored() -> None:
    stored, unstored = (
        sum(dollars(picture_units(drawn=MILLION, stored=each)).values()) for each in (True, False)
    )
    assert 19 < stored < 21
    assert Decimal("0.5") < unstored / stored < Decimal("0.55")


def test_prices_are_exact_and_zero_usage_costs_nothing() -> None:
    assert dollars({"s3_put": 1}) == {"s3_put": Decimal("0.000005")}
    assert dollars({"s3_put": 0}) == {}
    with pytest.raises(KeyError):
        dollars({"s3_putt": 1})


def test_metrics_and_alarms_are_counted_as_aws_bills_them(template: SamDocument) -> None:
    alarms = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    ]
    of_alarms = sum(
        sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1 for alarm in alarms
    )
    assert of_alarms == ALARM_METRICS
    (of_service, *_) = emf_metrics({"bytes": 1}, 200, 1.0)["_aws"]["CloudWatchMetrics"]
    assert len(of_service["Metrics"]) < METRICS


def test_counted_usage_costs_what_the_documents_say_of_as_many_pictures() -> None:
    counts = {
        "first_opens": MILLION,
        "bytes": MILLION * PICTURE_BYTES,
        "stored_bytes": MILLION * PICTURE_BYTES,
        "duration_ms": MILLION * RENDER_MS,
    }
    for region in REGIONS:
        for stored in (True, False):
            expected = dollars(picture_units(drawn=MILLION, stored=stored), region)
            assert usage_dollars_by_line(counts, region, stored=stored) == expected


def test_the_access_log_replaces_the_guess_that_a_drawn_picture_was_sent_once() -> None:
    counts = {"first_opens": 10, "bytes": 10 * PICTURE_BYTES, "duration_ms": 800}
    before = usage_units(counts)
    of_first_opens = usage_units(counts | {"misses": 10, "sent_bytes": 10 * PICTURE_BYTES})
    with_hits = usage_units(counts | {"misses": 10, "hits": 90, "sent_bytes": 100 * PICTURE_BYTES})
    assert before == of_first_opens
    assert with_hits["cloudfront_request"] == 100
    assert with_hits["cloudfront_gb"] == 10 * before["cloudfront_gb"]
    assert with_hits["s3_get"] == before["s3_get"] == 10
    assert usage_dollars(counts | {"refusals": 7}) > usage_dollars(counts)
    assert usage_units(counts | {"refusals": 7})["cloudfront_request"] == 17


def test_links_of_a_batch_cost_less_than_those_of_single_calls_and_nothing_costs_nothing() -> None:
    assert usage_dollars({}) == 0
    single = usage_dollars({"links": MILLION})
    work = {"batches": 1, "batch_chunks": MILLION // CHUNK_ROWS}
    batch = usage_dollars({"links": MILLION, "batch_links": MILLION, **work})
    assert batch == sum(dollars(batch_units(rows=MILLION)).values())
    assert batch < single / 5
    assert price_region("ap-southeast-2") == REGIONS[0] and price_region(None) == REGIONS[0]
