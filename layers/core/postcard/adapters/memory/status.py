"""The history of the status page in memory."""

import threading
from collections.abc import Sequence

from postcard.errors import Conflict
from postcard.ports import AlarmChange, HealthDay


class MemoryStatusStore:
    """Days of checks, and changes of alarms."""

    def __init__(self) -> None:
        self._days: dict[str, HealthDay] = {}
        self._changes: dict[tuple[float, str, str], AlarmChange] = {}
        self._lock = threading.Lock()

    def day(self, day: str) -> HealthDay | None:
        """The day, or None."""
        return self._days.get(day)

    def put_day(self, day: HealthDay, *, instead_of: HealthDay | None) -> None:
        """Store a day instead of this one; `Conflict` if another is there."""
        with self._lock:
            if self._days.get(day.day) != instead_of:
                raise Conflict("Another check was stored at the same moment.")
            self._days[day.day] = day

    def days(self, *, limit: int) -> Sequence[HealthDay]:
        """The last `limit` days, newest first."""
        return [self._days[day] for day in sorted(self._days, reverse=True)[:limit]]

    def add_change(self, change: AlarmChange) -> None:
        """Store a change; the same change again is no second one."""
        with self._lock:
            self._changes[change.at, change.alarm, change.state] = change

    def changes(self, *, limit: int) -> Sequence[AlarmChange]:
        """The last `limit` changes by their time, newest first."""
        with self._lock:
            return [self._changes[key] for key in sorted(self._changes, reverse=True)[:limit]]
