"""Rate limits, counters and idempotency keys: exact under concurrency, in every implementation."""

import json
from random import Random

import pytest

from postcard.errors import Conflict, IdempotencyMismatch
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import PortImplementations

NOW = 1_795_341_600.25


def test_a_full_bucket_allows_its_rate_at_once_and_no_more(adapters: PortImplementations) -> None:
    results = [adapters.limiter.take("k", rate=5, now=NOW) for _ in range(7)]
    assert [result.allowed for result in results] == [True] * 5 + [False] * 2
    assert [result.remaining for result in results] == [4, 3, 2, 1, 0, 0, 0]
    assert all(result.reset == 1 for result in results)


def test_a_bucket_refills_by_its_rate_a_second(adapters: PortImplementations) -> None:
    for _ in range(10):
        adapters.limiter.take("k", rate=10, now=NOW)
    allowed = [adapters.limiter.take("k", rate=10, now=NOW + 0.31).allowed for _ in range(5)]
    assert allowed == [True, True, True, False, False]
    assert adapters.limiter.take("k", rate=10, now=NOW + 60).remaining == 9


def test_several_tokens_are_taken_together_or_not_at_all(adapters: PortImplementations) -> None:
    assert adapters.limiter.take("k", rate=12, now=NOW, tokens=7).remaining == 5
    refused = adapters.limiter.take("k", rate=12, now=NOW, tokens=6)
    assert (refused.allowed, refused.remaining, refused.reset) == (False, 0, 1)
    assert adapters.limiter.take("k", rate=12, now=NOW, tokens=5).remaining == 0
    assert adapters.limiter.take("k", rate=12, now=NOW + 1, tokens=12).allowed
    assert not adapters.limiter.take("k", rate=12, now=NOW + 9, tokens=13).allowed


def test_buckets_share_no_tokens_and_a_rate_of_zero_allows_nothing(
    adapters: PortImplementations,
) -> None:
    assert adapters.limiter.take("a", rate=1, now=NOW).allowed
    assert adapters.limiter.take("b", rate=1, now=NOW).allowed
    assert not adapters.limiter.take("a", rate=1, now=NOW).allowed
    assert not adapters.limiter.take("c", rate=0, now=NOW).allowed


def test_of_concurrent_calls_exactly_the_rate_is_allowed(
    adapters: PortImplementations,
) -> None:
    adapters.limiter.take("k", rate=20, now=NOW - 5)
    allowed = run_concurrently(lambda _: adapters.limiter.take("k", rate=20, now=NOW).allowed, 60)
    assert allowed.count(True) == 20


def test_a_counter_counts_every_call_once(adapters: PortImplementations) -> None:
    later = int(NOW) + 86_400
    counts = run_concurrently(lambda _: adapters.counters.increment("day", expires_at=later), 20)
    assert sorted(counts, key=str) == sorted(range(1, 21), key=str)
    assert adapters.counters.increment("other", expires_at=later) == 1


def test_the_second_call_gets_the_response_of_the_first(adapters: PortImplementations) -> None:
    assert adapters.idempotency.begin("k", "digest", now=NOW) is None
    adapters.idempotency.finish("k", '{"answer": "ü"}', now=NOW)
    assert adapters.idempotency.begin("k", "digest", now=NOW + 86_000) == '{"answer": "ü"}'


def test_a_second_call_during_the_first_is_a_conflict(
    adapters: PortImplementations,
) -> None:
    adapters.idempotency.begin("k", "digest", now=NOW)
    with pytest.raises(Conflict) as conflict:
        adapters.idempotency.begin("k", "digest", now=NOW + 20)
    assert conflict.value.code == "idempotency_in_progress"


def test_another_body_under_the_same_key_is_refused_during_the_first_call_and_after(
    adapters: PortImplementations,
) -> None:
    adapters.idempotency.begin("k", "digest", now=NOW)
    with pytest.raises(IdempotencyMismatch):
        adapters.idempotency.begin("k", "other", now=NOW)
    adapters.idempotency.finish("k", "answer", now=NOW)
    with pytest.raises(IdempotencyMismatch):
        adapters.idempotency.begin("k", "other", now=NOW)


def test_an_abandoned_key_is_free_at_once_even_if_it_is_finished_later(
    adapters: PortImplementations,
) -> None:
    adapters.idempotency.begin("k", "digest", now=NOW)
    adapters.idempotency.abandon("k")
    adapters.idempotency.finish("k", "late", now=NOW)
    assert adapters.idempotency.begin("k", "other", now=NOW) is None


def test_a_key_whose_first_call_never_finished_is_free_after_a_minute(
    adapters: PortImplementations,
) -> None:
    adapters.idempotency.begin("k", "digest", now=NOW)
    assert adapters.idempotency.begin("k", "digest", now=NOW + 61) is None


def test_a_response_is_stored_for_a_day(adapters: PortImplementations) -> None:
    adapters.idempotency.begin("k", "digest", now=NOW)
    adapters.idempotency.finish("k", "answer", now=NOW)
    assert adapters.idempotency.begin("k", "other", now=NOW + 86_401) is None


def test_of_concurrent_calls_with_one_key_one_does_the_work(adapters: PortImplementations) -> None:
    results = run_concurrently(lambda _: adapters.idempotency.begin("k", "digest", now=NOW), 16)
    assert results.count(None) == 1
    assert all(isinstance(each, Conflict) for each in results if each is not None)


def test_the_response_to_the_largest_body_is_stored(adapters: PortImplementations) -> None:
    random = Random(9)
    words = "".join(chr(random.randrange(0x4E00, 0x9F00)) for _ in range(85_000))  # 255 KB
    response = json.dumps({"statusCode": 200, "body": json.dumps({"document": words})})
    assert adapters.idempotency.begin("k", "digest", now=NOW) is None
    adapters.idempotency.finish("k", response, now=NOW)
    assert adapters.idempotency.begin("k", "digest", now=NOW) == response
