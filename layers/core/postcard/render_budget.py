"""Renders of one day (UTC), bounded for each merge link first and for each template second.

Whoever finds a merge link may paste any words into it, and each is a picture to draw. Its bound
ends that, while every other link of the template goes on.
"""

import hashlib

from postcard.errors import Unavailable
from postcard.ports import Counters, TemplateRecord
from postcard.timestamps import rfc3339

DAY = 86_400
MERGE_RENDERS = 1_000_000  # a day: some ten dollars
RESTING_SECONDS = 5.0  # before a counter that did not answer is asked again
_MOST_SEEN = 10_000


class Budget:
    """Counts what is drawn. One merge link has `merge_renders` a day, or half its template's."""

    def __init__(self, counters: Counters, *, merge_renders: int = MERGE_RENDERS) -> None:
        self._counters = counters
        self._merge_renders = merge_renders
        self._seen: dict[str, int] = {}
        self._rests_until = 0.0

    def spend(self, record: TemplateRecord, *, now: float, merge: str | None = None) -> bool:
        """Count one render; False once the day's are spent. `merge`: the merge link's signature.

        While the counter cannot be reached, each process counts for itself.
        """
        day, most = rfc3339(now)[:10], record.daily_renders
        if merge is not None:
            link = hashlib.sha256(merge.encode()).hexdigest()[:20]
            bound = (
                self._merge_renders if most is None else min(self._merge_renders, (most + 1) // 2)
            )
            if not self._count(f"merge#{record.template_id}#{link}#{day}", bound, now):
                return False
        return most is None or self._count(f"renders#{record.template_id}#{day}", most, now)

    def _count(self, name: str, bound: int, now: float) -> bool:
        if self._seen.get(name, 0) >= bound:
            return False  # a count only grows: past its bound, it costs no more writes
        count = self._counted(name, now)
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[name] = count
        return count <= bound

    def _counted(self, name: str, now: float) -> int:
        if now >= self._rests_until:
            try:
                return self._counters.add(name, expires_at=int(now) + 2 * DAY)
            except Unavailable:
                self._rests_until = now + RESTING_SECONDS
        return self._seen.get(name, 0) + 1
