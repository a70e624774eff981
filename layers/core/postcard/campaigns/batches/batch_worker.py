"""What the batch function calls."""

import time
from collections.abc import Callable
from typing import Protocol

from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass


class StepRunner(Protocol):
    """Does a step of a batch."""

    def __call__(self, event: JsonObject, *, deadline: float) -> JsonObject:
        """Do a step before the `time.monotonic()` instant `deadline`; returns its answer.

        It may get a step twice. If it raises, the state machine repeats it, or fails the batch.
        """


@dataclass(frozen=True, slots=True)
class BatchWorker:
    """The steps; `set_deadline` takes the `time.monotonic()` instant that ends every wait."""

    run: StepRunner
    set_deadline: Callable[[float], None]
    monotonic: Callable[[], float] = time.monotonic
