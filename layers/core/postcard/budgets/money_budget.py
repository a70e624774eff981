"""Budgets in US dollars that many processes share by leases.

With one conditional write, a process leases a 5,000th of a budget, or as much as one picture may
cost, and then spends it locally. A lease counts as spent, so all processes together never exceed
the budget; a process that ends leaves at most its lease unspent.

Amounts are whole billionths of a dollar (budgets/picture_price.py).
"""

import secrets
import threading
import time
from collections.abc import Callable

from postcard.budgets.picture_price import PicturePrice
from postcard.ports import BudgetNotices, BudgetStore, MoneyBudget
from postcard.runtime.lazy_dataclass import dataclass

LEASES = 5_000
LATCH_SECONDS = 30.0  # for which a process treats a budget as spent without asking again
LEAST_SECONDS = 0.25  # of drawing that the budget must cover before a picture is started
LEAST_BYTES = 60_000  # of a picture that it must cover
USUAL_BYTES = 150_000  # of a picture that are reserved if the budget covers them
MAX_BUDGETS = 1_000  # whose leases a process keeps


@dataclass(slots=True)
class _Lease:
    left: int = 0
    spent_until: float = float("-inf")
    was_announced: bool = False


class MoneyBudgets:
    """Reserves part of a budget before work, and settles it when the cost is known.

    `notices` receives each spent budget at least once. `ServiceUnavailable` while the
    store cannot be reached.
    """

    def __init__(
        self,
        store: BudgetStore,
        notices: BudgetNotices,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._notices = notices
        self._monotonic = monotonic
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()

    def reserve(self, budget: MoneyBudget, *, at_least: int, at_most: int, now: float) -> int:
        """Reserve an amount within these bounds for one piece of work; 0 if too little is left.

        `now` is in Unix seconds.
        """
        with self._lock:
            lease = self._lease(budget.name)
            if lease.left < at_least and not self._extend(budget, lease, at_least, at_most, now):
                return 0
            amount = min(lease.left, at_most)
            lease.left -= amount
            return amount

    def settle(self, budget: MoneyBudget, *, reserved: int, cost: int) -> None:
        """Charge the cost of a piece of work, and release the rest of its reservation."""
        with self._lock:
            self._lease(budget.name).left += reserved - cost

    def _lease(self, name: str) -> _Lease:
        lease = self._leases.get(name)
        if lease is None:
            if len(self._leases) >= MAX_BUDGETS:
                self._leases.pop(next(iter(self._leases)))
            lease = self._leases[name] = _Lease()
        return lease

    def _extend(
        self, budget: MoneyBudget, lease: _Lease, at_least: int, at_most: int, now: float
    ) -> bool:
        if self._monotonic() < lease.spent_until:
            return False
        missing = at_least - lease.left
        granted = self._store.hold(
            budget.name,
            wanted=max(at_most - lease.left, budget.leasable // LEASES),
            at_least=missing,
            limit=budget.leasable,
            expires_at=budget.expires_at,
            token=secrets.token_hex(8),
        )
        lease.left += granted
        if granted:
            return True
        lease.spent_until = self._monotonic() + LATCH_SECONDS
        if not lease.was_announced:
            lease.was_announced = True
            self._notices.exceeded(budget, now=now)
        return False


class PictureAllowance:
    """The amount reserved for one picture; `settle` charges the actual cost."""

    def __init__(
        self,
        budgets: MoneyBudgets,
        budget: MoneyBudget,
        price: PicturePrice,
        amount: int,
        *,
        now: float,
    ) -> None:
        self._budgets, self._budget, self._price = budgets, budget, price
        self._amount, self._now = amount, now
        self.is_settled = False
        self.cost = 0

    @property
    def seconds(self) -> float:
        """How long drawing may take."""
        left = self._amount - self._price.cost(milliseconds=0, picture_bytes=LEAST_BYTES)
        return max(0.0, left / self._price.millisecond / 1000)

    def covers(self, *, milliseconds: float, picture_bytes: int) -> bool:
        """Whether the budget covers this time and size; reserves more if needed."""
        cost = self._price.cost(milliseconds=milliseconds, picture_bytes=picture_bytes)
        missing = cost - self._amount
        if missing <= 0:
            return True
        more = self._budgets.reserve(self._budget, at_least=missing, at_most=missing, now=self._now)
        self._amount += more
        return more > 0

    def settle(self, *, milliseconds: float, picture_bytes: int) -> None:
        """Charge the picture; further calls change nothing."""
        self._settle(self._price.cost(milliseconds=milliseconds, picture_bytes=picture_bytes))

    def release(self) -> None:
        """Release the reservation, unless the picture was charged already."""
        self._settle(0)

    def _settle(self, cost: int) -> None:
        if not self.is_settled:
            self.is_settled, self.cost = True, cost
            self._budgets.settle(self._budget, reserved=self._amount, cost=cost)


def reserve_picture(
    budgets: MoneyBudgets,
    budget: MoneyBudget,
    price: PicturePrice,
    *,
    seconds: float,
    now: float,
) -> PictureAllowance | None:
    """The allowance of a picture drawn for at most `seconds`; None if the budget is spent.

    Near the end of a budget the allowance is smaller, and drawing has less time.
    """
    least_ms = LEAST_SECONDS * 1000
    at_least = price.cost(milliseconds=least_ms, picture_bytes=LEAST_BYTES)
    at_most = price.cost(milliseconds=max(least_ms, seconds * 1000), picture_bytes=USUAL_BYTES)
    amount = budgets.reserve(budget, at_least=at_least, at_most=at_most, now=now)
    return PictureAllowance(budgets, budget, price, amount, now=now) if amount else None
