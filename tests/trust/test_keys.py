"""API keys, rate limits, quotas and render budgets in DynamoDB, with 100 concurrent callers.

A `process` is the state of one Lambda process: its own DynamoDB client and its own caches.
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
from postcard.adapters.aws.budgets import DynamoBudgetNoticeStore
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.idempotency import DynamoIdempotencyStore
from postcard.adapters.aws.rate_limiter import DynamoRateLimiter
from postcard.adapters.aws.table import Table
from postcard.api_assembly import ApiService
from postcard.budgets.render_budget import RenderBudget
from postcard.errors import Problem
from postcard.keys.api_keys import (
    KEY_PREFIX,
    SCOPES,
    SECRET_LENGTH,
    ApiKeyService,
    checksum,
    generate_api_key,
    key_digest,
)
from postcard.ports import TemplateRecord
from postcard.settings import Settings
from tests.adapters import conftest as adapters_conftest
from tests.clocks import PATIENCE_SECONDS
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import api_event
from tests.trust.run_scale import record_figure, scaled

moto_url = adapters_conftest.moto_url
CALLERS, PROCESSES = 100, 10
WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")


class CountingClient:
    """A DynamoDB client that counts its calls and records the sort keys of their items."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.requested_keys: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            with self._lock:
                self.calls[name] += 1
                self.requested_keys.append(arguments.get("Key", {}).get("sk", {}).get("S", ""))
            return getattr(self._client, name)(**arguments)

        return call

    @property
    def write_count(self) -> int:
        return sum(self.calls[name] for name in WRITES)

    def reset(self) -> None:
        self.calls.clear()
        self.requested_keys.clear()


class Deployment:
    """One table, and ten processes that use it."""

    def __init__(self, table: str, clients: Sequence[Any]) -> None:
        adapters_conftest.make_table(clients[0], table)
        self.clients = [CountingClient(each) for each in clients]
        self.tables = [Table(each, table) for each in self.clients]
        self.service = InMemoryService()
        self.keys = ApiKeyService(DynamoApiKeyStore(self.tables[0]))
        self.processes = [self._process(table) for table in self.tables]

    def _process(self, table: Table) -> ApiService:
        return replace(
            self.service.api,
            keys=ApiKeyService(DynamoApiKeyStore(table)),
            limiter=DynamoRateLimiter(table),
            counters=DynamoCounters(table),
            idempotency=DynamoIdempotencyStore(table),
        )

    def new_key(self, **more: Any) -> str:
        """A key that was used within the last hour, so that its next use is not recorded."""
        key, record = self.keys.create("trust", SCOPES, now=NOW - 60, **more)
        self.keys.record_use(record, now=NOW - 60)
        return key

    def authorize_call(self, process: ApiService, key: str, now: float = NOW) -> str:
        """The outcome of one call: "allowed", or the problem's code and its Retry-After."""
        event = api_event("GET", "/v1/fonts")
        event["headers"]["authorization"] = f"Bearer {key}"
        result = AuthResult()
        try:
            authorize(ApiRequest.from_event(event), ["templates"], process, result, now=now)
        except Problem as problem:
            return " ".join([problem.code, problem.headers.get("Retry-After", "")]).strip()
        assert result.key is not None and "RateLimit" in result.headers
        return "allowed"

    def authorize_concurrently(self, key: str, now: float) -> Counter[object]:
        """The outcomes of a hundred concurrent calls, spread over all processes."""
        return run_concurrently(
            lambda n: self.authorize_call(self.processes[n % PROCESSES], key, now)
        )

    def call(self, method: str, path: str, body: str = "", **headers: str) -> HandlerResponse:
        """Send a request to the API in the first process."""
        event = api_event(method, path)
        event["headers"] |= {"content-type": "application/json", **headers}
        event["body"] = body
        return HandlerResponse.from_lambda(
            api_app.handle_request(event, FakeLambdaContext(29_000), self.processes[0])
        )

    @property
    def write_count(self) -> int:
        return sum(client.write_count for client in self.clients)

    @property
    def read_count(self) -> int:
        return sum(client.calls["get_item"] for client in self.clients)

    def reset(self) -> None:
        for client in self.clients:
            client.reset()


