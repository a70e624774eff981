"""A cooldown after a failure: do not ask again for some seconds."""

from collections.abc import Callable


class Cooldown:
    """`clock` is `time.monotonic`, or any clock in seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends_at = 0.0

    def start(self) -> None:
        """Starts the cooldown, or starts it again."""
        self._ends_at = self._clock() + self._seconds

    def is_active(self) -> bool:
        """Whether it still lasts."""
        return self._clock() < self._ends_at
