"""Uploads, the keys' secret, the edge store, the CDN, a queue and a state machine in memory."""

import heapq
import json
import threading
import time
from collections.abc import Callable, Sequence

from postcard.host_patterns import url_origin
from postcard.ports import UPLOAD_LIFETIME_SECONDS, JsonObject, SecretChanged
from postcard.timestamps import format_rfc3339


class MemoryUploads:
    """Hands out upload addresses under `base_url`; the test must serve them itself."""

    def __init__(self, base_url: str, clock: Callable[[], float]) -> None:
        self._base_url = base_url
        self._clock = clock

    def presign(self, key: str, content_type: str, size: int) -> JsonObject:
        """A form for one upload; unlike S3, nothing checks its `size`."""
        return {
            "url": self._base_url,
            "method": "POST",
            "fields": {"key": key, "Content-Type": content_type},
            "expires_at": format_rfc3339(self._clock() + UPLOAD_LIFETIME_SECONDS),
        }

    def origin(self) -> str:
        """The origin of `base_url`."""
        return url_origin(self._base_url)


class MemorySecretStore:
    """The one secret."""

    def __init__(self, text: str = "") -> None:
        self._text = text
        self._lock = threading.Lock()

    def read(self) -> str:
        """The text; empty if it was never written."""
        return self._text

    def write(self, text: str, *, instead_of: str) -> None:
        """Replace the text `instead_of`; `SecretChanged` if it is another by now."""
        with self._lock:
            if self._text != instead_of:
                raise SecretChanged
            self._text = text


class MemoryEdgeStore:
    """A key-value store."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        """The entry, or None."""
        return self._entries.get(name)

    def write(self, name: str, text: str) -> None:
        """Replace the entry."""
        self._entries[name] = text


class MemoryCdn:
    """Records the paths that were invalidated."""

    def __init__(self) -> None:
        self.invalidated_paths: list[str] = []

    def invalidate(self, paths: Sequence[str]) -> None:
        """Record the paths."""
        self.invalidated_paths.extend(paths)


class MemoryQueue:
    """A queue; `receive` takes the next task that is due by `clock`."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, int, str]] = []
        self._sent = 0
        self._lock = threading.Lock()

    def send(self, task: JsonObject, *, delay_seconds: int = 0) -> None:
        """The task arrives after `delay_seconds`."""
        with self._lock:
            self._sent += 1
            entry = (self._clock() + delay_seconds, self._sent, json.dumps(task))
            heapq.heappush(self._waiting, entry)

    def receive(self) -> JsonObject | None:
        """The next task that is due, or None; nothing gives it back if it fails."""
        with self._lock:
            if not self._waiting or self._waiting[0][0] > self._clock():
                return None
            task: JsonObject = json.loads(heapq.heappop(self._waiting)[2])
            return task

    def next_due(self) -> float | None:
        """When the next task is due, in Unix seconds; None if none waits."""
        return self._waiting[0][0] if self._waiting else None


class MemoryStateMachine:
    """Records what was started and stopped; the test runs it."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.stopped: list[str] = []

    def start(self, name: str, batch_id: str) -> str:
        """Record an execution; a name that was started before: nothing new."""
        if (name, batch_id) not in self.started:
            self.started.append((name, batch_id))
        return f"arn:aws:states:us-east-1:123456789012:execution:batches:{name}"

    def stop(self, execution: str) -> None:
        """Record the execution."""
        self.stopped.append(execution)
