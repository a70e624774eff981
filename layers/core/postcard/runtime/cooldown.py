"""A pause after a failed call, so that a dependency that is down is not called at once again."""

import time
from collections.abc import Callable


class Cooldown:
    """A pause of `seconds` after a failure. `clock` gives seconds, as `time.monotonic` does."""

    __slots__ = ("_clock", "_ends_at", "_seconds")

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends_at = float("-inf")

    def start(self) -> None:
        """Pause from now on: call it when something failed."""
        self._ends_at = self._clock() + self._seconds

    def is_active(self) -> bool:
        """Whether to go without another call for now."""
        return self._clock() < self._ends_at
