"""The worker function's tasks by name."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass


class TaskHandler(Protocol):
    """Does tasks of one kind."""

    def __call__(self, task: JsonObject, *, deadline: float) -> JsonObject:
        """Do a task before the `time.monotonic()` instant `deadline`; returns log fields.

        It may get a task twice. If it raises, the task comes back.
        """


@dataclass(frozen=True, slots=True)
class WorkerService:
    """What the worker function calls: a handler for each name of `task` in a message.

    `set_deadline` takes the `time.monotonic()` instant at which every wait is given up.
    """

    handlers: Mapping[str, TaskHandler]
    set_deadline: Callable[[float], None]
    monotonic: Callable[[], float] = time.monotonic
