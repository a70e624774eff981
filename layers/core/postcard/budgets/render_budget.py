"""Daily limits (UTC) on renders: one for each merge link, and one for each template.

Anybody who finds a merge link can put any values into it, and each is a picture to draw. The merge
link's own limit stops that while every other link of the template goes on.

Renders of a template without a limit are counted as well, so that a limit that is set at noon
counts the whole day.
"""

import hashlib
import time
from collections.abc import Callable

from postcard.errors import ServiceUnavailable
from postcard.ports import BudgetNotice, BudgetNoticeStore, Counters, TemplateRecord
from postcard.runtime.cooldown import Cooldown
from postcard.settings import DEFAULT_MERGE_RENDERS
from postcard.timestamps import DAY_SECONDS, format_day

COUNTER_COOLDOWN_SECONDS = 5.0
_MAX_CACHED_COUNTS = 10_000
MAX_UNWRITTEN = 20  # renders of a template without a limit that a process has not written yet
# A process takes so large a part of a limit at once: DynamoDB adds to one item 1,000 times a
# second, and a send opens one merge link more often than that.
LEASES = 5_000
TEMPLATE_RENDERS, MERGE_LINK_RENDERS = "template_renders", "merge_link_renders"  # of a day


def renders_in_a_write(limit: int | None) -> int:
    """The renders that one write of a counter stands for in a warm process."""
    return MAX_UNWRITTEN if limit is None else max(1, limit // LEASES)


class RenderBudget:
    """Counts renders. A merge link has `merge_renders` a day, or half its template's if fewer.

    Never more than the limit are drawn. A process that ends leaves up to a 5,000th of it undrawn.
    Each process stores a notice, once a day, of a limit that stopped a render.
    """

    def __init__(
        self,
        counters: Counters,
        notices: BudgetNoticeStore,
        *,
        merge_renders: int = DEFAULT_MERGE_RENDERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counters = counters
        self._notices = notices
        self._merge_renders = merge_renders
        self._cached_counts: dict[str, int] = {}
        self._unwritten: dict[str, int] = {}
        self._leases: dict[str, int] = {}  # renders that were counted and not drawn yet
        self._noticed: set[tuple[str, str, str]] = set()
        self._cooldown = Cooldown(COUNTER_COOLDOWN_SECONDS, clock)

    def spend(
        self, record: TemplateRecord, *, now: float, merge_signature: str | None = None
    ) -> bool:
        """Count one render; False if the day's limit is reached.

        `merge_signature` is the signature of the merge link that is opened. While the counters
        cannot be reached, each process counts for itself.
        """
        day, template_limit = format_day(now), record.daily_renders
        if merge_signature is not None:
            link_digest = hashlib.sha256(merge_signature.encode()).hexdigest()[:20]
            link_limit = self._merge_renders
            if template_limit is not None:
                link_limit = min(link_limit, (template_limit + 1) // 2)
            name = f"merge#{record.template_id}#{link_digest}#{day}"
            if not self._count_within(name, link_limit, now):
                self._notice(MERGE_LINK_RENDERS, record, link_limit, now)
                return False
        name = f"renders#{record.template_id}#{day}"
        if template_limit is None:
            self._count_without_limit(name, now)
            return True
        if self._count_within(name, template_limit, now):
            return True
        self._notice(TEMPLATE_RENDERS, record, template_limit, now)
        return False

    def _count_within(self, name: str, limit: int, now: float) -> bool:
        if lease := self._leases.pop(name, 0):
            self._leases[name] = lease - 1
            return True
        if self._cached_counts.get(name, 0) >= limit:
            return False  # a count only grows: past its limit, it costs no more writes
        lease = renders_in_a_write(limit)
        count = self._increment(name, now, lease + self._unwritten.pop(name, 0))
        granted = lease - max(0, count - limit)
        if granted <= 0:
            return False
        if len(self._leases) >= _MAX_CACHED_COUNTS:
            self._leases.clear()
        self._leases[name] = granted - 1
        return True

    def _count_without_limit(self, name: str, now: float) -> None:
        """Count one render. Of a large count, one write adds several: at most a tenth of it."""
        unwritten = 1 + self._unwritten.pop(name, 0)
        if unwritten >= min(self._cached_counts.get(name, 0) // 10, MAX_UNWRITTEN):
            self._increment(name, now, unwritten)
            return
        if len(self._unwritten) >= _MAX_CACHED_COUNTS:
            self._unwritten.clear()
        self._unwritten[name] = unwritten

    def _notice(self, budget: str, record: TemplateRecord, limit: int, now: float) -> None:
        """Store one notice that a limit stopped a render; later, if that fails now."""
        day = format_day(now)
        noticed = (budget, record.template_id, day)
        if noticed in self._noticed or self._cooldown.is_active():
            return
        try:
            self._notices.add(BudgetNotice(budget, record.template_id, limit, day, now))
        except ServiceUnavailable:
            self._cooldown.start()
            return
        if len(self._noticed) >= _MAX_CACHED_COUNTS:
            self._noticed.clear()
        self._noticed.add(noticed)

    def _increment(self, name: str, now: float, by: int) -> int:
        """The new count; while the counters cannot be reached, that of this process."""
        count = self._cached_counts.get(name, 0) + by
        if not self._cooldown.is_active():
            try:
                expires_at = int(now) + 2 * DAY_SECONDS
                count = self._counters.increment(name, expires_at=expires_at, by=by)
            except ServiceUnavailable:
                self._cooldown.start()
        if len(self._cached_counts) >= _MAX_CACHED_COUNTS:
            self._cached_counts.clear()
        self._cached_counts[name] = count
        return count
