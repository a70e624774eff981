"""Provides the status report for the page and the API."""

import threading
from collections.abc import Callable, Mapping

from postcard.errors import ServiceUnavailable
from postcard.ports import StatusStore
from postcard.status.history import EMPTY_HISTORY, StatusHistory, read_history
from postcard.status.history_copy import HistoryCopy
from postcard.status.status_report import OK, StatusReport, build_report

CACHE_SECONDS = 15  # anybody may request it, and each report needs several AWS calls


class StatusService:
    """Builds reports and caches them. `check` returns the state of each dependency.

    `is_public`: whether it may be shown without an API key.
    """

    def __init__(
        self,
        store: StatusStore,
        copy: HistoryCopy,
        check: Callable[[], Mapping[str, str]],
        *,
        is_public: bool,
        clock: Callable[[], float],
    ) -> None:
        self.is_public = is_public
        self._store = store
        self._copy = copy
        self._check = check
        self._clock = clock
        self._report: StatusReport | None = None
        self._lock = threading.Lock()

    def report(self) -> StatusReport:
        """The current status; while the table is unavailable, the history is from the last copy."""
        with self._lock:
            now, report = self._clock(), self._report
            if report is None or not 0 <= now - report.as_of < CACHE_SECONDS:
                report = self._build(now)
                self._report = report
            return report

    def _build(self, now: float) -> StatusReport:
        dependencies = dict(self._check())
        if dependencies.get("table") == OK:
            try:
                return build_report(read_history(self._store, now), dependencies, now=now)
            except ServiceUnavailable:
                dependencies["table"] = "unavailable"
        return build_report(self._copied_history(), dependencies, now=now)

    def _copied_history(self) -> StatusHistory:
        try:
            return self._copy.read() or EMPTY_HISTORY
        except ServiceUnavailable:
            return EMPTY_HISTORY
