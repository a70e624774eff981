"""Caches keep to their limits whatever is requested."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.runtime.lru_cache import (
    MEMO_CACHE_BYTES,
    SizedLruCache,
    memo_cache,
    memoize_by_bytes,
)
from tests.rendering.drawing import render
from tests.template.template_cases import template

MEGABYTE = 1_000_000


@pytest.fixture
def memoized() -> Iterator[tuple[Callable[[int], str], list[int]]]:
    """A memoized function whose results count a megabyte each, and the calls that reached it."""
    calls: list[int] = []

    @memoize_by_bytes(lambda _: MEGABYTE)
    def function(number: int) -> str:
        calls.append(number)
        return str(number)

    yield function, calls
    memo_cache.clear()


def test_a_result_is_computed_once(memoized: tuple[Callable[[int], str], list[int]]) -> None:
    function, calls = memoized
    assert [function(1), function(2), function(1)] == ["1", "2", "1"]
    assert calls == [1, 2]


def test_two_functions_share_one_bound_and_no_function(
    memoized: tuple[Callable[[int], str], list[int]],
) -> None:
    function, calls = memoized

    @memoize_by_bytes(lambda _: MEGABYTE)
    def other(number: int) -> str:
        return f"other {number}"

    function(1)
    assert other(1) == "other 1"
    for number in range(MEMO_CACHE_BYTES // MEGABYTE):
        other(number + 10)
    function(1)
    assert calls == [1, 1], "the other function's results have evicted it"
    assert memo_cache.size <= MEMO_CACHE_BYTES


def test_one_large_result_evicts_nothing() -> None:
    calls: list[int] = []

    @memoize_by_bytes(lambda size: size)
    def function(size: int) -> int:
        calls.append(size)
        return size

    function(10)
    function(MEMO_CACHE_BYTES // 2)
    function(MEMO_CACHE_BYTES // 2)
    function(10)
    assert calls == [10, MEMO_CACHE_BYTES // 2, MEMO_CACHE_BYTES // 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=40))
def test_the_cache_never_exceeds_its_size(puts: list[tuple[int, int]]) -> None:
    cache: SizedLruCache[int, int] = SizedLruCache(100, lambda weight: weight)
    for key, weight in puts:
        cache.put(key, weight)
        assert cache.size <= 100
        assert cache.get(key) == weight


def test_rendering_many_different_names_keeps_to_the_limit() -> None:
    layer = {"type": "text", "name": "name", "text": "Anna", "size": 110, "wrap": "none"}
    made = template(width=2000, height=200, layers=[layer])
    memo_cache.clear()
    weights = []
    for number in range(90):
        render(made, {"name": "name", "text": f"{number:02d} Wolfeschlegelsteinhausen"}, dpr=1.5)
        weights.append(memo_cache.size)
    assert weights[0] < weights[9] < weights[19], "names are cached"
    assert max(weights) <= MEMO_CACHE_BYTES
    assert max(weights) == pytest.approx(MEMO_CACHE_BYTES, rel=0.1), "the cache is filled"


def test_values_count_one_by_default_and_the_least_recently_used_is_evicted() -> None:
    evicted: list[tuple[str, int]] = []
    cache: SizedLruCache[str, int] = SizedLruCache(
        2, on_evict=lambda key, value: evicted.append((key, value))
    )
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert evicted == [("b", 2)]
    cache.put("c", 4)
    assert evicted == [("b", 2)], "a replaced value is not an evicted one"


def test_discarded_values_are_evicted_and_their_size_is_free() -> None:
    evicted: list[str] = []
    cache: SizedLruCache[str, int] = SizedLruCache(
        9, lambda size: size, on_evict=lambda key, _: evicted.append(key)
    )
    cache.put("a", 4)
    cache.put("b", 5)
    cache.discard(lambda key: key == "a")
    assert (evicted, cache.size, cache.get("b")) == (["a"], 5, 5)
