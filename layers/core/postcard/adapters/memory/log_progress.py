"""How far the access log is counted, in memory."""

from postcard.ports import LogProgress


class MemoryLogProgress:
    """The one record."""

    def __init__(self) -> None:
        self._progress: LogProgress | None = None

    def get(self) -> LogProgress | None:
        """The record; None if it was never counted."""
        return self._progress

    def put(self, progress: LogProgress) -> None:
        """Replace the record."""
        self._progress = progress
