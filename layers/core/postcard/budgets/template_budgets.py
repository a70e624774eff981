"""The daily budget (UTC) of a template's pictures in US dollars: its `daily_usd`."""

from postcard.budgets.money_budget import MoneyBudgets, PictureAllowance, reserve_picture
from postcard.budgets.picture_price import PicturePrice, billionths
from postcard.ports import MoneyBudget, TemplateRecord
from postcard.timestamps import DAY_SECONDS, format_day


class TemplateBudgets:
    """Allowances for the pictures of templates that have a `daily_usd`."""

    def __init__(self, money: MoneyBudgets, price: PicturePrice) -> None:
        self._money = money
        self._price = price

    def reserve(
        self, record: TemplateRecord, *, seconds: float, now: float
    ) -> PictureAllowance | None:
        """The allowance of a picture drawn for at most `seconds`; None: the budget is spent."""
        assert record.daily_usd is not None
        budget = MoneyBudget(
            "template",
            record.template_id,
            billionths(record.daily_usd),
            expires_at=int(now) + 2 * DAY_SECONDS,
            day=format_day(now),
        )
        return reserve_picture(self._money, budget, self._price, seconds=seconds, now=now)
