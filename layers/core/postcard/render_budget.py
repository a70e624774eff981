"""Renders of one day (UTC), bounded for each merge link first and for each template second.

Whoever finds a merge link may paste any words into it, and each is a picture to draw. Its bound
ends that, while every other link of the template goes on.
"""

import hashlib

from postcard.errors import ServiceUnavailable
from postcard.ports import Counters, TemplateRecord
from postcard.timestamps import format_rfc3339

DAY_SECONDS = 86_400
DEFAULT_MERGE_RENDERS = 1_000_000  # a day: some ten dollars
COUNTER_COOLDOWN_SECONDS = 5.0  # before a counter that did not answer is asked again
_MAX_CACHED_COUNTS = 10_000


class RenderBudget:
    """Counts what is drawn. One merge link has `merge_renders` a day, or half its template's."""

    def __init__(self, counters: Counters, *, merge_renders: int = DEFAULT_MERGE_RENDERS) -> None:
        self._counters = counters
        self._merge_renders = merge_renders
        self._cached_counts: dict[str, int] = {}
        self._cooldown_until = 0.0

    def spend(
        self, record: TemplateRecord, *, now: float, merge_signature: str | None = None
    ) -> bool:
        """Count one render; False once the day's are spent. `merge`: the merge link's signature.

        While the counter cannot be reached, each process counts for itself.
        """
        day, most = format_rfc3339(now)[:10], record.daily_renders
        if merge_signature is not None:
            link = hashlib.sha256(merge_signature.encode()).hexdigest()[:20]
            bound = (
                self._merge_renders if most is None else min(self._merge_renders, (most + 1) // 2)
            )
            if not self._count_within(f"merge#{record.template_id}#{link}#{day}", bound, now):
                return False
        return most is None or self._count_within(f"renders#{record.template_id}#{day}", most, now)

    def _count_within(self, name: str, limit: int, now: float) -> bool:
        if self._cached_counts.get(name, 0) >= limit:
            return False  # a count only grows: past its bound, it costs no more writes
        count = self._increment(name, now)
        if len(self._cached_counts) >= _MAX_CACHED_COUNTS:
            self._cached_counts.clear()
        self._cached_counts[name] = count
        return count <= limit

    def _increment(self, name: str, now: float) -> int:
        if now >= self._cooldown_until:
            try:
                return self._counters.increment(name, expires_at=int(now) + 2 * DAY_SECONDS)
            except ServiceUnavailable:
                self._cooldown_until = now + COUNTER_COOLDOWN_SECONDS
        return self._cached_counts.get(name, 0) + 1
