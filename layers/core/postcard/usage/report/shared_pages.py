"""Keeps what a link that shows usage showed last: a report of a large account takes seconds.

Anybody who has a link may load it some times a second.
"""

from collections.abc import Callable

from postcard.ports import UsageShare
from postcard.runtime.lru_cache import Caches, SizedLruCache

KEPT_SECONDS = 60
MAX_CACHED_BYTES = 16_000_000
Key = tuple[str, str]  # a link's digest, and which of its texts


class SharedPages:
    """The texts that links showed in the last minute. Whether a link works is asked before."""

    def __init__(self, caches: Caches) -> None:
        self._texts: SizedLruCache[Key, tuple[float, str]] = caches.add(
            "shared usage", SizedLruCache(MAX_CACHED_BYTES, lambda made: len(made[1]))
        )

    def text(self, share: UsageShare, name: str, make: Callable[[], str], *, now: float) -> str:
        """The text of this name that was shown in the last minute, or else a new one."""
        key = (share.digest, name)
        made = self._texts.get(key)
        if made is None or not 0 <= now - made[0] < KEPT_SECONDS:
            made = (now, make())
            self._texts.put(key, made)
        return made[1]