@pytest.fixture(scope="module")
def clients(moto_url: str) -> Sequence[Any]:
    """A client for each process, shared by all tests because clients are slow to create."""
    settings = Settings("", "", "", "", endpoint_url=moto_url)
    with pytest.MonkeyPatch.context() as environment:
        for name, text in adapters_conftest.CREDENTIALS.items():
            environment.setenv(name, text)
        return [
            boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS) for _ in range(PROCESSES)
        ]


@pytest.fixture
def deployment(clients: Sequence[Any]) -> Deployment:
    return Deployment(f"table-{uuid4().hex[:12]}", clients)


def run_concurrently(work: Callable[[int], object]) -> Counter[object]:
    """The results of a hundred calls of `work` that start at the same moment, counted."""
    start = threading.Barrier(CALLERS)

    def one(caller: int) -> object:
        start.wait()
        return work(caller)

    with ThreadPoolExecutor(CALLERS) as pool:
        return Counter(pool.map(one, range(CALLERS)))


def test_of_a_hundred_concurrent_callers_exactly_the_rate_is_allowed(
    deployment: Deployment,
) -> None:
    key, rounds = deployment.new_key(rate=40), scaled(1, 50)
    deployment.reset()
    for round_ in range(rounds):
        outcomes = deployment.authorize_concurrently(key, NOW + 10 * round_)
        assert outcomes == {"allowed": 40, "rate_limited 1": 60}
    assert deployment.read_count == rounds * CALLERS, "the key is read once a call"
    assert deployment.write_count <= 2 * rounds * CALLERS
    record_figure(
        "rate limit of a key, 100 concurrent callers from 10 processes, 40 a second allowed",
        rounds=rounds,
        allowed_each_round=40,
        writes_a_call=round(deployment.write_count / (rounds * CALLERS), 2),
    )


def test_a_single_caller_causes_one_read_and_one_conditional_write_a_call(
    deployment: Deployment,
) -> None:
    key = deployment.new_key(rate=5)
    deployment.reset()
    for call in range(40):
        assert (
            deployment.authorize_call(deployment.processes[0], key, NOW + 0.21 * call) == "allowed"
        )
    assert deployment.clients[0].calls == {"get_item": 40, "update_item": 40}


def test_a_caller_over_the_rate_causes_no_more_writes(deployment: Deployment) -> None:
    key = deployment.new_key(rate=3)
    for _ in range(3):
        assert deployment.authorize_call(deployment.processes[0], key) == "allowed"
    deployment.reset()
    assert {deployment.authorize_call(deployment.processes[0], key) for _ in range(50)} == {
        "rate_limited 1"
    }
    assert (deployment.read_count, deployment.write_count) == (50, 0)


def test_of_a_hundred_concurrent_callers_exactly_the_monthly_quota_is_allowed(
    deployment: Deployment,
) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    for _ in range(scaled(1, 20)):
        key = deployment.new_key(rate=1000, monthly_quota=30)
        outcomes = deployment.authorize_concurrently(key, NOW)
        assert outcomes == {"allowed": 30, f"quota_exceeded {int(end - NOW) + 1}": 70}
        assert deployment.authorize_call(deployment.processes[0], key, end) == "allowed"
    record_figure(
        "monthly quota, 100 concurrent callers", rounds=scaled(1, 20), allowed_each_round=30
    )


def test_a_revoked_key_is_rejected_by_every_process_at_once(deployment: Deployment) -> None:
    allowed = 0
    for _ in range(scaled(5, 200)):
        key = deployment.new_key()
        assert {deployment.authorize_call(each, key) for each in deployment.processes} == {
            "allowed"
        }
        deployment.keys.revoke(f"key_{key_digest(key)[:10]}", now=NOW)
        allowed += [deployment.authorize_call(each, key) for each in deployment.processes].count(
            "allowed"
        )
    assert allowed == 0
    record_figure(
        "calls allowed after a revocation, warm processes", tried=scaled(50, 2000), allowed=allowed
    )


