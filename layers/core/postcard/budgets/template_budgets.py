"""The daily budget (UTC) of a template's pictures in US dollars: its `daily_usd`."""

from postcard.budgets.money_budget import MoneyBudgets, PictureAllowance, reserve_picture
from postcard.budgets.picture_price import PicturePrice, billionths
from postcard.ports import MoneyBudget, TemplateRecord
from postcard.timestamps import DAY_SECONDS, format_day


class TemplateBudgets:
    """Allowances for the pictures of templates that have a `daily_usd`.

    `price` is that of the pictures of links, `image_price` that of images: S3 keeps each of them.
    """

    def __init__(self, money: MoneyBudgets, price: PicturePrice, image_price: PicturePrice) -> None:
        self._money = money
        self._price, self._image_price = price, image_price

    def reserve(
        self, record: TemplateRecord, *, is_image: bool, seconds: float, now: float
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
        price = self._image_price if is_image else self._price
        return reserve_picture(self._money, budget, price, seconds=seconds, now=now)
