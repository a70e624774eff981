"""An instant by which work has to end, handed down to whatever takes long."""

import math
import time
from collections.abc import Callable


class DeadlineExceeded(Exception):
    """There is no time left for the work that was about to begin."""


class Deadline:
    """Ends work at an instant of `clock`, which gives seconds as `time.monotonic` does.

    One call of Pillow cannot be interrupted, so the work is done in steps, and each step begins
    with `check`.
    """

    __slots__ = ("_clock", "_instant")

    def __init__(self, instant: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._instant = instant
        self._clock = clock

    @property
    def instant(self) -> float:
        """The instant, in seconds of the clock."""
        return self._instant

    def remaining(self) -> float:
        """Seconds that are left; negative after the instant."""
        return self._instant - self._clock()

    def check(self, needed: float = 0.0) -> None:
        """Raises `DeadlineExceeded` if less than `needed` seconds are left."""
        if self.remaining() < needed:
            raise DeadlineExceeded("There was no time left to draw: try again.")

    @classmethod
    def at(cls, instant: float | None, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """The deadline at an instant of `clock`; None for none."""
        return NO_DEADLINE if instant is None else cls(instant, clock)


NO_DEADLINE = Deadline(math.inf, lambda: 0.0)
