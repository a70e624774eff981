"""Leases of budgets in money: never over, little left, few writes, announced."""

import pytest

from postcard.adapters.memory import MemoryBudgetNotices, MemoryBudgetStore
from postcard.budgets.money_budget import LATCH_SECONDS, MoneyBudgets, reserve_picture
from postcard.budgets.picture_price import (
    batch_cost,
    billionths,
    image_record_cost,
    picture_price,
    usd,
)
from postcard.ports import MoneyBudget
from postcard.prices.prices import batch_units, dollars
from postcard.prices.usage_costs import picture_units
from tests.campaigns.budget_simulation import PRICE, BudgetRun

BUDGET = MoneyBudget("batch", "bat_1", billionths(0.01), 10**9)


@pytest.mark.parametrize("seed", range(3))
def test_sixteen_workers_with_duplicates_kills_and_lost_answers_spend_the_budget_and_no_more(
    seed: int,
) -> None:
    run = BudgetRun(1.0, 60_000, 16, duplicates=0.1, kills=20, lost=0.1, seed=seed).run()
    assert run.refused and run.killed == 20
    assert 0.995 <= run.share <= 1
    assert run.spent <= run.store.held("batch#bat_1") <= billionths(1.0)
    assert run.store.writes < 6_000


@pytest.mark.parametrize(("max_usd", "workers"), [(0.1, 16), (0.05, 2), (0.001, 1)])
def test_small_budgets_are_kept_too(max_usd: float, workers: int) -> None:
    run = BudgetRun(max_usd, 6_000, workers, seed=7).run()
    assert 0.95 <= run.share <= 1


def test_a_price_is_that_of_the_table() -> None:
    for region in ("us-east-1", "eu-west-1"):
        a_million = sum(dollars(picture_units(drawn=1_000_000), region).values())
        cost = picture_price(region).usual_cost
        assert cost * 1e-3 == pytest.approx(float(a_million), rel=1e-3)
        of_batch = sum(dollars(batch_units(rows=1_000_000), region).values())
        assert usd(batch_cost(1_000_000, region)) == pytest.approx(float(of_batch), abs=1e-6)
    assert batch_cost(0, "us-east-1") == 0 < image_record_cost("us-east-1") < PRICE.each
    unstored = picture_price("us-east-1", stored=False)
    assert unstored.usual_cost < 0.6 * PRICE.usual_cost
    assert picture_price("ap-southeast-2") == picture_price("us-east-1")
    assert billionths(0.1) == 100_000_000 and billionths(0.0001) == 100_000


class Process:
    """A process with a clock of its own."""

    def __init__(self, store: MemoryBudgetStore, notices: MemoryBudgetNotices) -> None:
        self.now = 0.0
        self.budgets = MoneyBudgets(store, notices, monotonic=lambda: self.now)

    def draw(self, budget: MoneyBudget = BUDGET, *, size: int = 60_000) -> bool:
        allowance = reserve_picture(self.budgets, budget, PRICE, seconds=8, now=0)
        if allowance is None:
            return False
        is_covered = allowance.covers(milliseconds=80, picture_bytes=size)
        allowance.settle(milliseconds=80, picture_bytes=size if is_covered else 0)
        return is_covered


def test_a_process_announces_a_spent_budget_once_and_asks_again_later() -> None:
    store, notices = MemoryBudgetStore(), MemoryBudgetNotices()
    process = Process(store, notices)
    drawn = sum(process.draw() for _ in range(600))
    assert drawn == BUDGET.limit // PRICE.usual_cost - 1, "the last one might take longer"
    assert notices.exceeded_budgets == [BUDGET]
    raised = MoneyBudget("batch", "bat_1", 2 * BUDGET.limit, 10**9)
    assert not process.draw(raised), "it takes the budget for spent"
    process.now += LATCH_SECONDS
    assert process.draw(raised)
    assert notices.exceeded_budgets == [BUDGET]


def test_budgets_of_days_and_subjects_are_apart() -> None:
    process = Process(MemoryBudgetStore(), MemoryBudgetNotices())
    while process.draw():
        pass
    assert process.draw(MoneyBudget("batch", "bat_2", BUDGET.limit, 10**9))
    days = [
        MoneyBudget("template", "welcome", BUDGET.limit, 10**9, day)
        for day in ("2026-11-30", "2026-12-01")
    ]
    assert [budget.name for budget in days] == [
        "template#welcome#2026-11-30",
        "template#welcome#2026-12-01",
    ]
    assert all(process.draw(budget) for budget in days)


def test_a_picture_that_is_heavier_than_what_is_left_is_not_sent() -> None:
    store = MemoryBudgetStore()
    process = Process(store, MemoryBudgetNotices())
    heavy = 4_500_000
    assert process.draw(size=heavy), "what it lacks is leased once its size is known"
    store.hold(
        BUDGET.name,
        wanted=BUDGET.limit - store.held(BUDGET.name) - 30_000,
        at_least=1,
        limit=BUDGET.limit,
        expires_at=0,
        token="ffffffff00000000",
    )
    assert not process.draw(size=heavy)
    assert store.held(BUDGET.name) <= BUDGET.limit


def test_an_allowance_gives_drawing_the_time_that_it_pays_for() -> None:
    process = Process(MemoryBudgetStore(), MemoryBudgetNotices())
    allowance = reserve_picture(process.budgets, BUDGET, PRICE, seconds=8, now=0)
    assert allowance is not None and 8 <= allowance.seconds < 9
    tiny = MoneyBudget("batch", "bat_3", 2 * PRICE.usual_cost, 10**9)
    allowance = reserve_picture(process.budgets, tiny, PRICE, seconds=8, now=0)
    assert allowance is not None and 0.25 <= allowance.seconds < 1.1
