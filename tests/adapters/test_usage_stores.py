"""The contract of the stores of usage; and of DynamoDB's, how it is read and what gets lost."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.call_failed import UNREACHABLE, AwsCallFailed
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.usage import DynamoUsageStore
from postcard.ports import UsageKey, UsageStore
from postcard.settings import Settings
from postcard.usage.counter import TABLE_COOLDOWN_SECONDS, TableUsageCounter
from tests.adapters.conftest import PortImplementations, make_table
from tests.clocks import PATIENCE_SECONDS

NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z
EXPIRES_AT = 2_000_000_000
SPRING = UsageKey("2026-11-22", "welcome", "spring")
DAY = 86_400


def add(store: UsageStore, key: UsageKey, writer: str, token: str, **counts: int) -> None:
    store.add(key, counts, writer=writer, token=token, expires_at=EXPIRES_AT)


def test_the_counts_of_all_writers_are_added_up(adapters: PortImplementations) -> None:
    store = adapters.usage
    add(store, SPRING, "0000000a", "1", first_opens=1, bytes=2_000)
    add(store, SPRING, "0000000a", "2", first_opens=1, bytes=3_000)
    add(store, SPRING, "0000000b", "1", redraws=1, bytes=500)
    counts = {"first_opens": 2, "bytes": 5_500, "redraws": 1}
    assert list(store.read("2026-11-22", "2026-11-22")) == [(SPRING, counts)]


def test_a_write_that_is_repeated_with_its_token_adds_nothing(
    adapters: PortImplementations,
) -> None:
    store = adapters.usage
    for token in ("1", "1", "2", "2", "2"):
        add(store, SPRING, "0000000a", token, links=1)
    add(store, SPRING, "0000000b", "2", links=1)  # a token is the writer's own
    assert list(store.read("2026-11-21", "2026-11-22")) == [(SPRING, {"links": 3})]


def test_a_write_that_arrives_after_it_was_given_up_and_repeated_adds_nothing(
    adapters: PortImplementations,
) -> None:
    store = adapters.usage
    for token in ("00000009", "0000000a", "00000009"):
        add(store, SPRING, "0000000a", token, links=1)
    assert list(store.read("2026-11-22", "2026-11-22")) == [(SPRING, {"links": 2})]


def test_usage_comes_by_day_template_and_campaign_of_the_days_asked_for(
    adapters: PortImplementations,
) -> None:
    keys = [
        UsageKey("2026-11-20", "welcome", ""),
        UsageKey("2026-11-21", "hello", "-"),
        UsageKey("2026-11-21", "hello", "zebra"),
        UsageKey("2026-11-21", "welcome", ""),
        UsageKey("2026-11-22", "hello", "autumn"),
        UsageKey("2026-11-23", "hello", ""),
    ]
    for number, key in enumerate(reversed(keys)):
        add(adapters.usage, key, f"{number:08x}", "1", links=1)
    assert [key for key, _ in adapters.usage.read("2026-11-21", "2026-11-22")] == keys[1:5]


def test_a_total_takes_the_place_of_the_one_before_and_is_added_to_the_writers_counts(
    adapters: PortImplementations,
) -> None:
    store = adapters.usage
    add(store, SPRING, "0000000a", "1", first_opens=2)
    store.set_total(SPRING, {"hits": 7, "misses": 1}, expires_at=EXPIRES_AT)
    store.set_total(SPRING, {"hits": 9, "misses": 2}, expires_at=EXPIRES_AT)
    counts = {"first_opens": 2, "hits": 9, "misses": 2}
    assert list(store.read("2026-11-22", "2026-11-22")) == [(SPRING, counts)]


def test_it_knows_how_far_the_access_log_is_counted(adapters: PortImplementations) -> None:
    assert adapters.usage.log_complete_to() is None
    adapters.usage.set_log_complete_to("2026-11-22T09:00:00Z")
    assert adapters.usage.log_complete_to() == "2026-11-22T09:00:00Z"


class UnreliableClient:
    """A client of DynamoDB whose responses get lost, or whose requests do not arrive."""

    def __init__(self, client: Any, chance: Random) -> None:
        self._client, self._chance = client, chance
        self.calls: Counter[str] = Counter()
        self.lost_share = 0.0
        self.before_put: Callable[[], object] = lambda: None  # called once

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls[name] += 1
            if name == "put_item":
                before, self.before_put = self.before_put, lambda: None
                before()
            fate = self._chance.random()
            if fate < self.lost_share / 2:
                raise AwsCallFailed(name, UNREACHABLE)
            response = getattr(self._client, name)(**arguments)
            if fate < self.lost_share:
                raise AwsCallFailed(name, UNREACHABLE)
            return response

        return call


@pytest.fixture
def client(settings: Settings) -> UnreliableClient:
    dynamodb = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(dynamodb, settings.table)
    return UnreliableClient(dynamodb, Random(15))


def test_counts_are_exact_though_responses_and_requests_get_lost(
    client: UnreliableClient, settings: Settings
) -> None:
    store = DynamoUsageStore(Table(client, settings.table))
    client.lost_share, seconds = 0.2, [0.0]
    counter = TableUsageCounter(store, monotonic=lambda: seconds[0])
    chance, expected = Random(1), dict[UsageKey, tuple[int, int]]()
    for number in range(100):
        seconds[0] += chance.choice((0.1, TABLE_COOLDOWN_SECONDS))
        campaign = chance.choice(("spring", None))
        counter.count("welcome", campaign, {"first_opens": 1, "bytes": number}, now=NOW)
        key = UsageKey("2026-11-22", "welcome", campaign or "")
        first_opens, size = expected.get(key, (0, 0))
        expected[key] = (first_opens + 1, size + number)
    client.lost_share = 0.0
    seconds[0] += TABLE_COOLDOWN_SECONDS
    counter.finish(seconds[0])
    found = {
        key: (counts["first_opens"], counts["bytes"])
        for key, counts in store.read("2026-11-22", "2026-11-22")
    }
    assert found == expected


def test_a_count_is_one_write(client: UnreliableClient, settings: Settings) -> None:
    counter = TableUsageCounter(DynamoUsageStore(Table(client, settings.table), clock=lambda: NOW))
    for _ in range(3):
        counter.count("welcome", "spring", {"first_opens": 1}, now=NOW)
    assert client.calls == {"update_item": 3}


def test_days_that_are_over_are_added_up_once_and_then_read_in_one_call(
    client: UnreliableClient, settings: Settings
) -> None:
    now = [NOW + 40 * DAY]
    store = DynamoUsageStore(Table(client, settings.table), clock=lambda: now[0], keys_in_a_row=2)
    keys = [UsageKey("2026-11-22", "welcome", f"c{number}") for number in range(5)]
    for number, key in enumerate([*keys, *keys]):
        add(store, key, f"{number:08x}", "1", links=number)
    first = list(store.read("2026-11-20", "2026-11-24"))
    assert first == [(key, {"links": 2 * n + 5}) for n, key in enumerate(keys)]
    client.calls.clear()
    assert list(store.read("2026-11-20", "2026-11-24")) == first
    assert client.calls == {"query": 1}


def test_a_total_for_a_day_that_was_added_up_is_read_as_well(
    client: UnreliableClient, settings: Settings
) -> None:
    now = [NOW + 40 * DAY]
    store = DynamoUsageStore(Table(client, settings.table), clock=lambda: now[0])
    add(store, SPRING, "0000000a", "1", first_opens=1)
    for hits in (3, 4):
        store.set_total(SPRING, {"hits": hits}, expires_at=EXPIRES_AT)
        for _ in range(2):
            counts = {"first_opens": 1, "hits": hits}
            assert list(store.read("2026-11-21", "2026-11-23")) == [(SPRING, counts)]


def test_what_is_counted_on_a_day_after_it_was_added_up_is_read_as_well(
    client: UnreliableClient, settings: Settings
) -> None:
    now = [NOW]
    store = DynamoUsageStore(Table(client, settings.table), clock=lambda: now[0])
    for days in range(5):
        now[0] = NOW + days * DAY
        add(store, SPRING, f"{days:08x}", "1", links=1)
        (found,) = store.read("2026-11-22", "2026-11-22")
        assert found[1]["links"] == days + 1


@pytest.mark.parametrize("keys", [1, 5])
@pytest.mark.parametrize("others_store", [False, True])
def test_sums_that_were_read_before_a_late_count_came_are_not_stored(
    client: UnreliableClient, settings: Settings, keys: int, others_store: bool
) -> None:
    table = Table(client, settings.table)
    store = DynamoUsageStore(table, clock=lambda: NOW + 9 * DAY, keys_in_a_row=2)
    for number in range(keys):
        add(store, UsageKey("2026-11-22", "welcome", f"c{number}"), "0000000a", "1", links=1)

    def totals() -> int:
        return sum(counts["links"] for _, counts in store.read("2026-11-22", "2026-11-22"))

    def count_late() -> None:
        add(store, SPRING, "bat_1.7", "1", links=1)
        if others_store:
            assert totals() == keys + 1

    client.before_put = count_late
    assert totals() == keys, "its rows were read before the late one came"
    assert [totals() for _ in range(3)] == [keys + 1] * 3


def test_a_part_of_a_days_sums_that_is_gone_is_not_replaced_by_the_next_days(
    client: UnreliableClient, settings: Settings
) -> None:
    table = Table(client, settings.table)
    store = DynamoUsageStore(table, clock=lambda: NOW + 40 * DAY, keys_in_a_row=1)
    keys = [UsageKey(f"2026-11-2{day}", "welcome", name) for day in (2, 3) for name in "abc"]
    for key in keys:
        add(store, key, "0000000a", "1", links=1)
    assert [key for key, _ in store.read("2026-11-22", "2026-11-23")] == keys
    (part, *_) = [row["sk"] for row in table.query("usage-days") if "-22#0001" in row["sk"]]
    table.delete("usage-days", part)
    assert [key for key, _ in store.read("2026-11-22", "2026-11-23")] == keys


def test_days_whose_counts_are_deleted_are_neither_read_nor_stored(
    client: UnreliableClient, settings: Settings
) -> None:
    store = DynamoUsageStore(Table(client, settings.table), clock=lambda: NOW)
    assert list(store.read("2020-01-01", "2020-12-31")) == []
    assert client.calls.keys() <= {"query"}
