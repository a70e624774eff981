"""Concurrent calls."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from postcard.errors import Conflict


def run_concurrently(work: Callable[[int], object], count: int) -> list[object]:
    """The results of `count` calls of `work` by eight threads; a `Conflict` is a result too."""

    def result_of(index: int) -> object:
        try:
            return work(index)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(result_of, range(count)))
