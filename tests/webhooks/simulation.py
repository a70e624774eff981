"""Delivers thousands of events in virtual time, to receivers that fail, by workers that are killed.

python -m tests.webhooks.simulation [EVENTS=10000] [KILLS=200] [SEED=1] [--no-tick]

The worker, the tick, the outbox and the signatures are those of the product, over the stores in
memory. Modelled are the clock, SQS (each message at least once, 1 % of them twice, a delay of at
most 900 s, a message comes back after 180 s unless its batch ended), five function calls at once
with ten messages each, and the receivers. A kill ends a function call, or the API between its
transaction and its hints, at any step. Not modelled: DynamoDB itself.
"""

import heapq
import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from postcard.adapters.memory import MemoryDeliveryStore, MemoryWebhookStore
from postcard.events.event_ids import event_id
from postcard.events.outbox import WebhookOutbox
from postcard.ports import (
    DeliveryKey,
    DeliveryRecord,
    WebhookRecord,
    WebhookResponse,
)
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.delivery_worker import ClaimedDelivery, DeliveryWorker
from postcard.webhooks.endpoints import Endpoints
from postcard.webhooks.schedule import ATTEMPT_SECONDS
from postcard.webhooks.tick import WebhookTick

START = 1_795_341_600.0
HOUR = 3_600.0
END = 160 * HOUR
DOWN_HOURS = 72
EVENTS_PER_SECOND = 20
CALLS, MESSAGES = 5, 10  # function calls at once, messages of each
VISIBILITY_SECONDS, MAX_RECEIVES = 180.0, 5
TWICE = 0.01  # of messages
Hint = tuple[DeliveryKey, float]


class Killed(Exception):
    """The process that ran was killed."""


@dataclass
class Receiver:
    """A receiver of events; `answer` returns its response, after how many seconds, at `at`.

    `takes_all`: it takes the events of which its answer was lost, too.
    """

    name: str
    answer: Callable[[float, Random], tuple[WebhookResponse, float]]
    takes_all: bool = False
    posts: int = 0
    got: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    first: dict[str, float] = field(default_factory=dict)

    def post(self, id: str, body: str, at: float, random: Random) -> tuple[WebhookResponse, float]:
        self.posts += 1
        response, seconds = self.answer(at, random)
        if self.takes_all or (response.status or 0) // 100 == 2:
            self.got[id] += 1
            self.bodies[id].add(body)
            self.first.setdefault(id, at + seconds)
        return response, seconds


OK, NOTHING = WebhookResponse(204), WebhookResponse(None, "no response")


def half_fails(at: float, random: Random) -> tuple[WebhookResponse, float]:
    if random.random() < 0.5:
        return OK, 0.2
    status = random.choice([500, 503, None, 301])
    return WebhookResponse(status), random.choice([0.1, ATTEMPT_SECONDS])


def half_lost(at: float, random: Random) -> tuple[WebhookResponse, float]:
    return (OK, 0.1) if random.random() < 0.5 else (NOTHING, ATTEMPT_SECONDS)


def down(at: float, random: Random) -> tuple[WebhookResponse, float]:
    return (NOTHING, ATTEMPT_SECONDS) if at < DOWN_HOURS * HOUR else (OK, 0.1)


def busy(at: float, random: Random) -> tuple[WebhookResponse, float]:
    if random.random() < 0.7:
        return OK, 0.1
    return WebhookResponse(429, retry_after=random.choice(["30", "120"])), 0.05


def receivers() -> list[Receiver]:
    return [
        Receiver("good", lambda at, random: (OK, 0.1)),
        Receiver("half-fails", half_fails),
        Receiver("half-lost", half_lost, takes_all=True),
        Receiver(f"down-{DOWN_HOURS}-h", down),
        Receiver("busy-429", busy),
        Receiver("gone-410", lambda at, random: (WebhookResponse(410), 0.05)),
    ]


