"""Simulates first opens one by one: the production code decides which calls each one makes."""

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from postcard.adapters.aws.budgets import DynamoBudgetNoticeStore
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.table import Table, to_row
from postcard.adapters.aws.templates import DynamoTemplateStore
from postcard.adapters.aws.usage import DynamoUsageStore
from postcard.budgets.render_budget import RenderBudget
from postcard.errors import ServiceUnavailable
from postcard.pipeline.template_loader import TemplateLoader
from postcard.ports import TemplateRecord
from postcard.send_model.assumptions import Assumptions
from postcard.send_model.aws_load import AwsLoad, LoadTable, VirtualBucket
from postcard.settings import DEFAULT_MERGE_RENDERS
from postcard.usage.counter import TableUsageCounter

MAX_ENVIRONMENTS = 20_000


@dataclass(frozen=True)
class Send:
    """What is opened, and on which account.

    `cache_epoch`: that of the cache paths. `s3_parts`: in how many parts S3 has split the prefix of
    the pictures. `table_partitions` None: a new table.
    """

    concurrency: int = 1000
    template: str = "welcome"
    cache_epoch: int = 1
    daily_renders: int | None = None
    merge_signature: str | None = None
    merge_renders: int = DEFAULT_MERGE_RENDERS
    s3_parts: int = 1
    table_partitions: int | None = None
    epoch_seconds: float = 1_795_341_600.0

    @property
    def prefix(self) -> str:
        """Where the pictures are stored."""
        return f"renders/{self.cache_epoch}/{self.template}/1/"


@dataclass
class Outcome:
    """What became of the opens. `seconds` are the function's times."""

    load: AwsLoad
    opens: int = 0
    drawn: int = 0
    fallbacks: int = 0  # Lambda was full, a budget was spent, or the table did not answer
    refused: int = 0  # API Gateway was full
    unstored: int = 0
    uncounted: int = 0  # whose count waited in a process when the send ended
    starts: int = 0
    concurrency: int = 0  # the most at once
    seconds: list[float] = field(default_factory=list)
    opens_by_second: Counter[int] = field(default_factory=Counter)

    @property
    def peak(self) -> int:
        """The most first opens in one second."""
        return max(self.opens_by_second.values(), default=0)

    def percentile(self, share: float) -> float:
        """The function's time that this share of the pictures took at most."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Environment:
    """One Lambda process: the production code's template cache, render budget and usage."""

    def __init__(
        self,
        templates: Any,
        table: Table,
        send: Send,
        clock: Callable[[], float],
        *,
        writer: str,
    ) -> None:
        self.loader = TemplateLoader(templates, clock=clock)
        counters, notices = DynamoCounters(table), DynamoBudgetNoticeStore(table)
        self.budget = RenderBudget(counters, notices, merge_renders=send.merge_renders, clock=clock)
        usage = DynamoUsageStore(table, clock=lambda: send.epoch_seconds + clock())
        self.usage = TableUsageCounter(usage, monotonic=clock, writer=writer)
        self.keys_until = -math.inf


