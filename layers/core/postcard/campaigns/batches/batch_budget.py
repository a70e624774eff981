"""The cost of a batch at list prices, and its limit `max_usd`.

The cost is that of processing the rows, and of the pictures: each opened once and kept for 90 days.
In the modes `links` and `images` it follows from the number of rows before the first one. In mode
`warm` the cost of a picture is known once it is drawn, so the workers lease parts of the budget.
"""

from collections.abc import Callable

from postcard.budgets.money_budget import MoneyBudgets, PictureAllowance, reserve_picture
from postcard.budgets.picture_price import (
    BILLION,
    PicturePrice,
    batch_cost,
    billionths,
    image_record_cost,
    picture_price,
)
from postcard.campaigns.batches.batch_errors import BatchRefused
from postcard.campaigns.batches.plan import BatchSettings
from postcard.ports import MoneyBudget
from postcard.runtime.lazy_dataclass import dataclass

OVER_BUDGET = "over_budget"
DRAWING_SECONDS = 8.0  # for one picture of a batch that has a budget
KEPT_SECONDS = 40 * 86_400  # of a batch's budget row: longer than of the batch
OVER_BUDGET_DETAIL = "max_usd is spent: the row has the template's picture with its defaults."


def price_of(settings: BatchSettings, region: str, *, stores_renders: bool) -> PicturePrice:
    """What a picture of the batch costs: S3 keeps those of images, also if it keeps no others."""
    return picture_price(region, stored=stores_renders or settings.mode == "images")


def row_cost(settings: BatchSettings, price: PicturePrice, region: str) -> int:
    """The estimated cost of a row's picture before it is drawn."""
    record = image_record_cost(region) if settings.mode == "images" else 0
    return price.usual_cost + record


def affordable_rows(
    settings: BatchSettings, rows: int, price: PicturePrice, region: str
) -> int | None:
    """How many rows `max_usd` pays for, from the first; None: all, or it depends on drawing."""
    if settings.max_usd is None or (settings.mode == "warm" and not settings.dry_run):
        return None
    left = billionths(settings.max_usd) - batch_cost(rows, region)
    affordable = max(0, left) // row_cost(settings, price, region)
    return None if affordable >= rows else affordable


def refuse_all(settings: BatchSettings, rows: int, price: PicturePrice, region: str) -> None:
    """Raises `BatchRefused` for a batch that would exceed `max_usd` and must stop then."""
    needed = batch_cost(rows, region) + rows * row_cost(settings, price, region)
    raise BatchRefused(
        OVER_BUDGET,
        f"{rows:,} rows cost {_dollars(needed)} if each picture is opened once, and max_usd is"
        f" {settings.max_usd}: create the batch again with more, or with on_budget fallback.",
    )


def stopped() -> BatchRefused:
    """The error of a batch that spent its `max_usd` before all pictures were drawn."""
    detail = (
        "max_usd was spent before all pictures were drawn: create the batch again with more."
        " Pictures that are drawn already cost nothing then."
    )
    return BatchRefused(OVER_BUDGET, detail)


def batch_budget(batch_id: str, settings: BatchSettings, *, created_at: float) -> MoneyBudget:
    """The budget of a batch that has a `max_usd`."""
    assert settings.max_usd is not None
    limit = billionths(settings.max_usd)
    return MoneyBudget("batch", batch_id, limit, int(created_at) + KEPT_SECONDS)


@dataclass(frozen=True, slots=True)
class DrawingBudget:
    """Reserves money for the pictures of a batch in mode `warm`.

    With `stops`, the batch fails once the budget is spent.
    """

    money: MoneyBudgets
    budget: MoneyBudget
    price: PicturePrice
    clock: Callable[[], float]
    stops: bool

    def reserve(self) -> PictureAllowance | None:
        """The allowance of the next picture; None if the row gets a fallback. `BatchRefused`."""
        allowance = reserve_picture(
            self.money, self.budget, self.price, seconds=DRAWING_SECONDS, now=self.clock()
        )
        if allowance is None and self.stops:
            raise stopped()
        return allowance


def _dollars(amount: int) -> str:
    """An amount for people: cents, or as many digits as a small amount needs."""
    dollars = amount / BILLION
    return f"{dollars:,.2f} USD" if dollars >= 1 else f"{dollars:.2g} USD"