class Simulation:
    """One run; the time is in seconds since its start. `run` ends it, then `result` has counts."""

    def __init__(
        self, events: int, kills: int, seed: int, *, ticks: bool = True, only: str = ""
    ) -> None:
        self.now = 0.0
        self.random = Random(seed)
        self.counts: Counter[str] = Counter()
        self.receivers = {each.name: each for each in receivers() if only in ("", each.name)}
        self.webhooks = KilledStore(MemoryWebhookStore(), self)
        self.deliveries = KilledStore(MemoryDeliveryStore(), self)
        self.queue = SimulatedQueues(self)
        self.attempts = Attempts(self, lambda: "ab" * 32, clock=self.clock)
        stores: tuple[Any, Any, Any] = (self.webhooks, self.deliveries, self.queue)
        self.worker = DeliveryWorker(
            *stores, self.attempts, clock=self.clock, jitter=self.random.random
        )
        self.tick = WebhookTick(*stores, clock=self.clock, monotonic=lambda: 0.0, threads=1)
        self.outbox = WebhookOutbox(stores[0], self.queue, clock=self.clock)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._seconds: float = 0.0  # that the last response took
        self._end = END
        spread = events / EVENTS_PER_SECOND
        times = [self.random.uniform(0, spread * 2) for _ in range(kills * 4 // 5)]
        times += [self.random.uniform(spread * 2, 80 * HOUR) for _ in range(kills - len(times))]
        self._kills = sorted(times, reverse=True)
        self._may_kill = False
        self.ids: list[str] = []
        for name in self.receivers:
            record = WebhookRecord(name, f"https://{name}.example/", ("image.rendered",), "", 0)
            self.webhooks.put(record)
        for number in range(events):
            self.at(number / EVENTS_PER_SECOND, partial(self._happen, number))
        if ticks:
            self.at(60, self._tick)

    def replay(self) -> "Simulation":
        """Send everything again that is dead and whose webhook is enabled, and run on."""
        self._end = self.now + END
        due_at = round(self.clock(), 3)
        for webhook in self.webhooks.list():
            for record in list(self.records(webhook.webhook_id)):
                if webhook.enabled and record.state == "dead":
                    self.deliveries.replay(
                        replace(record, state="waiting", due_at=due_at, started_at=due_at, tries=0)
                    )
                    self.queue.send([(record.key, due_at)])
        return self.run()

    def clock(self) -> float:
        return START + self.now

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), what))

    def run(self) -> "Simulation":
        while self._agenda and self._agenda[0][0] <= self._end:
            self.now, _, what = heapq.heappop(self._agenda)
            what()
        return self

    def kill_perhaps(self, step: str) -> None:
        """A kill that is due comes at a random step of a process."""
        is_due = self._may_kill and self._kills and self.now >= self._kills[-1]
        if is_due and self.random.random() < 0.25:
            self._kills.pop()
            self.counts[f"killed at {step}"] += 1
            raise Killed

    def process(self, work: Callable[[], None]) -> bool:
        """Do work that may be killed; whether it was not."""
        self._may_kill = True
        try:
            work()
            return True
        except Killed:
            return False
        finally:
            self._may_kill = False

    def check(self, url: str) -> None:
        """All URLs are good."""

    def post(
        self, url: str, body: str, headers: Mapping[str, str], *, seconds: float
    ) -> WebhookResponse:
        """The sender: the receiver has the event now, its answer comes later."""
        receiver = self.receivers[url.removeprefix("https://").removesuffix(".example/")]
        response, self._seconds = receiver.post(headers["webhook-id"], body, self.now, self.random)
        if self._seconds > seconds:
            response, self._seconds = NOTHING, seconds
        return response

    def _happen(self, number: int) -> None:
        id = event_id("image.rendered", f"img_{number}", at=self.clock())
        self.ids.append(id)
        deliveries = self.outbox.deliveries(
            "image.rendered", id, {"id": f"img_{number}"}, now=self.clock()
        )
        self.deliveries.put_if_absent(deliveries)
        self.process(lambda: self._announce(deliveries))

    def _announce(self, deliveries: Sequence[DeliveryRecord]) -> None:
        self.kill_perhaps("the hints of a change")
        self.outbox.announce(deliveries)

    def _tick(self) -> None:
        self.at(self.now + 60, self._tick)
        self.process(lambda: self.counts.update({"hints of ticks": self._run_tick()}))

    def _run_tick(self) -> int:
        return self.tick.run(deadline=1.0).hints

    def call_function(
        self, hints: Sequence[Hint], slow: bool, done: Callable[[bool], None]
    ) -> None:
        """A function call with a batch of hints; `done` is told whether it was not killed."""
        call = FunctionCall(self, slow, done)
        endpoints = Endpoints(self.webhooks)
        for hint in hints:
            call.begin(hint, endpoints)
        call.end_if_done()

    def send(self, claimed: ClaimedDelivery) -> tuple[Any, float]:
        """Send a delivery that was claimed; the result, and after how many seconds it is there."""
        key = claimed.record.key
        result = self.attempts.send(
            claimed.webhook, key.event_id, claimed.record.body, seconds=claimed.seconds
        )
        attempt = replace(result.attempt, duration_ms=round(self._seconds * 1000))
        return replace(result, attempt=attempt), self._seconds

    def states(self, name: str) -> Counter[str]:
        """How many deliveries to a receiver are in each state."""
        return Counter(record.state for record in self.records(name))

    def records(self, name: str) -> Iterator[DeliveryRecord]:
        """All deliveries to a receiver: none of events after its webhook was disabled."""
        for id in self.ids:
            if (record := self.deliveries.get(DeliveryKey(name, id))) is not None:
                yield record

    def lost(self, name: str) -> int:
        """Deliveries that are not dead, and that the receiver never got."""
        got = self.receivers[name].got
        return sum(
            record.state != "dead" and not got[record.key.event_id] for record in self.records(name)
        )

    def delays(self, name: str) -> list[float]:
        """Seconds from each event to its receipt, in order of length."""
        first = self.receivers[name].first
        return sorted(
            first[id] - number / EVENTS_PER_SECOND
            for number, id in enumerate(self.ids)
            if id in first
        )


