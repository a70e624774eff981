"""Many callers at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from postcard.errors import Conflict


def run_concurrently(work: Callable[[int], object], count: int) -> list[object]:
    """What `count` calls of `work`, eight at a time, returned; a `Conflict` is an outcome."""

    def guarded(index: int) -> object:
        try:
            return work(index)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(guarded, range(count)))
