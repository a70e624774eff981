"""What a process keeps from one picture to the next: never more than it was told to."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from operator import itemgetter
from threading import Lock
from typing import Any, Generic, ParamSpec, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


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
            if (value := self._values.get(key)) is not None:
                self._values.move_to_end(key)
            return value

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

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()
            self.weight = 0


DRAWN_BYTES = 32_000_000
_LARGEST_DRAWN = DRAWN_BYTES // 8
_OVERHEAD = 500  # bytes: the key, the objects around the pixels
drawn: Kept["_Call", tuple[int, Any]] = Kept(DRAWN_BYTES, itemgetter(0))


def keep_drawn(weigh: Callable[[V], int]) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """Keeps a function's answers, `weigh` bytes each, within `DRAWN_BYTES` for all functions.

    For masks, letters and gradients: parts of a picture that the next one draws again.
    """

    def keeping(make: Callable[P, V]) -> Callable[P, V]:
        @wraps(make)
        def kept(*args: P.args, **named: P.kwargs) -> V:
            key = _Call((make, *args, *named.items()))
            if (found := drawn.get(key)) is None:
                value = make(*args, **named)
                found = (weigh(value) + _OVERHEAD, value)
                if found[0] <= _LARGEST_DRAWN:
                    drawn.put(key, found)
            answer: V = found[1]
            return answer

        return kept

    return keeping


class _Call:
    """What was asked, and its hash: long lines would be hashed again at every look."""

    __slots__ = ("asked", "hash")

    def __init__(self, asked: tuple[object, ...]) -> None:
        self.asked, self.hash = asked, hash(asked)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Call) and self.asked == other.asked
