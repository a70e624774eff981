"""The contract of the stores of budgets, in memory and with boto3."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from postcard import ports
from postcard.adapters import memory
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.budgets import TOKEN_SLOTS, DynamoBudgetStore
from postcard.adapters.aws.table import Table
from postcard.settings import Settings
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import make_table
from tests.clocks import PATIENCE_SECONDS

EXPIRES_AT = 1_795_604_800


@pytest.fixture
def table(settings: Settings) -> Table:
    dynamodb: Any = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(dynamodb, settings.table)
    return Table(dynamodb, settings.table)


@pytest.fixture(params=["memory", "boto3"])
def store(request: pytest.FixtureRequest) -> Iterator[ports.BudgetStore]:
    """Each implementation in turn."""
    if request.param == "memory":
        yield memory.MemoryBudgetStore()
    else:
        yield DynamoBudgetStore(request.getfixturevalue("table"))


TOKENS = count(1)


def hold(
    store: ports.BudgetStore, wanted: int, *, at_least: int = 1, limit: int = 100, token: str = ""
) -> int:
    return store.hold(
        "batch#bat_1",
        wanted=wanted,
        at_least=at_least,
        limit=limit,
        expires_at=EXPIRES_AT,
        token=token or f"{next(TOKENS):08x}00000000",
    )


def test_amounts_are_held_until_too_little_is_left(store: ports.BudgetStore) -> None:
    assert store.held("batch#bat_1") == 0
    assert hold(store, 60) == 60
    assert hold(store, 60, at_least=41) == 0, "40 are left"
    assert hold(store, 60, at_least=40) == 40, "what is left, since it is enough"
    assert hold(store, 1) == 0
    assert store.held("batch#bat_1") == 100
    assert hold(store, 60, limit=130) == 30, "the limit was raised"
    assert hold(store, 10, limit=50) == 0, "the limit was lowered"


def test_a_budget_that_is_smaller_than_its_first_lease_is_held_whole(
    store: ports.BudgetStore,
) -> None:
    assert hold(store, 500, at_least=101) == 0
    assert hold(store, 500, at_least=100) == 100


def test_a_repeated_call_holds_nothing_more(store: ports.BudgetStore) -> None:
    assert [hold(store, 30, token="0000000a00000000") for _ in range(3)] == [30, 30, 30]
    assert hold(store, 30, token="0000000b00000000") == 30
    assert hold(store, 30, token="0000000a00000000") == 30, "another call in between"
    assert store.held("batch#bat_1") == 60


def test_concurrent_leases_never_pass_the_limit(store: ports.BudgetStore) -> None:
    granted: list[int] = []

    def lease(_: int) -> None:
        while amount := hold(store, 7, at_least=3):
            granted.append(amount)

    run_concurrently(lease, 4)
    assert sum(granted) == store.held("batch#bat_1")
    assert 98 <= sum(granted) <= 100


def test_a_row_expires_and_stays_small(table: Table) -> None:
    store = DynamoBudgetStore(table)
    for _ in range(40):
        hold(store, 1)
    row = table.get("budget#batch#bat_1", "budget")
    assert row is not None
    assert row["ttl"] == EXPIRES_AT
    assert len([name for name in row if name.startswith("token_")]) == TOKEN_SLOTS
