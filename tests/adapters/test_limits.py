"""Rates, counts and kept answers: exact in every implementation, however many call at once."""

import json
from random import Random

import pytest

from postcard.errors import Conflict, IdempotencyMismatch
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import PortImplementations

NOW = 1_795_341_600.25


def test_a_bucket_gives_its_rate_at_once_and_refuses_the_next(world: PortImplementations) -> None:
    taken = [world.limiter.take("k", rate=5, now=NOW) for _ in range(7)]
    assert [answer.allowed for answer in taken] == [True] * 5 + [False] * 2
    assert [answer.remaining for answer in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert all(answer.reset == 1 for answer in taken)


def test_a_bucket_fills_by_its_rate_a_second(world: PortImplementations) -> None:
    for _ in range(10):
        world.limiter.take("k", rate=10, now=NOW)
    again = [world.limiter.take("k", rate=10, now=NOW + 0.31).allowed for _ in range(5)]
    assert again == [True, True, True, False, False]
    assert world.limiter.take("k", rate=10, now=NOW + 60).remaining == 9


def test_buckets_do_not_share_tokens_and_a_rate_of_nothing_allows_nothing(
    world: PortImplementations,
) -> None:
    assert world.limiter.take("a", rate=1, now=NOW).allowed
    assert world.limiter.take("b", rate=1, now=NOW).allowed
    assert not world.limiter.take("a", rate=1, now=NOW).allowed
    assert not world.limiter.take("c", rate=0, now=NOW).allowed


def test_of_many_who_take_at_once_exactly_the_rate_is_let_through(
    world: PortImplementations,
) -> None:
    world.limiter.take("k", rate=20, now=NOW - 5)
    answers = run_concurrently(lambda _: world.limiter.take("k", rate=20, now=NOW).allowed, 60)
    assert answers.count(True) == 20


def test_a_counter_counts_every_call_once(world: PortImplementations) -> None:
    later = int(NOW) + 86_400
    counted = run_concurrently(lambda _: world.counters.increment("day", expires_at=later), 20)
    assert sorted(counted, key=str) == sorted(range(1, 21), key=str)
    assert world.counters.increment("other", expires_at=later) == 1


def test_the_first_call_works_and_the_second_gets_its_answer(world: PortImplementations) -> None:
    assert world.idempotency.begin("k", "digest", now=NOW) is None
    world.idempotency.finish("k", '{"answer": "ü"}', now=NOW)
    assert world.idempotency.begin("k", "digest", now=NOW + 86_000) == '{"answer": "ü"}'


def test_a_second_call_while_the_first_is_at_work_is_in_progress(
    world: PortImplementations,
) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    with pytest.raises(Conflict) as conflict:
        world.idempotency.begin("k", "digest", now=NOW + 20)
    assert conflict.value.code == "idempotency_in_progress"


def test_another_body_under_the_same_key_is_refused_at_work_and_after(
    world: PortImplementations,
) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    with pytest.raises(IdempotencyMismatch):
        world.idempotency.begin("k", "other", now=NOW)
    world.idempotency.finish("k", "answer", now=NOW)
    with pytest.raises(IdempotencyMismatch):
        world.idempotency.begin("k", "other", now=NOW)


def test_an_abandoned_key_is_free_at_once_and_stays_so_if_finished_late(
    world: PortImplementations,
) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    world.idempotency.abandon("k")
    world.idempotency.finish("k", "late", now=NOW)
    assert world.idempotency.begin("k", "other", now=NOW) is None


def test_a_key_whose_first_caller_died_is_free_after_a_minute(world: PortImplementations) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    assert world.idempotency.begin("k", "digest", now=NOW + 61) is None


def test_an_answer_is_kept_for_a_day(world: PortImplementations) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    world.idempotency.finish("k", "answer", now=NOW)
    assert world.idempotency.begin("k", "other", now=NOW + 86_401) is None


def test_of_many_who_begin_at_once_one_does_the_work(world: PortImplementations) -> None:
    begun = run_concurrently(lambda _: world.idempotency.begin("k", "digest", now=NOW), 16)
    assert begun.count(None) == 1
    assert all(isinstance(o, Conflict) for o in begun if o is not None)


def test_the_answer_to_the_largest_body_is_kept(world: PortImplementations) -> None:
    random = Random(9)
    words = "".join(chr(random.randrange(0x4E00, 0x9F00)) for _ in range(85_000))  # 255 KB
    answer = json.dumps({"statusCode": 200, "body": json.dumps({"document": words})})
    assert world.idempotency.begin("k", "digest", now=NOW) is None
    world.idempotency.finish("k", answer, now=NOW)
    assert world.idempotency.begin("k", "digest", now=NOW) == answer
