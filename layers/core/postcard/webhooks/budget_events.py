"""Creates `budget.exceeded` events from the notices that are stored when a budget is used up.

The functions that draw may not write deliveries, and should not wait for them: the tick does.
"""

from collections.abc import Sequence

from postcard import ports
from postcard.events.event_ids import event_id
from postcard.events.event_types import BUDGET_EXCEEDED
from postcard.ports import BudgetNotice, DeliveryRecord, JsonObject
from postcard.timestamps import (
    DAY_SECONDS,
    format_day,
    format_optional_rfc3339,
    format_rfc3339,
    start_of_day,
)

NO_DAY = ""  # of a batch's budget; the others belong to a template and a day


class BudgetEvents:
    """Stores one event for each notice of today, of yesterday and of batches."""

    def __init__(
        self,
        notices: ports.BudgetNoticeStore,
        deliveries: ports.DeliveryStore,
        outbox: ports.Outbox,
    ) -> None:
        self._notices = notices
        self._deliveries = deliveries
        self._outbox = outbox

    def announce(self, now: float) -> int:
        """Store the missing events; returns their number.

        If a call is interrupted, the next one creates the same events with the same ids.
        """
        days = [format_day(at) for at in (now - DAY_SECONDS, now)]
        notices = [notice for day in (*days, NO_DAY) for notice in self._notices.unannounced(day)]
        for notice in notices:
            deliveries = self._deliveries_of(notice)
            self._deliveries.put_if_absent(deliveries)
            self._notices.mark_announced(notice)
            self._outbox.announce(deliveries)
        return len(notices)

    def _deliveries_of(self, notice: BudgetNotice) -> Sequence[DeliveryRecord]:
        subject = f"{notice.budget} {notice.subject}"
        identity = event_id(BUDGET_EXCEEDED, subject, notice.day, at=notice.at)
        return self._outbox.deliveries(
            BUDGET_EXCEEDED, identity, budget_event(notice), now=notice.at
        )


def budget_event(notice: BudgetNotice) -> JsonObject:
    """The `data` of the event."""
    is_of_batch = notice.day == NO_DAY
    resets_at = None if is_of_batch else start_of_day(notice.day) + DAY_SECONDS
    return {
        "budget": notice.budget,
        "template_id": None if is_of_batch else notice.subject,
        "batch_id": notice.subject if is_of_batch else None,
        "limit": notice.limit,
        "day": None if is_of_batch else notice.day,
        "exceeded_at": format_rfc3339(notice.at),
        "resets_at": format_optional_rfc3339(resets_at),
    }
