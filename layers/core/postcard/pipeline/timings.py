"""How long each step of a request took."""

import time
from collections.abc import Callable
from dataclasses import field

from postcard.runtime.lazy_dataclass import dataclass


@dataclass
class Timings:
    """Milliseconds by step, for the access log and `Server-Timing`."""

    clock: Callable[[], float] = time.monotonic
    milliseconds: dict[str, float] = field(default_factory=dict)
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._since = self.clock()

    def lap(self, step: str) -> None:
        """Adds the time since the last lap to a step."""
        now = self.clock()
        self.milliseconds[step] = self.milliseconds.get(step, 0.0) + (now - self._since) * 1000
        self._since = now

    @property
    def total_ms(self) -> float:
        """Milliseconds of all steps up to the last lap."""
        return sum(self.milliseconds.values())

    def to_header(self) -> str:
        """The value of `Server-Timing`."""
        return ", ".join(f"{name};dur={ms:.1f}" for name, ms in self.milliseconds.items())
