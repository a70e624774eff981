"""Workers that spend one budget, in virtual time: with duplicates, kills and lost answers.

    python -m tests.campaigns.budget_simulation    # the figures in docs/costs.md

The leases are those of production; only the drawing is imagined. Its cost is known afterwards.
"""

import heapq
from dataclasses import dataclass, field
from itertools import count
from random import Random

from postcard.adapters.memory import MemoryBudgetNotices, MemoryBudgetStore
from postcard.budgets.money_budget import MoneyBudgets, reserve_picture
from postcard.budgets.picture_price import billionths, picture_price
from postcard.ports import MoneyBudget

PRICE = picture_price("us-east-1")
DRAWING_SECONDS = 8.0


class CountingStore(MemoryBudgetStore):
    """Counts its writes, and repeats some calls as a client does whose answer was lost."""

    def __init__(self, random: Random, lost: float) -> None:
        super().__init__()
        self.writes = 0
        self._random, self._lost = random, lost

    def hold(
        self, name: str, *, wanted: int, at_least: int, limit: int, expires_at: int, token: str
    ) -> int:
        for _ in range(2 if self._random.random() < self._lost else 1):
            self.writes += 1
            granted = super().hold(
                name,
                wanted=wanted,
                at_least=at_least,
                limit=limit,
                expires_at=expires_at,
                token=token,
            )
        return granted


@dataclass
class BudgetRun:
    """The pictures of a batch, and what they came to."""

    max_usd: float = 1.0
    pictures: int = 100_000
    workers: int = 16
    duplicates: float = 0.1
    kills: int = 0
    lost: float = 0.1
    seed: int = 1
    now: float = 0.0
    spent: int = 0
    refused: int = 0
    drawn: int = 0
    notices: MemoryBudgetNotices = field(default_factory=MemoryBudgetNotices)

    def run(self) -> "BudgetRun":
        """Draw until no row is left or the budget is spent everywhere."""
        random = Random(self.seed)
        self.store = CountingStore(random, self.lost)
        budget = MoneyBudget("batch", "bat_1", billionths(self.max_usd), 10**9)
        order = count()
        workers = [self._worker() for _ in range(self.workers)]
        kills = sorted(random.uniform(0, 30) for _ in range(self.kills))
        rows = list(range(self.pictures))
        rows += random.choices(rows, k=int(self.pictures * self.duplicates))
        random.shuffle(rows)
        ready = [(random.random() / 100, next(order), number) for number in range(self.workers)]
        while rows and ready:
            self.now, _, number = heapq.heappop(ready)
            rows.pop()
            allowance = reserve_picture(
                workers[number], budget, PRICE, seconds=DRAWING_SECONDS, now=self.now
            )
            if allowance is None:
                self.refused += 1
                heapq.heappush(ready, (self.now + 0.001, next(order), number))
                continue
            milliseconds = random.choice((30, 60, 80, 110, 400))
            picture_bytes = random.choice((20_000, 50_000, 60_000, 90_000, 300_000))
            is_covered = allowance.covers(milliseconds=milliseconds, picture_bytes=picture_bytes)
            picture_bytes = picture_bytes if is_covered else 0
            self.spent += PRICE.cost(milliseconds=milliseconds, picture_bytes=picture_bytes)
            self.drawn += is_covered
            if kills and self.now >= kills[0]:  # after the work, before it was settled
                kills.pop(0)
                workers[number] = self._worker()
            else:
                allowance.settle(milliseconds=milliseconds, picture_bytes=picture_bytes)
            heapq.heappush(ready, (self.now + milliseconds / 1000, next(order), number))
        self.killed = self.kills - len(kills)
        return self

    @property
    def share(self) -> float:
        """What was spent, as a share of the budget."""
        return self.spent / billionths(self.max_usd)

    def _worker(self) -> MoneyBudgets:
        return MoneyBudgets(self.store, self.notices, monotonic=lambda: self.now)


def main() -> None:
    """Print the table of the documents."""
    print("| budget | workers | killed | spent | writes of leases |")
    print("|---|---|---|---|---|")
    for max_usd, pictures, workers, kills in (
        (1.0, 100_000, 16, 0), (1.0, 100_000, 16, 20), (1.0, 100_000, 40, 20),
        (10.0, 700_000, 16, 20), (0.1, 10_000, 16, 0), (0.1, 10_000, 2, 1),
    ):  # fmt: skip
        runs = [
            BudgetRun(max_usd, pictures, workers, kills=kills, seed=seed).run()
            for seed in range(20 if max_usd < 10 else 3)
        ]
        shares = [run.share for run in runs]
        writes = max(run.store.writes for run in runs)
        spent = f"{min(shares):.2%} to {max(shares):.2%}"
        print(f"| {max_usd:g} USD | {workers} | {runs[0].killed} | {spent} | {writes:,} |")


if __name__ == "__main__":
    main()