def test_a_key_is_rejected_from_the_second_in_which_it_expires(deployment: Deployment) -> None:
    key = deployment.new_key(expires_at=int(NOW) + 60)
    for process in deployment.processes:
        assert deployment.authorize_call(process, key, NOW + 59.9) == "allowed"
        assert deployment.authorize_call(process, key, NOW + 60) == "expired_key"


def similar_key(key: str, random: Random) -> str:
    """Another well-formed key that starts like `key`."""
    same, secret = random.randrange(SECRET_LENGTH), key.removeprefix(KEY_PREFIX)
    other = random.choice(string.ascii_letters.replace(secret[same], ""))
    rest = random.choices(string.ascii_letters, k=SECRET_LENGTH - same - 1)
    body = "".join((secret[:same], other, *rest))
    return KEY_PREFIX + body + checksum(body)


def test_a_wrong_key_causes_at_most_one_read_and_no_write(deployment: Deployment) -> None:
    random, good = Random(4), deployment.new_key()
    floods: Sequence[tuple[Callable[[], str], int]] = [
        (generate_api_key, 1),
        (lambda: similar_key(good, random), 1),
        (lambda: KEY_PREFIX + "".join(random.choices(string.ascii_letters, k=40)), 0),
        (lambda: good[:-1], 0),
    ]
    sent = scaled(50, 5000)
    for wrong_key, reads in floods:
        deployment.reset()
        keys = [wrong_key() for _ in range(sent)]
        for key in keys:
            response = deployment.call("GET", "/v1/fonts", authorization=f"Bearer {key}")
            assert (response.status, response.json["code"]) == (401, "invalid_key")
        assert (deployment.read_count, deployment.write_count) == (sent * reads, 0)
        # Keys are looked up by their SHA-256, so no one learns how many characters are right.
        assert deployment.clients[0].requested_keys == [key_digest(key) for key in keys] * reads
    record_figure("wrong keys", sent=4 * sent, reads=2 * sent, writes=0)


def test_of_a_hundred_concurrent_renders_exactly_the_budget_is_spend_concurrently(
    deployment: Deployment,
) -> None:
    budgets = [
        RenderBudget(DynamoCounters(table), DynamoBudgetNoticeStore(table), merge_renders=25)
        for table in deployment.tables
    ]
    record = TemplateRecord("welcome", "Welcome", 1, int(NOW), daily_renders=90)

    def spend_concurrently(merge: str | None) -> Counter[object]:
        return run_concurrently(
            lambda n: budgets[n % PROCESSES].spend(record, now=NOW, merge_signature=merge)
        )

    assert spend_concurrently("leaked") == {True: 25, False: 75}
    assert spend_concurrently("another") == {True: 25, False: 75}
    assert spend_concurrently(None) == {True: 40, False: 60}, (
        "what the merge links left of the template's 90"
    )
    assert [each.spend(record, now=NOW + 86_400, merge_signature="leaked") for each in budgets] == [
        True
    ] * 10
    record_figure(
        "render budget, 100 concurrent renders: merge link 25, template 90", drawn=[25, 25, 40]
    )


def test_a_merge_link_over_its_budget_causes_no_more_writes(deployment: Deployment) -> None:
    table = deployment.tables[0]
    budget = RenderBudget(DynamoCounters(table), DynamoBudgetNoticeStore(table), merge_renders=2)
    record = TemplateRecord("welcome", "Welcome", 1, int(NOW))
    assert [budget.spend(record, now=NOW, merge_signature="m") for _ in range(3)] == [
        True,
        True,
        False,
    ]
    deployment.reset()
    assert not any(budget.spend(record, now=NOW, merge_signature="m") for _ in range(50))
    assert deployment.write_count == 0
