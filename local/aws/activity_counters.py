"""What happened, counted: calls of functions, operations at S3, metrics that handlers wrote."""

import threading
from collections import Counter


class ActivityCounters:
    """Named counts that many threads may raise. Names read like `s3.put` or `function.image`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: float = 1) -> None:
        """Raise `name` by `amount`."""
        with self._lock:
            self._counts[name] += amount  # type: ignore[assignment]

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    def snapshot(self) -> dict[str, int]:
        """All counts as they are now."""
        with self._lock:
            return dict(self._counts)
