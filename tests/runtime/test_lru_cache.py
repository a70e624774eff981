"""What is kept from one picture to the next is bounded in bytes, whoever asks for what."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.runtime import lru_cache as keeping
from postcard.runtime.lru_cache import MEMO_CACHE_BYTES, SizedLruCache, memoize_by_bytes
from tests.rendering.drawing import render
from tests.template.template_cases import template

MEGABYTE = 1_000_000


@pytest.fixture
def counted() -> Iterator[tuple[Callable[[int], str], list[int]]]:
    """A function that is kept, a megabyte an answer, and what it was really asked."""
    asked: list[int] = []

    @memoize_by_bytes(lambda _: MEGABYTE)
    def answer(number: int) -> str:
        asked.append(number)
        return str(number)

    yield answer, asked
    keeping.memo_cache.clear()


def test_an_answer_is_made_once(counted: tuple[Callable[[int], str], list[int]]) -> None:
    answer, asked = counted
    assert [answer(1), answer(2), answer(1)] == ["1", "2", "1"]
    assert asked == [1, 2]


def test_two_functions_share_one_bound_and_no_answer(
    counted: tuple[Callable[[int], str], list[int]],
) -> None:
    answer, asked = counted

    @memoize_by_bytes(lambda _: MEGABYTE)
    def other(number: int) -> str:
        return f"other {number}"

    answer(1)
    assert other(1) == "other 1"
    for number in range(MEMO_CACHE_BYTES // MEGABYTE):
        other(number + 10)
    answer(1)
    assert asked == [1, 1], "what the other function kept has pushed it out"
    assert keeping.memo_cache.size <= MEMO_CACHE_BYTES


def test_one_large_answer_pushes_nothing_out() -> None:
    asked: list[int] = []

    @memoize_by_bytes(lambda size: size)
    def answer(size: int) -> int:
        asked.append(size)
        return size

    answer(10)
    answer(MEMO_CACHE_BYTES // 2)
    answer(MEMO_CACHE_BYTES // 2)
    answer(10)
    assert asked == [10, MEMO_CACHE_BYTES // 2, MEMO_CACHE_BYTES // 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=40))
def test_never_more_is_kept_than_was_allowed(puts: list[tuple[int, int]]) -> None:
    kept: SizedLruCache[int, int] = SizedLruCache(100, lambda weight: weight)
    for key, weight in puts:
        kept.put(key, weight)
        assert kept.size <= 100
        assert kept.get(key) == weight


def test_strangers_names_without_end_are_kept_within_bounds() -> None:
    layer = {"type": "text", "name": "name", "text": "Anna", "size": 110, "wrap": "none"}
    made = template(width=2000, height=200, layers=[layer])
    keeping.memo_cache.clear()
    weights = []
    for number in range(90):
        render(made, {"name": "name", "text": f"{number:02d} Wolfeschlegelsteinhausen"}, dpr=1.5)
        weights.append(keeping.memo_cache.size)
    assert weights[0] < weights[9] < weights[19], "names are kept"
    assert max(weights) <= MEMO_CACHE_BYTES
    assert max(weights) == pytest.approx(MEMO_CACHE_BYTES, rel=0.1), "as many as there is room for"
