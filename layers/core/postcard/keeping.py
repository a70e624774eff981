"""What a process keeps from one picture to the next: never more than it was told to."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, together at most `most` by `weigh`; the longest unused go first."""

    def __init__(self, most: int, weigh: Callable[[V], int]) -> None:
        self.most, self.weight = most, 0
        self._weigh = weigh
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The value, if it is still here."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, unless it alone is too much."""
        weight = self._weigh(value)
        if weight > self.most:
            return
        with self._lock:
            if key in self._values:
                self.weight -= self._weigh(self._values.pop(key))
            self._values[key] = value
            self.weight += weight
            while self.weight > self.most:
                self.weight -= self._weigh(self._values.popitem(last=False)[1])
