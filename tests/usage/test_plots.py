"""Axes, weeks, numbers and the elements of plots, which both pages are made of."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from postcard.usage.report.bar_plot import MAX_TICKS, BarPlot, Series, axis_ticks, bar_plot
from postcard.usage.report.elements import ATTRIBUTES, TAGS, Element, element, element_json, markup
from postcard.usage.report.number_text import axis_text, change_text, dollar_text, large_count_text
from postcard.usage.report.period import MAX_DAY_BARS, Period, intervals

SCREEN = Path(__file__).parents[2] / "studio/src/screens/usage/server_elements.ts"


def test_ticks_are_few_round_and_reach_the_largest_bar() -> None:
    for largest in [*range(300), *(7**power for power in range(4, 16))]:
        ticks = axis_ticks(largest)
        steps = {after - before for before, after in pairwise(ticks)}
        assert ticks[0] == 0 and ticks[-1] >= largest and len(steps) == 1
        assert 2 <= len(ticks) <= MAX_TICKS
        assert str(steps.pop()).rstrip("0") in ("1", "2", "25", "5")
        assert ticks[-1] < 2.5 * max(1, largest), "a plot is not mostly empty"


def test_intervals_cover_each_day_of_a_period_once() -> None:
    for days in (1, 7, 92, 93, 365, 400):
        period = Period(date(2026, 11, 22) - timedelta(days - 1), date(2026, 11, 22))
        bars = intervals(period)
        covered = [
            bar.first + timedelta(index)
            for bar in bars
            for index in range((bar.last - bar.first).days + 1)
        ]
        assert covered == [period.first + timedelta(index) for index in range(days)]
        assert len(bars) == (days if days <= MAX_DAY_BARS else len(bars)) and len(bars) <= 92
        assert all(bar.first.weekday() == 0 for bar in bars[1:] if days > MAX_DAY_BARS)


def test_bars_of_a_stack_stand_on_each_other_and_end_at_the_total() -> None:
    period = Period(date(2026, 11, 1), date(2026, 11, 3))
    series = [Series("Hits", "series-1", [30, 0, 7]), Series("Misses", "series-2", [10, 5, 0])]
    plot = bar_plot(BarPlot("p", "Fetches", "fetches", intervals(period), series))
    for bar, (hits, misses) in zip(find(plot, "g"), [(30, 10), (0, 5), (7, 0)], strict=True):
        parts = {part.attributes["class"]: part.attributes for part in find(bar, "rect")}
        top = 160.0
        for name, number in (("series-1", hits), ("series-2", misses)):
            if not number:
                assert name not in parts
                continue
            height = float(parts[name]["height"])
            assert height == pytest.approx(160 * number / 40, abs=0.01)
            assert float(parts[name]["y"]) == pytest.approx(top - height, abs=0.02)
            top -= height


def find(node: Element | str, tag: str) -> list[Element]:
    if isinstance(node, str):
        return []
    inner = [found for child in node.children for found in find(child, tag)]
    return [node, *inner] if node.tag == tag else inner


def test_markup_and_json_are_of_the_same_tree_and_texts_stay_texts() -> None:
    tree = element("p", "<script>&\"'", element("span", "x", aria_label='"><b>'), class_="a b")
    assert element_json(tree) == [
        "p",
        {"class": "a b"},
        ["<script>&\"'", ["span", {"aria-label": '"><b>'}, ["x"]]],
    ]
    seen: list[object] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

        def handle_data(self, data: str) -> None:
            seen.append(data)

    parser = Parser()
    parser.feed(markup(tree))
    parser.close()
    assert seen == [
        ("p", {"class": "a b"}),
        "<script>&\"'",
        ("span", {"aria-label": '"><b>'}),
        "x",
    ]


def test_an_element_that_could_run_something_cannot_be_made() -> None:
    for tag, attribute in (("script", "class"), ("rect", "onclick"), ("p", "style"), ("a", "href")):
        with pytest.raises(ValueError, match="is not in TAGS and ATTRIBUTES"):
            Element(tag, {attribute: "x"})


def test_the_editor_s_page_builds_the_same_tags_and_attributes() -> None:
    found = re.findall(r'\("([^"]+)"\)\.split\(" "\)', SCREEN.read_text())
    assert [set(names.split(" ")) for names in found] == [TAGS, ATTRIBUTES]


def test_numbers_are_written_for_people() -> None:
    assert [axis_text(n) for n in (0, 950, 1_000, 2_500, 12_500, 3 * 10**6)] == [
        *("0", "950", "1k", "2.5k", "12.5k", "3M")
    ]
    assert [large_count_text(n) for n in (9_999_999, 12_400_000)] == ["9,999,999", "12.4 million"]
    dollars = ("0", "0.0000601", "0.077", "0.999", "1", "203264.06")
    assert [dollar_text(Decimal(text)) for text in dollars] == [
        *("$0", "$0.00006", "$0.077", "$0.999", "$1.00", "$203,264.06")
    ]
    assert [change_text(*pair) for pair in ((3, 2), (1, 2), (2, 2), (5, 0))] == [
        *("+50 %", "−50 %", "no change", "")
    ]
