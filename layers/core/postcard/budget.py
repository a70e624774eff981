"""A template's renders of one day (UTC), bounded by `daily_renders`."""

from postcard.errors import Unavailable
from postcard.ports import Counters, TemplateRecord
from postcard.times import rfc3339

DAY = 86_400


class Budget:
    """Counts what is drawn for templates that have a bound."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def spend(self, record: TemplateRecord, *, now: float) -> bool:
        """Count one render; False once the day's are spent.

        A counter that cannot be reached lets pictures through.
        """
        if record.daily_renders is None:
            return True
        name = f"renders#{record.template_id}#{rfc3339(now)[:10]}"
        try:
            return self._counters.add(name, expires_at=int(now) + 2 * DAY) <= record.daily_renders
        except Unavailable:
            return True
