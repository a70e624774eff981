"""One GET of a picture while it is answered: its time limit, its timings, its log fields."""

import math
from dataclasses import field
from typing import TYPE_CHECKING

from postcard.pipeline.timings import Timings
from postcard.runtime.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from postcard.budgets.money_budget import PictureAllowance


@dataclass
class RequestContext:
    """`now` is in Unix seconds, `deadline` a `time.monotonic()` instant: drawing ends by then.

    `fallback_deadline` is a later such instant: a stored fallback picture is not resized after it.
    `allowance` is what the picture may cost, if its caller has a budget in money. `log_fields` go
    into the access log, so no value of a reader may be among them. `ahead`: a batch draws it,
    before anybody opens it. `is_counted`: the picture was counted as usage.
    """

    now: float
    deadline: float
    fallback_deadline: float = math.inf
    timings: Timings = field(default_factory=Timings)
    log_fields: dict[str, object] = field(default_factory=dict)
    allowance: "PictureAllowance | None" = None
    ahead: bool = False
    is_counted: bool = False
