"""Counts of usage, and links that show them, in memory."""

import threading
from collections.abc import Iterator, Mapping, Sequence

from postcard.ports import UsageKey, UsageShare


class MemoryUsageStore:
    """Counts by key and writer."""

    def __init__(self) -> None:
        self._rows: dict[tuple[UsageKey, str], dict[str, int]] = {}
        self._last_tokens: dict[tuple[UsageKey, str], str] = {}
        self._totals: dict[UsageKey, dict[str, int]] = {}
        self._log_complete_to: str | None = None
        self._lock = threading.Lock()

    def add(
        self, key: UsageKey, counts: Mapping[str, int], *, writer: str, token: str, expires_at: int
    ) -> None:
        """Add to a writer's counts, if `token` is larger than that of its last call."""
        with self._lock:
            last = self._last_tokens.get((key, writer))
            if last is not None and last >= token:
                return
            self._last_tokens[key, writer] = token
            _add(self._rows.setdefault((key, writer), {}), counts)

    def read(self, first_day: str, last_day: str) -> Iterator[tuple[UsageKey, Mapping[str, int]]]:
        """The sums by key, ordered by day, template and campaign."""
        sums: dict[UsageKey, dict[str, int]] = {}
        with self._lock:
            rows = [*((key, row) for (key, _), row in self._rows.items()), *self._totals.items()]
            for key, counts in rows:
                if first_day <= key.day <= last_day:
                    _add(sums.setdefault(key, {}), counts)
        yield from sorted(sums.items(), key=lambda item: item[0])

    def set_total(self, key: UsageKey, counts: Mapping[str, int], *, expires_at: int) -> None:
        """Replace the total."""
        with self._lock:
            self._totals[key] = dict(counts)

    def log_complete_to(self) -> str | None:
        """The time up to which the access log is counted."""
        return self._log_complete_to

    def set_log_complete_to(self, time: str) -> None:
        """Store that time."""
        self._log_complete_to = time


class MemoryUsageShareStore:
    """Links that show usage, by the digest of their token."""

    def __init__(self) -> None:
        self._shares: dict[str, UsageShare] = {}

    def by_digest(self, digest: str) -> UsageShare | None:
        """What a link shows, or None."""
        return self._shares.get(digest)

    def put(self, share: UsageShare) -> None:
        """Store a link."""
        self._shares[share.digest] = share

    def list(self) -> Sequence[UsageShare]:
        """All links."""
        return list(self._shares.values())

    def delete(self, digest: str) -> None:
        """Remove a link, if it exists."""
        self._shares.pop(digest, None)


def _add(sums: dict[str, int], counts: Mapping[str, int]) -> None:
    for name, number in counts.items():
        sums[name] = sums.get(name, 0) + number
