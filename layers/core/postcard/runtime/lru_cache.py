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


class SizedLruCache(Generic[K, V]):
    """Values by key, together at most `most` by `weigh`; the longest unused go first."""

    def __init__(self, max_size: int, size_of: Callable[[V], int]) -> None:
        self.max_size, self.size = max_size, 0
        self._size_of = size_of
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
        weight = self._size_of(value)
        if weight > self.max_size:
            return
        with self._lock:
            if key in self._values:
                self.size -= self._size_of(self._values.pop(key))
            self._values[key] = value
            self.size += weight
            while self.size > self.max_size:
                self.size -= self._size_of(self._values.popitem(last=False)[1])

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()
            self.size = 0


MEMO_CACHE_BYTES = 32_000_000
_MAX_ENTRY_BYTES = MEMO_CACHE_BYTES // 8
_ENTRY_OVERHEAD_BYTES = 500  # bytes: the key, the objects around the pixels
memo_cache: SizedLruCache["_CallKey", tuple[int, Any]] = SizedLruCache(
    MEMO_CACHE_BYTES, itemgetter(0)
)


def memoize_by_bytes(size_of: Callable[[V], int]) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """Keeps a function's answers, `weigh` bytes each, within `DRAWN_BYTES` for all functions.

    For masks, letters and gradients: parts of a picture that the next one draws again.
    """

    def decorator(function: Callable[P, V]) -> Callable[P, V]:
        @wraps(function)
        def wrapper(*args: P.args, **named: P.kwargs) -> V:
            key = _CallKey((function, *args, *named.items()))
            if (found := memo_cache.get(key)) is None:
                value = function(*args, **named)
                found = (size_of(value) + _ENTRY_OVERHEAD_BYTES, value)
                if found[0] <= _MAX_ENTRY_BYTES:
                    memo_cache.put(key, found)
            answer: V = found[1]
            return answer

        return wrapper

    return decorator


class _CallKey:
    """What was asked, and its hash: long lines would be hashed again at every look."""

    __slots__ = ("arguments", "hash")

    def __init__(self, arguments: tuple[object, ...]) -> None:
        self.arguments, self.hash = arguments, hash(arguments)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CallKey) and self.arguments == other.arguments