class SendSimulation:
    """Runs the opens of one send. Each open is two events: its start and its end."""

    def __init__(
        self,
        send: Send,
        assumptions: Assumptions,
        random: Random,
        *,
        choose_copy: Callable[[int], int] | None = None,
    ) -> None:
        self._send, self._assumptions, self._random = send, assumptions, random
        load = AwsLoad(assumptions, table_partitions=send.table_partitions)
        self.outcome = Outcome(load)
        record = TemplateRecord(
            send.template, send.template, 1, 0, daily_renders=send.daily_renders
        )
        self._table = cast(Table, LoadTable(load, to_row(record)))
        self._templates = DynamoTemplateStore(
            self._table, choose_copy=choose_copy or random.randrange
        )
        limits = assumptions.limits
        self._new = VirtualBucket(
            limits["lambda_new_environments"] / 10, limits["lambda_new_environments"]
        )
        self._gateway = VirtualBucket(limits["api_gateway_requests"], limits["api_gateway_burst"])
        self._idle: list[Environment] = []
        self._running: list[tuple[float, int, Environment, bool]] = []
        self._environments = 0

    def run(self, arrivals: Iterable[float]) -> Outcome:
        """Open pictures at these instants, which are in order."""
        for instant in arrivals:
            self._end_until(instant)
            self.outcome.load.now = instant
            self._open(instant)
        self._end_until(math.inf)
        for environment in self._idle:
            self.outcome.uncounted += sum(environment.usage.waiting.values())
        return self.outcome

    def _open(self, now: float) -> None:
        outcome = self.outcome
        outcome.opens += 1
        outcome.opens_by_second[int(now)] += 1
        self._ask_s3()
        if not self._gateway.take(now):
            outcome.refused += 1
            return
        environment = self._idle.pop() if self._idle else self._start(now)
        if environment is None:
            outcome.fallbacks += 1
            return
        is_cold = environment.keys_until == -math.inf
        begun = self._begin(environment, now)
        if begun is None:
            outcome.fallbacks += 1
            self._idle.append(environment)
            return
        end = now + self._drawing_seconds() + (self._seconds["start"] if is_cold else 0)
        heapq.heappush(self._running, (end, outcome.opens, environment, begun))
        outcome.concurrency = max(outcome.concurrency, len(self._running))
        outcome.seconds.append(end - now)

    @property
    def _seconds(self) -> dict[str, float]:
        return self._assumptions.seconds

    def _ask_s3(self) -> None:
        """CloudFront asks S3 first; now and then from another location, too."""
        load, send = self.outcome.load, self._send
        more = self._random.random() < self._assumptions.opens["s3_gets_per_first_open"] - 1
        for _ in range(1 + more):
            load.get(send.prefix, place=self._part())

    def _part(self) -> int:
        """The part of the prefix that a digest falls into: digests are evenly distributed."""
        return self._random.randrange(self._send.s3_parts)

    def _start(self, now: float) -> Environment | None:
        """A new environment, if Lambda allows one more now."""
        if self._environments >= self._send.concurrency or not self._new.take(now):
            return None
        self._environments += 1
        self.outcome.starts += 1
        load = self.outcome.load
        writer = f"{self._environments:08x}"
        return Environment(
            self._templates, self._table, self._send, lambda: load.now, writer=writer
        )

    def _begin(self, environment: Environment, now: float) -> bool | None:
        """What the function asks for before it draws: whether the picture may be stored.

        None: it shows a fallback picture.
        """
        load, send = self.outcome.load, self._send
        if now >= environment.keys_until:
            environment.keys_until = now + self._seconds["keys_age"]
            load.use("secrets.read", "keys", self._assumptions.limits["secrets_manager_reads"])
        try:
            record, failure = environment.loader.record_or_last_known(send.template, recent=True)
        except ServiceUnavailable:
            return None
        assert record is not None
        is_within_budget = environment.budget.spend(
            record, now=send.epoch_seconds + now, merge_signature=send.merge_signature
        )
        return failure is None if is_within_budget else None

    def _drawing_seconds(self) -> float:
        """The time until the picture is drawn and S3 has answered."""
        seconds, random = self._seconds, self._random
        draw = random.lognormvariate(
            _log_mean(seconds["draw"], seconds["draw_sigma"]), seconds["draw_sigma"]
        )
        put = random.lognormvariate(
            _log_mean(seconds["s3_put"], seconds["s3_put_sigma"]), seconds["s3_put_sigma"]
        )
        return draw + put + seconds["dynamodb_call"]

    def _end_until(self, instant: float) -> None:
        while self._running and self._running[0][0] <= instant:
            now, _, environment, may_store = heapq.heappop(self._running)
            self.outcome.load.now = now
            is_stored = may_store and self._store(environment)
            self.outcome.unstored += not is_stored
            counts = {"first_opens" if is_stored else "redraws": 1}
            day = self._send.epoch_seconds + now
            environment.usage.count(self._send.template, None, counts, now=day)
            self._idle.append(environment)
            self.outcome.drawn += 1

    def _store(self, environment: Environment) -> bool:
        """Put the picture, once more if S3 asks to slow down, then read the record again."""
        load, prefix = self.outcome.load, self._send.prefix
        part = self._part()
        is_stored = load.put(prefix, place=part) or load.put(prefix, place=part)
        try:
            environment.loader.record(self._send.template)
        except ServiceUnavailable:
            return False  # it may have been recalled or erased meanwhile: the picture is removed
        return is_stored


def _log_mean(mean: float, sigma: float) -> float:
    """The mean of the logarithm of a log-normal time with this mean."""
    return math.log(mean) - sigma * sigma / 2