class FunctionCall:
    """A call of the webhook function: all its messages at once, until the last one is done."""

    def __init__(self, simulation: Simulation, slow: bool, done: Callable[[bool], None]) -> None:
        self._simulation = simulation
        self._slow = slow
        self._done = done
        self._running = 0
        self._killed = False

    def begin(self, hint: Hint, endpoints: Endpoints) -> None:
        """Claim a delivery and send it."""
        if self._killed:
            return
        simulation = self._simulation

        def deliver() -> None:
            simulation.kill_perhaps("the claim")
            endpoint = endpoints.get(hint[0].webhook_id)
            claimed = simulation.worker.claim(*hint, endpoint, slow=self._slow)
            if not isinstance(claimed, ClaimedDelivery):
                simulation.counts[f"hints {claimed.result}"] += 1
                return
            simulation.kill_perhaps("the POST")
            result, seconds = simulation.send(claimed)
            self._running += 1
            simulation.at(simulation.now + seconds, lambda: self._store(claimed, result))

        self._killed = not simulation.process(deliver)

    def end_if_done(self) -> None:
        """Tell that all messages are handled, or that the call was killed."""
        if self._killed or not self._running:
            done, self._done = self._done, lambda was_done: None
            done(not self._killed)

    def _store(self, claimed: ClaimedDelivery, result: Any) -> None:
        simulation = self._simulation

        def store() -> None:
            simulation.kill_perhaps("the record")
            simulation.worker.store(claimed, result)

        if not self._killed:
            self._running -= 1
            self._killed = not simulation.process(store)
            self.end_if_done()


