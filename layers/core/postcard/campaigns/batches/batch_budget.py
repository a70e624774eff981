"""What a batch costs by the list prices, and its `max_usd`.

A batch costs its own work, and its pictures: each opened once and kept for 90 days. In the modes
`links` and `images` that is known from the number of rows before any of them is worked on. In mode
`warm` it is known of each picture once it is drawn, so the workers lease parts of the budget.
"""

from collections.abc import Callable

from postcard.budgets.money_budget import MoneyBudgets, PictureAllowance, reserve_picture
from postcard.budgets.picture_price import (
    BILLION,
    PicturePrice,
    batch_cost,
    billionths,
    image_record_cost,
)
from postcard.campaigns.batches.batch_errors import BatchRefused
from postcard.campaigns.batches.plan import BatchSettings
from postcard.ports import MoneyBudget
from postcard.runtime.lazy_dataclass import dataclass

OVER_BUDGET = "over_budget"
DRAWING_SECONDS = 8.0  # for one picture of a batch that has a budget
KEPT_SECONDS = 40 * 86_400  # a batch's budget, longer than the batch
ABOUT_A_ROW = "max_usd is spent: the row has the template's picture without its values."


def row_cost(settings: BatchSettings, price: PicturePrice, region: str) -> int:
    """What a row's picture is taken to cost before it is drawn."""
    record = image_record_cost(region) if settings.mode == "images" else 0
    return price.usual_cost + record


def affordable_rows(
    settings: BatchSettings, rows: int, price: PicturePrice, region: str
) -> int | None:
    """How many of the first rows `max_usd` pays for; None: all, or it depends on the drawing."""
    if settings.max_usd is None or (settings.mode == "warm" and not settings.dry_run):
        return None
    left = billionths(settings.max_usd) - batch_cost(rows, region)
    affordable = max(0, left) // row_cost(settings, price, region)
    return None if affordable >= rows else affordable


def refuse_unpayable_work(settings: BatchSettings, rows: int, region: str) -> None:
    """`BatchRefused` if `max_usd` does not even pay for the batch's own work, without a picture."""
    work = batch_cost(rows, region)
    if settings.max_usd is not None and billionths(settings.max_usd) < work:
        raise BatchRefused(
            OVER_BUDGET,
            f"A batch of {rows:,} rows costs {_dollars(work)} before any picture, and max_usd is"
            f" {_plain(settings.max_usd)}: create the batch again with more.",
        )


def refuse_all(settings: BatchSettings, rows: int, price: PicturePrice, region: str) -> None:
    """`BatchRefused` for a batch that is to stop rather than pass its `max_usd`."""
    needed = batch_cost(rows, region) + rows * row_cost(settings, price, region)
    raise BatchRefused(
        OVER_BUDGET,
        f"{rows:,} rows cost {_dollars(needed)} if each picture is opened once, and max_usd is"
        f" {_plain(settings.max_usd)}: create the batch again with more, or with on_budget"
        " fallback.",
    )


def stopped() -> BatchRefused:
    """The error of a batch whose pictures came to its `max_usd`."""
    detail = (
        "max_usd is spent before all pictures are drawn: create the batch again with more."
        " The pictures that are drawn cost nothing again."
    )
    return BatchRefused(OVER_BUDGET, detail)


def batch_budget(batch_id: str, settings: BatchSettings, *, created_at: float) -> MoneyBudget:
    """The budget of a batch that has a `max_usd`."""
    assert settings.max_usd is not None
    limit = billionths(settings.max_usd)
    return MoneyBudget("batch", batch_id, limit, int(created_at) + KEPT_SECONDS)


@dataclass(frozen=True, slots=True)
class DrawingBudget:
    """Allows the pictures of a batch in mode `warm`; what the batch's own work costs is taken off.

    With `stops`, the batch ends once the budget is spent.
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


def _plain(usd: float) -> str:
    """An amount as people write it: 5, 0.0001."""
    return f"{usd:f}".rstrip("0").rstrip(".")


def _dollars(amount: int) -> str:
    """An amount for people: cents, or as many digits as a small amount needs."""
    dollars = amount / BILLION
    return f"{dollars:,.2f} USD" if dollars >= 1 else f"{dollars:.2g} USD"
