"""`GET /v1/usage/report`: figures, plots and the table of the page, and the CSV."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

from postcard.adapters.memory import MemoryUsageStore
from postcard.ports import UsageKey
from tests.functions.in_memory_service import InMemoryService

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"  # by the service's clock
EXPIRES_AT = 2**31


class Counted(InMemoryService):
    """A service with counts that a test adds."""

    def count(self, day: str, template_id: str, campaign: str = "", **counts: int) -> None:
        self.tokens = getattr(self, "tokens", 0) + 1
        key = UsageKey(day, template_id, campaign)
        self.usage.add(key, counts, writer="w", token=f"{self.tokens:08}", expires_at=EXPIRES_AT)

    def report(self, query: str = "", **options: Any) -> Any:
        reply = self.call("GET", f"/v1/usage/report?{query}", **options)
        assert reply.status == 200, reply.body
        return reply.json


@pytest.fixture
def service() -> Counted:
    counted = Counted()
    counted.usage.set_log_complete_to("2026-11-21T23:00:00Z")
    return counted


def figures(report: Any) -> dict[str, str]:
    return {figure["name"]: figure["value"] for figure in report["figures"]}


def elements(node: Any, tag: str) -> list[Any]:
    """All elements of a tag, in the order of the page."""
    if isinstance(node, str):
        return []
    inner = [found for child in node[2] for found in elements(child, tag)]
    return [node, *inner] if node[0] == tag else inner


def texts(node: Any) -> str:
    return node if isinstance(node, str) else "".join(map(texts, node[2]))


def test_four_figures_are_of_the_period_with_the_last_whole_day_and_the_day_before(
    service: Counted,
) -> None:
    service.count(TODAY, "welcome", first_opens=30)
    service.count(YESTERDAY, "welcome", first_opens=20, hits=60, misses=20)
    service.count("2026-11-20", "welcome", first_opens=10, hits=10, misses=10)
    service.count("2026-11-15", "welcome", first_opens=50, hits=40, misses=40)  # the week before
    service.count("2026-11-08", "welcome", first_opens=999)  # the week before that
    report = service.report("days=7")
    opened, fetched, share, cost = report["figures"]
    assert (opened["value"], fetched["value"], share["value"]) == ("60", "100", "70.0 %")
    assert opened["change"] == "+20 % on the 7 days before"
    assert fetched["change"] == "+25 % on the 7 days before"
    assert share["change"] == "50.0 % in the 7 days before"
    assert opened["last_days"] == "21 Nov: 20, the day before: 10"
    assert re.fullmatch(r"\$0\.\d+", cost["value"])


@pytest.mark.parametrize("days", [1, 2, 7, 90])
def test_the_last_whole_day_and_the_day_before_are_told_whatever_the_period(
    service: Counted, days: int
) -> None:
    for day, opened in ((TODAY, 3), (YESTERDAY, 20), ("2026-11-20", 10), ("2026-11-19", 7)):
        service.count(day, "welcome", first_opens=opened)
    opened_figure = service.report(f"days={days}")["figures"][0]
    assert opened_figure["last_days"] == "21 Nov: 20, the day before: 10"
    expected = {1: "3", 2: "23", 7: "40", 90: "40"}
    assert opened_figure["value"] == expected[days]
    changes = {1: "−85 % on the day before", 2: "+35 % on the 2 days before"}
    assert opened_figure["change"] == changes.get(days, "")


def test_the_cost_is_that_of_get_usage_and_the_sum_of_the_table(service: Counted) -> None:
    service.count(TODAY, "welcome", "spring", first_opens=5_000, bytes=300_000_000, links=5_000)
    service.count(YESTERDAY, "welcome", "spring", hits=90_000, misses=5_000, sent_bytes=6 * 10**9)
    service.count(TODAY, "receipt", first_opens=2_000, fallback_timeout=30)
    rows = service.report("days=7")["rows"]
    usage = service.call("GET", "/v1/usage?from=2026-11-16&to=2026-11-22").json
    assert sum(row["usd"] for row in rows) == pytest.approx(usage["totals"]["usd"], abs=1e-5)
    shown = float(figures(service.report("days=7"))["usd"].removeprefix("$"))
    assert shown == pytest.approx(usage["totals"]["usd"], rel=0.01)


def test_an_account_without_usage_is_told_so_and_one_with_little_gets_no_plots(
    service: Counted,
) -> None:
    assert (service.report()["state"], service.report()["plots"]) == ("empty", [])
    service.count(TODAY, "welcome", first_opens=9)
    assert (service.report()["state"], service.report()["plots"]) == ("small", [])
    service.count(TODAY, "welcome", first_opens=1)
    assert service.report()["state"] == "full" and len(service.report()["plots"]) == 4


def test_a_bar_has_a_title_and_a_height_and_its_row_in_the_table(service: Counted) -> None:
    service.count(TODAY, "welcome", first_opens=10)
    service.count(YESTERDAY, "welcome", first_opens=40)
    plot = service.report("days=2")["plots"][0]
    assert [texts(title) for title in elements(plot, "title")] == [
        "Sat 21 Nov 2026: 40 first opens",
        "Sun 22 Nov 2026: 10 first opens, not complete yet",
    ]
    bars = [rect[1] for rect in elements(plot, "rect") if rect[1]["class"] == "series-1"]
    assert [(float(bar["y"]), float(bar["height"])) for bar in bars] == [(0, 160), (120, 40)]
    rows = [texts(row) for row in elements(plot, "tr")[1:]]
    assert rows == ["Sun 22 Nov 202610", "Sat 21 Nov 202640"]
    (picture,) = elements(plot, "svg")
    assert picture[1]["role"] == "img"
    assert picture[1]["aria-label"].startswith("First opens by day: 50 first opens. Most on Sat 21")


def test_fetches_are_pale_from_the_hour_on_to_which_the_log_was_read(service: Counted) -> None:
    for day in ("2026-11-20", YESTERDAY, TODAY):
        service.count(day, "welcome", hits=30, misses=10)
    plot = service.report("days=3")["plots"][1]
    classes = [bar[1]["class"] for bar in elements(plot, "g")]
    assert classes == ["bar", "bar incomplete", "bar incomplete"]


def test_until_the_log_is_read_fetches_are_unknown_rather_than_none() -> None:
    service = Counted()
    service.count(TODAY, "welcome", first_opens=12)
    report = service.report()
    assert report["log_complete_to"] is None
    assert (figures(report)["fetches"], figures(report)["hit_share"]) == ("–", "–")
    assert report["figures"][1]["last_days"] == "The CDN's log was not read yet"


def test_a_longer_period_than_a_quarter_has_weeks_from_monday_on(service: Counted) -> None:
    service.count("2026-11-16", "welcome", first_opens=20)  # a Monday
    service.count(TODAY, "welcome", first_opens=30)  # the Sunday after
    plot = service.report("from=2026-01-01&to=2026-11-22")["plots"][0]
    titles = [texts(title) for title in elements(plot, "title")]
    assert titles[0] == "1 Jan to 4 Jan 2026: 0 first opens"
    assert titles[-1] == "16 Nov to 22 Nov 2026: 50 first opens, not complete yet"
    assert len(titles) == 47


def test_fallbacks_are_shown_by_reason_the_most_frequent_first(service: Counted) -> None:
    service.count(TODAY, "welcome", first_opens=20, fallback_timeout=3, fallback_source=9)
    plot = service.report()["plots"][2]
    rows = [texts(row) for row in elements(plot, "tr")[1:]]
    assert rows == ["An image could not be fetched9", "Drawing took too long3"]


def test_a_filter_keeps_a_template_or_a_campaign(service: Counted) -> None:
    service.count(TODAY, "welcome", "spring", first_opens=1)
    service.count(TODAY, "welcome", "autumn", first_opens=2)
    service.count(TODAY, "receipt", "spring", first_opens=4)
    opened = [
        figures(service.report(query))["first_opens"]
        for query in ("", "template_id=welcome", "campaign=spring", "template_id=receipt&days=1")
    ]
    assert opened == ["7", "3", "5", "4"]
    report = service.report()
    assert (report["template_ids"], report["campaigns"]) == (
        ["receipt", "welcome"],
        ["autumn", "spring"],
    )


def test_a_key_of_some_templates_sees_these_alone(service: Counted) -> None:
    service.count(TODAY, "welcome", "spring", first_opens=1)
    service.count(TODAY, "receipt", "secret-name", first_opens=4)
    key = service.new_api_key(["usage"], templates=["welcome"])
    report = service.report(key=key)
    assert figures(report)["first_opens"] == "1" and report["campaigns"] == ["spring"]
    text = service.call("GET", "/v1/usage/report.csv", key=key).body.decode()
    assert "receipt" not in text and "secret-name" not in text
    assert service.call("GET", "/v1/usage/report?template_id=receipt", key=key).status == 403
    drafts = service.new_api_key(["drafts"])
    assert service.call("GET", "/v1/usage/report", key=drafts).status == 403


def test_of_a_large_table_the_first_200_rows_of_the_asked_order_are_sent(service: Counted) -> None:
    for number in range(250):
        service.count(TODAY, "many", f"c{number:03}", first_opens=number, links=250 - number)
    report = service.report("sort=-links")
    assert (len(report["rows"]), report["row_count"]) == (200, 250)
    assert report["rows"][0]["campaign"] == "c000"
    assert service.report()["rows"][0]["campaign"] == "c249"
    assert service.report("sort=campaign")["rows"][0]["campaign"] == "c000"
    rows = csv_rows(service, "")
    assert len(rows) == 250 and rows[0]["campaign"] == "c249"


def csv_rows(service: Counted, query: str) -> list[dict[str, str]]:
    reply = service.call("GET", f"/v1/usage/report.csv?{query}")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(reply.body.decode())))


def test_the_csv_by_day_has_a_row_for_each_day_and_adds_up_to_the_other(service: Counted) -> None:
    service.count(TODAY, "welcome", "spring", first_opens=3, fallback_busy=2)
    service.count(YESTERDAY, "welcome", "spring", first_opens=4, hits=5, misses=1)
    days = csv_rows(service, "days=7&by=day")
    assert [(row["day"], row["first_opens"]) for row in days] == [(YESTERDAY, "4"), (TODAY, "3")]
    (whole,) = csv_rows(service, "days=7")
    assert [whole[name] for name in ("first_opens", "fetches", "fallbacks")] == ["7", "6", "2"]
    assert sum(float(row["usd"]) for row in days) == pytest.approx(float(whole["usd"]))


def test_a_campaign_that_looks_like_a_formula_is_text_in_the_csv(service: Counted) -> None:
    service.count(TODAY, "welcome", "-1", first_opens=3)
    assert csv_rows(service, "")[0]["campaign"] == "'-1"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-31", "from is not a day"),
        ("from=2026-11-22&to=2026-11-21", "from is after to"),
        ("from=2025-01-01", "over 400 days"),
        ("to=2026-12-24", "in the future"),
        ("days=7&from=2026-11-01", "either days, or from and to"),
        ("days=0", "days"),
        ("days=401", "days"),
        ("sort=secret", "sort"),
        ("from=yesterday", "from"),
        ("campaign=A%20B", "campaign"),
    ],
)
def test_a_wrong_query_is_refused_with_what_to_write(
    service: Counted, query: str, words: str
) -> None:
    for path in ("/v1/usage/report", "/v1/usage/report.csv"):
        if "sort" in query and path.endswith("csv"):
            continue
        reply = service.call("GET", f"{path}?{query}")
        assert reply.status == 400 and words in reply.body.decode(), reply.body


def test_a_report_reads_the_counts_once(service: Counted) -> None:
    reads: list[tuple[str, str]] = []

    class CountingStore(MemoryUsageStore):
        def read(self, first_day: str, last_day: str) -> Iterator[Any]:
            reads.append((first_day, last_day))
            return super().read(first_day, last_day)

    service.usage = CountingStore()
    service.rebuild()
    service.report("days=7")
    service.report("days=90")
    service.report("days=1")
    assert reads == [("2026-11-09", TODAY), ("2026-08-23", TODAY), ("2026-11-20", TODAY)]
