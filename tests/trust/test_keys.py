"""API keys, rates, quotas and budgets in a real table, however many call at once.

A `process` is what one Lambda holds: its own client, its own memory of what it saw last.
"""

import string
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from api import app as api_app
from api.auth import AuthResult, authorize
from api.http_event import ApiRequest
from postcard.adapters.aws.api_keys import DynamoApiKeyStore
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.idempotency import DynamoIdempotencyStore
from postcard.adapters.aws.rate_limiter import DynamoRateLimiter
from postcard.adapters.aws.table import Table
from postcard.errors import Problem
from postcard.keys.api_keys import (
    KEY_PREFIX,
    SECRET_LENGTH,
    ApiKeyService,
    checksum,
    generate_api_key,
    key_digest,
)
from postcard.ports import TemplateRecord
from postcard.render_budget import RenderBudget
from postcard.services.assembly import ApiService
from postcard.settings import Settings
from tests.adapters import conftest as outside
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import NOW, SCOPES, InMemoryService
from tests.functions.sample_events import api_event
from tests.trust.run_scale import record_figure, scaled

moto_url = outside.moto_url
CALLERS, PROCESSES = 100, 10
WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")


class Counted:
    """A client that counts its calls and keeps the rows that were asked for."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            with self._lock:
                self.calls[name] += 1
                self.asked.append(arguments.get("Key", {}).get("sk", {}).get("S", ""))
            return getattr(self._client, name)(**arguments)

        return call

    @property
    def written(self) -> int:
        return sum(self.calls[name] for name in WRITES)

    def forget(self) -> None:
        self.calls.clear()
        self.asked.clear()


class Stack:
    """One table, and the processes that use it."""

    def __init__(self, table: str, clients: Sequence[Any]) -> None:
        outside.make_table(clients[0], table)
        self.clients = [Counted(each) for each in clients]
        self.tables = [Table(each, table) for each in self.clients]
        self.world = InMemoryService()
        self.keys = ApiKeyService(DynamoApiKeyStore(self.tables[0]))
        self.processes = [self._process(table) for table in self.tables]

    def _process(self, table: Table) -> ApiService:
        return replace(
            self.world.api,
            keys=ApiKeyService(DynamoApiKeyStore(table)),
            limiter=DynamoRateLimiter(table),
            counters=DynamoCounters(table),
            idempotency=DynamoIdempotencyStore(table),
        )

    def new_key(self, **more: Any) -> str:
        """A key that was used within the hour, so that its use is noted."""
        key, record = self.keys.create("trust", SCOPES, now=NOW - 60, **more)
        self.keys.record_use(record, now=NOW - 60)
        return key

    def entered(self, process: ApiService, key: str, now: float = NOW) -> str:
        """How one call was let in: "in", or the code and what its answer says of waiting."""
        event = api_event("GET", "/v1/fonts")
        event["headers"]["authorization"] = f"Bearer {key}"
        entry = AuthResult()
        try:
            authorize(ApiRequest.from_event(event), ["templates"], process, entry, now=now)
        except Problem as problem:
            return " ".join([problem.code, problem.headers.get("Retry-After", "")]).strip()
        assert entry.key is not None and "RateLimit" in entry.headers
        return "in"

    def entered_at_once(self, key: str, now: float) -> Counter[object]:
        """How a hundred calls of all processes were let in."""
        return at_once(lambda n: self.entered(self.processes[n % PROCESSES], key, now))

    def call(self, method: str, path: str, body: str = "", **headers: str) -> HandlerResponse:
        """A whole call in the first process."""
        event = api_event(method, path)
        event["headers"] |= {"content-type": "application/json", **headers}
        event["body"] = body
        return HandlerResponse.from_lambda(
            api_app.handle_request(event, FakeLambdaContext(29_000), self.processes[0])
        )

    @property
    def written(self) -> int:
        return sum(client.written for client in self.clients)

    @property
    def read(self) -> int:
        return sum(client.calls["get_item"] for client in self.clients)

    def forget(self) -> None:
        for client in self.clients:
            client.forget()


@pytest.fixture(scope="module")
def clients(moto_url: str) -> Sequence[Any]:
    """A client for each process; making one takes longer than all that is tried with it."""
    where = Settings("", "", "", "", endpoint_url=moto_url)
    with pytest.MonkeyPatch.context() as environment:
        for name, text in outside.CREDENTIALS.items():
            environment.setenv(name, text)
        return [boto_client("dynamodb", where) for _ in range(PROCESSES)]


@pytest.fixture
def stack(clients: Sequence[Any]) -> Stack:
    return Stack(f"table-{uuid4().hex[:12]}", clients)


def at_once(work: Callable[[int], object]) -> Counter[object]:
    """What a hundred callers got who all began at the same moment."""
    start = threading.Barrier(CALLERS)

    def one(caller: int) -> object:
        start.wait()
        return work(caller)

    with ThreadPoolExecutor(CALLERS) as pool:
        return Counter(pool.map(one, range(CALLERS)))


def test_of_a_hundred_callers_at_once_exactly_the_rate_is_let_in(stack: Stack) -> None:
    key, rounds = stack.new_key(rate=40), scaled(2, 50)
    stack.forget()
    for turn in range(rounds):
        now = NOW + 10 * turn
        got = stack.entered_at_once(key, now)
        assert got == {"in": 40, "rate_limited 1": 60}
    assert stack.read == rounds * CALLERS, "the key is read once a call"
    assert stack.written <= 2 * rounds * CALLERS
    record_figure(
        "rate by key, 100 callers at once from 10 processes, 40 a second allowed",
        rounds=rounds,
        let_in_each_round=40,
        writes_a_call=round(stack.written / (rounds * CALLERS), 2),
    )


def test_a_caller_alone_costs_one_read_and_one_conditional_write(stack: Stack) -> None:
    key = stack.new_key(rate=5)
    stack.forget()
    for call in range(40):
        assert stack.entered(stack.processes[0], key, NOW + 0.21 * call) == "in"
    assert stack.clients[0].calls == {"get_item": 40, "update_item": 40}


def test_a_caller_over_the_rate_costs_no_write_once_that_is_known(stack: Stack) -> None:
    key = stack.new_key(rate=3)
    for _ in range(3):
        assert stack.entered(stack.processes[0], key) == "in"
    stack.forget()
    assert {stack.entered(stack.processes[0], key) for _ in range(50)} == {"rate_limited 1"}
    assert (stack.read, stack.written) == (50, 0)


def test_of_a_hundred_callers_at_once_exactly_the_month_s_quota_is_let_in(stack: Stack) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    for _ in range(scaled(1, 20)):
        key = stack.new_key(rate=1000, monthly_quota=30)
        got = stack.entered_at_once(key, NOW)
        assert got == {"in": 30, f"quota_exceeded {int(end - NOW) + 1}": 70}
        assert stack.entered(stack.processes[0], key, end) == "in"
    record_figure("monthly quota, 100 callers at once", rounds=scaled(1, 20), let_in_each_round=30)


def test_a_revoked_key_opens_nothing_in_any_process_from_that_call_on(stack: Stack) -> None:
    let_in = 0
    for _ in range(scaled(5, 200)):
        key = stack.new_key()
        assert {stack.entered(each, key) for each in stack.processes} == {"in"}
        stack.keys.revoke(f"key_{key_digest(key)[:10]}", now=NOW)
        let_in += [stack.entered(each, key) for each in stack.processes].count("in")
    assert let_in == 0
    record_figure(
        "calls let in after a revocation, warm processes", tried=scaled(50, 2000), let_in=let_in
    )


def test_a_key_opens_nothing_from_the_second_it_expires_in(stack: Stack) -> None:
    key = stack.new_key(expires_at=int(NOW) + 60)
    for process in stack.processes:
        assert stack.entered(process, key, NOW + 59.9) == "in"
        assert stack.entered(process, key, NOW + 60) == "expired_key"


def near(key: str, random: Random) -> str:
    """Another key of the right form that begins as `key` does."""
    same, secret = random.randrange(SECRET_LENGTH), key.removeprefix(KEY_PREFIX)
    other = random.choice(string.ascii_letters.replace(secret[same], ""))
    rest = random.choices(string.ascii_letters, k=SECRET_LENGTH - same - 1)
    body = "".join((secret[:same], other, *rest))
    return KEY_PREFIX + body + checksum(body)


def test_a_flood_of_wrong_keys_costs_a_read_each_at_most_and_no_write(stack: Stack) -> None:
    random, good = Random(4), stack.new_key()
    floods: Sequence[tuple[Callable[[], str], int]] = [
        (generate_api_key, 1),
        (lambda: near(good, random), 1),
        (lambda: KEY_PREFIX + "".join(random.choices(string.ascii_letters, k=40)), 0),
        (lambda: good[:-1], 0),
    ]
    sent = scaled(50, 5000)
    for wrong, reads in floods:
        stack.forget()
        keys = [wrong() for _ in range(sent)]
        for key in keys:
            reply = stack.call("GET", "/v1/fonts", authorization=f"Bearer {key}")
            assert (reply.status, reply.json["code"]) == (401, "invalid_key")
        assert (stack.read, stack.written) == (sent * reads, 0)
        # The table is asked for the whole key's SHA-256: how much of a key is right shows nowhere.
        assert stack.clients[0].asked == [key_digest(key) for key in keys] * reads
    record_figure("wrong keys", sent=4 * sent, reads=2 * sent, writes=0)


def test_of_a_hundred_renders_at_once_exactly_the_budget_is_drawn(stack: Stack) -> None:
    budgets = [RenderBudget(DynamoCounters(table), merge_renders=25) for table in stack.tables]
    record = TemplateRecord("welcome", "Welcome", 1, int(NOW), daily_renders=90)

    def drawn(merge: str | None) -> Counter[object]:
        return at_once(
            lambda n: budgets[n % PROCESSES].spend(record, now=NOW, merge_signature=merge)
        )

    assert drawn("leaked") == {True: 25, False: 75}
    assert drawn("another") == {True: 25, False: 75}
    assert drawn(None) == {True: 40, False: 60}, "what the merge links left of the template's 90"
    assert [each.spend(record, now=NOW + 86_400, merge_signature="leaked") for each in budgets] == [
        True
    ] * 10
    record_figure(
        "render budget, 100 renders at once: merge link 25, template 90", drawn=[25, 25, 40]
    )


def test_a_spent_merge_link_costs_no_more_writes(stack: Stack) -> None:
    budget = RenderBudget(DynamoCounters(stack.tables[0]), merge_renders=2)
    record = TemplateRecord("welcome", "Welcome", 1, int(NOW))
    assert [budget.spend(record, now=NOW, merge_signature="m") for _ in range(3)] == [
        True,
        True,
        False,
    ]
    stack.forget()
    assert not any(budget.spend(record, now=NOW, merge_signature="m") for _ in range(50))
    assert stack.written == 0
