"""Builds the status report: the current state, each of the last ninety days, and incidents."""

from collections.abc import Mapping, Sequence

from postcard.runtime.lazy_dataclass import dataclass
from postcard.status.alarms import PARTS
from postcard.status.health_minutes import (
    DEPENDENCIES,
    NOT_CHECKED,
    checked_minutes,
    unavailable_minutes,
)
from postcard.status.history import StatusHistory, shown_days
from postcard.status.incidents import Incident, find_incidents
from postcard.timestamps import DAY_SECONDS, start_of_day

OK, DEGRADED, UNAVAILABLE = "ok", "degraded", "unavailable"
MAX_INCIDENTS = 100  # that are shown
LATE_CHECK_SECONDS = 600


@dataclass(frozen=True, slots=True)
class StatusDay:
    """A day (UTC): minutes that were checked, and minutes of trouble by dependency and by part.

    What had no trouble is in neither mapping.
    """

    day: str
    checked: int
    unavailable: Mapping[str, int]
    incidents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The status at the Unix time `as_of`.

    `dependencies` and `parts` have `ok`, or `unavailable` and `degraded`. `history_as_of` is when
    the past was read or, with the table unavailable, copied; None if it cannot be read at all.
    `checked_at` is the last minute with a check; None if there is none. Incidents: newest first.
    """

    as_of: float
    history_as_of: float | None
    checked_at: float | None
    dependencies: Mapping[str, str]
    parts: Mapping[str, str]
    days: Sequence[StatusDay]
    incidents: Sequence[Incident]

    @property
    def status(self) -> str:
        """`ok` if everything is."""
        states = {*self.dependencies.values(), *self.parts.values()}
        return OK if states <= {OK} else DEGRADED

    @property
    def is_copy(self) -> bool:
        """Whether the past comes from its copy, because the table is unavailable."""
        return self.dependencies["table"] != OK

    @property
    def checks_are_late(self) -> bool:
        """Whether the checks of each minute have stopped."""
        at = self.checked_at
        return at is not None and self.as_of - at > LATE_CHECK_SECONDS


def build_report(
    history: StatusHistory, dependencies: Mapping[str, str], *, now: float
) -> StatusReport:
    """The report of the Unix time `now`, with the state of each dependency."""
    incidents = find_incidents(history.changes)
    days = [_day(day, history, incidents, now) for day in shown_days(now)]
    begin = start_of_day(days[0].day)
    shown = [each for each in incidents if each.ended_at is None or each.ended_at > begin]
    troubled = {incident.part for incident in incidents if incident.ended_at is None}
    return StatusReport(
        as_of=now,
        history_as_of=history.as_of or None,
        checked_at=_last_check(history),
        dependencies={name: dependencies.get(name, UNAVAILABLE) for name in DEPENDENCIES},
        parts={part: DEGRADED if part in troubled else OK for part in PARTS},
        days=days,
        incidents=shown[:MAX_INCIDENTS],
    )


def _day(day: str, history: StatusHistory, incidents: Sequence[Incident], now: float) -> StatusDay:
    begin, minutes = start_of_day(day), history.days.get(day, "")
    end = min(begin + DAY_SECONDS, now)
    troubled: dict[str, int] = {}
    for incident in incidents:
        if duration := incident.minutes_between(begin, end):
            troubled[incident.part] = troubled.get(incident.part, 0) + duration
    return StatusDay(day, checked_minutes(minutes), unavailable_minutes(minutes), troubled)


def _last_check(history: StatusHistory) -> float | None:
    checked = [day for day, minutes in history.days.items() if minutes.strip(NOT_CHECKED)]
    if not checked:
        return None
    last = max(checked)
    return start_of_day(last) + 60 * (len(history.days[last].rstrip(NOT_CHECKED)) - 1)
