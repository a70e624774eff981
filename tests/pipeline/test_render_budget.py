"""Daily limits on renders: exact for small limits, few writes for large ones."""

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from postcard.adapters.memory import MemoryBudgetNoticeStore, MemoryCounters
from postcard.budgets.render_budget import RenderBudget

NOW = 1_790_000_000.0


class CountingCounters(MemoryCounters):
    """Counters that count their writes."""

    writes = 0

    def increment(self, name: str, *, expires_at: int, by: int = 1) -> int:
        self.writes += 1
        return super().increment(name, expires_at=expires_at, by=by)


def record(daily_renders: int | None = None) -> Any:
    return SimpleNamespace(template_id="welcome", daily_renders=daily_renders)


@pytest.mark.parametrize("limit", [1, 7, 4_999, 5_000, 20_001, 60_000])
def test_processes_together_never_draw_more_than_the_limit(limit: int) -> None:
    counters, random = CountingCounters(), Random(limit)
    processes = [
        RenderBudget(counters, MemoryBudgetNoticeStore(), merge_renders=limit) for _ in range(12)
    ]
    drawn = 0
    for _ in range(limit + 500):
        process = random.choice(processes)
        drawn += process.spend(record(), now=NOW, merge_signature="signature")
    assert drawn <= limit
    assert drawn >= limit - len(processes) * (limit // 5_000), "what a process leaves is small"


def test_a_send_of_a_merge_link_writes_its_counter_seldom() -> None:
    """DynamoDB adds to one item 1,000 times a second; 5,000 opens a second are 25 writes."""
    counters = CountingCounters()
    budget = RenderBudget(counters, MemoryBudgetNoticeStore())
    for _ in range(20_000):
        assert budget.spend(record(), now=NOW, merge_signature="signature")
    of_the_link, of_the_template = 20_000 // 200, 20_000 // 20
    assert counters.writes <= of_the_link + of_the_template + 200


def test_a_templates_own_large_limit_is_leased_too() -> None:
    counters = CountingCounters()
    budget = RenderBudget(counters, MemoryBudgetNoticeStore())
    for _ in range(1_000):
        assert budget.spend(record(daily_renders=1_000_000), now=NOW)
    assert counters.writes == 5


def test_past_the_limit_nothing_is_written() -> None:
    counters = CountingCounters()
    budget = RenderBudget(counters, MemoryBudgetNoticeStore(), merge_renders=10)
    allowed = [budget.spend(record(), now=NOW, merge_signature="s") for _ in range(50)]
    assert allowed == [True] * 10 + [False] * 40
    assert counters.writes <= 22
