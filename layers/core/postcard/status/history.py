"""The checks and alarm changes of the last ninety days, as a value and as JSON text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from postcard.ports import AlarmChange, StatusStore
from postcard.runtime.lazy_dataclass import dataclass
from postcard.status.health_minutes import merged
from postcard.timestamps import utc_day

DAYS = 90
MAX_CHANGES = 2_000  # of alarms that are read: about twenty a day


@dataclass(frozen=True, slots=True)
class StatusHistory:
    """Encoded checks by day, and alarm changes, as of the Unix time `as_of`."""

    days: Mapping[str, str]
    changes: Sequence[AlarmChange]
    as_of: float

    def with_minutes(self, day: str, minutes: str) -> "StatusHistory":
        """With the checks of a day added."""
        return replace(self, days={**self.days, day: merged(self.days.get(day, ""), minutes)})

    def with_changes(self, changes: Iterable[AlarmChange]) -> "StatusHistory":
        """With changes added, each once."""
        return replace(self, changes=tuple(dict.fromkeys((*self.changes, *changes))))

    def recent(self, now: float) -> "StatusHistory":
        """Without days that the page does not show."""
        shown = set(shown_days(now))
        return replace(
            self,
            days={day: minutes for day, minutes in self.days.items() if day in shown},
            changes=sorted(self.changes, key=lambda each: each.at)[-MAX_CHANGES:],
            as_of=now,
        )


EMPTY_HISTORY = StatusHistory({}, (), 0)


def shown_days(now: float) -> list[str]:
    """The days of the page, today last."""
    today = utc_day(now)
    return [(today - timedelta(days=ago)).isoformat() for ago in reversed(range(DAYS))]


def read_history(store: StatusStore, now: float) -> StatusHistory:
    """The history in the table."""
    days = {day.day: day.minutes for day in store.days(limit=DAYS)}
    return StatusHistory(days, store.changes(limit=MAX_CHANGES), now).recent(now)


def history_to_json(history: StatusHistory) -> str:
    """The history as JSON text."""
    changes = [[change.alarm, change.state, change.at] for change in history.changes]
    return json.dumps({"as_of": history.as_of, "days": dict(history.days), "changes": changes})


def history_from_json(text: str) -> StatusHistory:
    """Parse a text of `history_to_json`."""
    found = json.loads(text)
    changes = [AlarmChange(alarm, state, at) for alarm, state, at in found["changes"]]
    return StatusHistory(found["days"], changes, found["as_of"])
