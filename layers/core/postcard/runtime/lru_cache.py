"""Bounded caches that a process keeps from one picture to the next: one class for all."""

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
    """A thread-safe LRU cache: the sizes of its values add up to at most `max_size`.

    By default each value counts 1. `on_evict` is called for each value that is pushed out or
    discarded, outside the cache's lock; not for one that is replaced under its own key.
    """

    def __init__(
        self,
        max_size: int,
        size_of: Callable[[V], int] = lambda _: 1,
        *,
        on_evict: Callable[[K, V], None] | None = None,
    ) -> None:
        self.max_size, self.size = max_size, 0
        self._size_of = size_of
        self._on_evict = on_evict
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The value, which becomes the most recently used; None if it is not cached."""
        with self._lock:
            if (value := self._values.get(key)) is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Cache a value and evict the least recently used. A value over `max_size` is ignored."""
        size = self._size_of(value)
        if size > self.max_size:
            return
        evicted: list[tuple[K, V]] = []
        with self._lock:
            if key in self._values:
                self.size -= self._size_of(self._values.pop(key))
            self._values[key] = value
            self.size += size
            while self.size > self.max_size:
                evicted.append(self._values.popitem(last=False))
                self.size -= self._size_of(evicted[-1][1])
        self._notify(evicted)

    def discard(self, matches: Callable[[K], bool]) -> None:
        """Evict all values whose key matches."""
        with self._lock:
            evicted = [(key, self._values.pop(key)) for key in [*self._values] if matches(key)]
            self.size -= sum(self._size_of(value) for _, value in evicted)
        self._notify(evicted)

    def clear(self) -> None:
        """Evict all values."""
        self.discard(lambda _: True)

    def _notify(self, evicted: list[tuple[K, V]]) -> None:
        if self._on_evict is not None:
            for key, value in evicted:
                self._on_evict(key, value)


_module_caches: dict[str, SizedLruCache[Any, Any]] = {}


def module_cache(name: str, cache: SizedLruCache[K, V]) -> SizedLruCache[K, V]:
    """Registers a cache that belongs to a module, not to an object that `wiring` builds."""
    _module_caches[name] = cache
    return cache


MEMO_CACHE_BYTES = 32_000_000
_MAX_ENTRY_BYTES = MEMO_CACHE_BYTES // 8
_ENTRY_OVERHEAD_BYTES = 500  # the key and the objects around the pixels
memo_cache: SizedLruCache["_CallKey", tuple[int, Any]] = module_cache(
    "memoized drawing", SizedLruCache(MEMO_CACHE_BYTES, itemgetter(0))
)


class Caches:
    """The caches of a process by name, so that tests and the soak can measure and empty them.

    `wiring` builds one for each process. The caches of `module_cache` are among them.
    """

    def __init__(self) -> None:
        self._by_name = _module_caches.copy()

    def add(self, name: str, cache: SizedLruCache[K, V]) -> SizedLruCache[K, V]:
        """Registers a cache under its name and returns it."""
        self._by_name[name] = cache
        return cache

    def sizes(self) -> dict[str, int]:
        """The size of each cache by name: bytes, or the number of entries."""
        return {name: cache.size for name, cache in self._by_name.items()}

    def clear(self) -> None:
        """Empties all caches."""
        for cache in self._by_name.values():
            cache.clear()


def memoize_by_bytes(size_of: Callable[[V], int]) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """Caches a function's results, of `size_of` bytes each; all functions share one cache.

    For masks, glyphs and gradients: parts of a picture that the next one draws again.
    """

    def decorator(function: Callable[P, V]) -> Callable[P, V]:
        @wraps(function)
        def wrapper(*args: P.args, **named: P.kwargs) -> V:
            key = _CallKey((function, *args, *named.items()))
            if (entry := memo_cache.get(key)) is None:
                value = function(*args, **named)
                entry = (size_of(value) + _ENTRY_OVERHEAD_BYTES, value)
                if entry[0] <= _MAX_ENTRY_BYTES:
                    memo_cache.put(key, entry)
            result: V = entry[1]
            return result

        return wrapper

    return decorator


class _CallKey:
    """A call's arguments with their hash, which for long texts would be computed at each lookup."""

    __slots__ = ("arguments", "hash")

    def __init__(self, arguments: tuple[object, ...]) -> None:
        self.arguments, self.hash = arguments, hash(arguments)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CallKey) and self.arguments == other.arguments
