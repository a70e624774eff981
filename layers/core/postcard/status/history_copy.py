"""A copy of the history in the store bucket, for use while the table is unavailable.

Changes of alarms that could not be stored in the table wait beside it, an object for each.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice

from postcard.ports import AlarmChange, ObjectStore, StoredObject
from postcard.status.history import StatusHistory, history_from_json, history_to_json

FOLDER = "status/"
COPY = f"{FOLDER}history.json"
WAITING = f"{FOLDER}waiting/"
MAX_WAITING = 500  # changes that are read at once
JSON_TYPE = "application/json"


class HistoryCopy:
    """Reads and writes the copy; `ServiceUnavailable` if the bucket is."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def read(self) -> StatusHistory | None:
        """The history as it was copied last; None if there is no copy, or none that can be read."""
        stored = self._store.get(COPY)
        try:
            return history_from_json(stored.body.decode()) if stored else None
        except (ValueError, KeyError, TypeError):
            return None

    def write(self, history: StatusHistory) -> None:
        """Replace the copy."""
        self._store.put(COPY, StoredObject(history_to_json(history).encode(), JSON_TYPE))

    def hold(self, change: AlarmChange) -> None:
        """Store a change that waits for the table."""
        body = json.dumps([change.alarm, change.state, change.at]).encode()
        key = f"{WAITING}{change.at:.3f}-{change.alarm}-{change.state}.json"
        self._store.put(key, StoredObject(body, JSON_TYPE))

    def waiting(self) -> Mapping[str, AlarmChange]:
        """The changes that wait, by their keys."""
        found = {}
        for key in islice(self._store.keys(WAITING), MAX_WAITING):
            if (stored := self._store.get(key)) is not None:
                alarm, state, at = json.loads(stored.body)
                found[key] = AlarmChange(alarm, state, at)
        return found

    def release(self, keys: Sequence[str]) -> None:
        """Delete changes that the table has by now."""
        if keys:
            self._store.delete(keys)
