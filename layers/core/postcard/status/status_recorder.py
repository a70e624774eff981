"""Writes the history: a check of the dependencies each minute, and changes of alarms."""

import math
from collections.abc import Callable, Mapping

from postcard.errors import Conflict, ServiceUnavailable
from postcard.ports import (
    AlarmChange,
    HealthDay,
    JsonObject,
    ObjectStore,
    StatusStore,
    StoredObject,
)
from postcard.status.alarm_messages import read_alarm_message
from postcard.status.alarms import MEANINGS
from postcard.status.health_minutes import merged, with_minute
from postcard.status.history import EMPTY_HISTORY, StatusHistory, read_history
from postcard.status.history_copy import HistoryCopy
from postcard.status.status_page import status_page
from postcard.status.status_report import OK, build_report
from postcard.timestamps import DAY_SECONDS, format_day

COPY_MINUTES = 5  # between two copies, while everything works
TRIES = 5  # to store a check, while other checks are stored
PAGE_KEY = "errors/status.html"  # CloudFront serves what is in errors/
PAGE_TYPE = "text/html; charset=utf-8"
PAGE_CACHE = "public, max-age=60"


class StatusRecorder:
    """Records checks and alarms; while the table is unavailable they wait in the store bucket.

    `check` returns the state of each dependency. With `is_public`, the CDN serves a copy of the
    page, for times when the API is unavailable. `set_deadline` takes the `time.monotonic()`
    instant at which every wait is given up.
    """

    def __init__(
        self,
        store: StatusStore,
        copy: HistoryCopy,
        pictures: ObjectStore,
        check: Callable[[], Mapping[str, str]],
        *,
        is_public: bool,
        clock: Callable[[], float],
        set_deadline: Callable[[float], None] = lambda instant: None,
    ) -> None:
        self.set_deadline = set_deadline
        self._store = store
        self._copy = copy
        self._pictures = pictures
        self._check = check
        self._is_public = is_public
        self._clock = clock
        self._last_states: Mapping[str, str] = {}
        self._is_withdrawn = False

    def record_message(self, text: str) -> JsonObject:
        """Store what the message of an alarm reports; returns log fields. `UnreadableMessage`."""
        change = read_alarm_message(text, now=self._clock())
        if change is None:
            return {"outcome": "ignored"}
        fields = {"alarm": change.alarm, "state": change.state}
        if change.alarm not in MEANINGS:
            return {**fields, "outcome": "ignored"}
        return {**fields, "outcome": self._record_change(change)}

    def _record_change(self, change: AlarmChange) -> str:
        try:
            self._store.add_change(change)
        except ServiceUnavailable:
            self._copy.hold(change)
            return "waiting"
        return "stored"

    def record_check(self, scheduled_at: float | None = None) -> JsonObject:
        """Check the dependencies and store the result for the minute; returns log fields.

        The minute is that of `scheduled_at` if that is near: a call may be some seconds late.
        """
        now = self._clock()
        if scheduled_at is None or abs(now - scheduled_at) > 60 * COPY_MINUTES:
            scheduled_at = now
        day, minute = format_day(scheduled_at), math.floor(scheduled_at % DAY_SECONDS / 60)
        states = dict(self._check())
        unavailable = sorted(name for name, state in states.items() if state != OK)
        found = with_minute("", minute, unavailable)
        # An unavailable table is not called again: writing the copy needs the remaining time.
        is_stored = states["table"] == OK and self._store_minutes(day, found)
        if not is_stored:
            states["table"] = "unavailable"
            found = with_minute("", minute, [*unavailable, "table"])
        copies = not is_stored or minute % COPY_MINUTES == 0 or states != self._last_states
        self._last_states = states
        is_copied = self._copy_history(day, found, states, now) if copies else None
        return {"unavailable": unavailable, "stored": is_stored, "copied": is_copied}

    def _store_minutes(self, day: str, minutes: str) -> bool:
        """Add minutes to a day in the table; returns whether they are stored."""
        try:
            for _ in range(TRIES):
                stored = self._store.day(day)
                before = stored.minutes if stored else ""
                if (after := merged(before, minutes)) == before:
                    return True
                try:
                    self._store.put_day(HealthDay(day, after), instead_of=stored)
                except Conflict:
                    continue
                return True
        except ServiceUnavailable:
            pass
        return False

    def _copy_history(self, day: str, found: str, states: Mapping[str, str], now: float) -> bool:
        """Copy the history, and publish the page through the CDN; returns whether it succeeded."""
        try:
            waiting = self._copy.waiting()
            copied = (self._copy.read() or EMPTY_HISTORY).recent(now).with_minutes(day, found)
            copied = copied.with_changes(waiting.values())
            history = self._into_table(copied, waiting, now) if states["table"] == OK else None
            if history is None:
                history, states = copied, {**states, "table": "unavailable"}
            self._copy.write(history)
            self._publish(history, states, now)
        except ServiceUnavailable:
            return False
        return True

    def _into_table(
        self, copied: StatusHistory, waiting: Mapping[str, AlarmChange], now: float
    ) -> StatusHistory | None:
        """Store in the table what only the copy has; returns the whole history, None on failure."""
        try:
            for change in waiting.values():
                self._store.add_change(change)
            history = read_history(self._store, now)
        except ServiceUnavailable:
            return None
        self._copy.release([*waiting])
        for day, minutes in copied.days.items():
            if merged(history.days.get(day, ""), minutes) != history.days.get(day):
                if not self._store_minutes(day, minutes):
                    return None
                history = history.with_minutes(day, minutes)
        return history

    def _publish(self, history: StatusHistory, states: Mapping[str, str], now: float) -> None:
        if self._is_public:
            page = status_page(build_report(history, states, now=now), is_stored=True)
            stored = StoredObject(page.encode(), PAGE_TYPE, cache_control=PAGE_CACHE)
            self._pictures.put(PAGE_KEY, stored)
        elif not self._is_withdrawn:
            self._pictures.delete([PAGE_KEY])
            self._is_withdrawn = True