class KilledStore:
    """A store before whose calls a process may be killed."""

    def __init__(self, store: Any, simulation: Simulation) -> None:
        self._store = store
        self._simulation = simulation

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any, **options: Any) -> Any:
            self._simulation.kill_perhaps(name)
            return method(*arguments, **options)

        return call


class SimulatedQueue:
    """SQS with its trigger: messages come at least once, and again unless their batch ends."""

    def __init__(self, simulation: Simulation, *, slow: bool) -> None:
        self._simulation = simulation
        self._slow = slow
        self.visible: list[tuple[Hint, int]] = []
        self._calls = 0

    def send(self, hints: Sequence[Hint], delay_seconds: int) -> None:
        assert delay_seconds <= 900
        simulation = self._simulation
        for hint in hints:
            simulation.kill_perhaps("a hint")
            simulation.counts["messages"] += 1
            wait = delay_seconds + simulation.random.random() * 0.5
            self._arrive_in(wait, hint)
            if simulation.random.random() < TWICE:
                self._arrive_in(delay_seconds + simulation.random.random() * 30, hint)

    def _arrive_in(self, seconds: float, hint: Hint, receives: int = 0) -> None:
        simulation = self._simulation

        def arrive() -> None:
            self.visible.append((hint, receives))
            self._call()

        simulation.at(simulation.now + seconds, arrive)

    def _call(self) -> None:
        while self.visible and self._calls < CALLS:
            batch, self.visible = self.visible[:MESSAGES], self.visible[MESSAGES:]
            self._calls += 1
            ends = self._simulation.now + VISIBILITY_SECONDS

            def done(was_done: bool, batch: Any = batch, ends: float = ends) -> None:
                self._calls -= 1
                for hint, receives in () if was_done else batch:
                    if receives + 1 < MAX_RECEIVES:
                        self._arrive_in(ends - self._simulation.now, hint, receives + 1)
                self._simulation.at(self._simulation.now, self._call)

            self._simulation.call_function([hint for hint, _ in batch], self._slow, done)


class SimulatedQueues:
    """The port `Hints`."""

    def __init__(self, simulation: Simulation) -> None:
        self._queues = {slow: SimulatedQueue(simulation, slow=slow) for slow in (False, True)}

    def send(self, hints: Sequence[Hint], *, delay_seconds: int = 0, slow: bool = False) -> None:
        self._queues[slow].send(hints, delay_seconds)

    def backlog(self, *, slow: bool = False) -> int:
        return len(self._queues[slow].visible)


def report(simulation: Simulation) -> str:
    """A table of what became of the events of each receiver."""
    lines = [
        ", ".join(f"{name} {count}" for name, count in sorted(simulation.counts.items())),
        f"{'receiver':12}{'delivered':>10}{'dead':>7}{'waiting':>8}{'LOST':>6}{'posts':>8}"
        f"{'twice':>7}{'most':>6}{'p50 s':>9}{'p99 s':>10}{'last h':>8}",
    ]
    for name, receiver in simulation.receivers.items():
        states = simulation.states(name)
        twice = sum(count - 1 for count in receiver.got.values())
        most = max(receiver.got.values(), default=0)
        delays = simulation.delays(name) or [0.0]
        lines.append(
            f"{name:12}{states['delivered']:10}{states['dead']:7}{states['waiting']:8}"
            f"{simulation.lost(name):6}{receiver.posts:8}{twice:7}{most:6}"
            f"{delays[len(delays) // 2]:9.2f}{delays[len(delays) * 99 // 100]:10.2f}"
            f"{max(receiver.first.values(), default=0) / HOUR:8.2f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run once and print the table."""
    numbers = [int(each) for each in arguments if each.isdigit()]
    events, kills, seed = [*numbers, *(10_000, 200, 1)[len(numbers) :]]
    simulation = Simulation(events, kills, seed, ticks="--no-tick" not in arguments).run()
    print(report(simulation))
    print(f"\nAfter a replay of what is dead:\n{report(simulation.replay())}")
    return 1 if any(simulation.lost(name) for name in simulation.receivers) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
