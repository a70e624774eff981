"""Delivers events: claims a delivery, sends it, stores the outcome.

A hint has the time at which its delivery is due, and the claim moves that time if it still is the
same. So of the hints that come twice, or too late, none leads to a second POST. A worker that is
killed leaves a claim that ends by itself, and the delivery is due again.

A worker waits three seconds for an endpoint. One that takes longer, that fails again and again, or
that never took an event has the workers of slow endpoints, which wait fifteen. So an endpoint that
does not respond delays the events of no other.
"""

import math
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from postcard.errors import ServiceUnavailable
from postcard.events.outbox import RETENTION_SECONDS
from postcard.ports import (
    DeliveryKey,
    DeliveryRecord,
    DeliveryStore,
    Hints,
    WebhookHealth,
    WebhookRecord,
    WebhookStore,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.webhooks.attempts import AttemptResult, Attempts
from postcard.webhooks.endpoints import (
    FAILED_REASON,
    GONE_REASON,
    Endpoint,
    Endpoints,
    disable,
)
from postcard.webhooks.schedule import (
    ATTEMPT_SECONDS,
    FAST_ATTEMPT_SECONDS,
    MAX_AGE_SECONDS,
    MAX_BACKLOG,
    MAX_TRIES,
    SLOW_FOR_SECONDS,
    SLOW_SECONDS,
    is_failing,
    is_forgotten,
    is_given_up,
    is_slow,
    needs_probe,
    parse_retry_after,
    probe_wait,
    wait_before,
)

CLAIM_SECONDS = 60.0  # until a delivery whose worker was killed is due again
PROBE_SECONDS = 20.0  # for which nothing else is sent to an endpoint that is probed
POSTPONED_SECONDS = 10.0  # of an event for a new endpoint that is being probed
MAX_HINT_SECONDS = 900.0  # SQS delays a message no longer; the tick ends longer waits
BACKLOG_SECONDS = 1.0  # for which the length of a queue is known
SUCCESS_STORED_SECONDS = 60.0  # so soon a further success of an endpoint is not stored
DELIVERED_SECONDS = 3 * 86_400  # for which a delivery that was made is kept
MAX_ATTEMPTS_KEPT = 10
GONE = 410  # the status by which an endpoint says that it wants nothing more


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a hint.

    `result` is `delivered`, `retry`, `dead`, `postponed` (nothing was sent), `stale` (the hint was
    old) or `slow` (the workers of slow endpoints go on). `disabled`: the webhook was disabled by
    this delivery.
    """

    result: str
    webhook_id: str = ""
    status: int | None = None
    duration_ms: int | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this worker alone sends now, and its endpoint."""

    record: DeliveryRecord
    webhook: WebhookRecord
    health: WebhookHealth
    slow: bool = False  # by a worker of slow endpoints

    @property
    def seconds(self) -> float:
        """How long the endpoint may take."""
        return ATTEMPT_SECONDS if self.slow else FAST_ATTEMPT_SECONDS


class DeliveryWorker:
    """Delivers events of hints. `clock` is `time.time`; `jitter` returns numbers from 0 to 1."""

    def __init__(
        self,
        webhooks: WebhookStore,
        deliveries: DeliveryStore,
        hints: Hints,
        attempts: Attempts,
        *,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._hints = hints
        self._attempts = attempts
        self._clock = clock
        self._jitter = jitter
        self._slow_backlog, self._backlog_read_at = 0, -BACKLOG_SECONDS

    def deliver_all(
        self,
        hints: Sequence[tuple[DeliveryKey, float]],
        *,
        slow: bool = False,
        seconds: float = ATTEMPT_SECONDS,
    ) -> Sequence[Outcome | Exception]:
        """The outcome of each hint, in their order; each is delivered in a thread of its own.

        `slow`: the hints are from the queue of slow endpoints. `seconds`: that are left for them.
        """
        endpoints = Endpoints(self._webhooks)

        def deliver(hint: tuple[DeliveryKey, float]) -> Outcome | Exception:
            try:
                return self._deliver(*hint, endpoints, slow=slow, seconds=seconds)
            except Exception as error:  # this hint comes back; the others of its batch do not
                return error

        if not hints:
            return []
        with ThreadPoolExecutor(len(hints)) as threads:
            return list(threads.map(deliver, hints))

    def claim(
        self, key: DeliveryKey, due_at: float, endpoint: Endpoint, *, slow: bool = False
    ) -> ClaimedDelivery | Outcome:
        """Claim the delivery that is due at `due_at`; an outcome if there is nothing to send."""
        now = self._clock()
        health = endpoint.health
        if not slow and (is_slow(health, now=now) or needs_probe(health)):
            if self._can_queue_slow(now):
                self._hints.send([(key, due_at)], slow=True)
            return Outcome("slow", key.webhook_id)
        must_wait = needs_probe(health) and health.retry_at > now
        until = _postponed_until(health, now) if must_wait else round(now + CLAIM_SECONDS, 3)
        record = self._deliveries.claim(key, due_at=due_at, next_due_at=until)
        if record is None:
            return Outcome("stale", key.webhook_id)
        if endpoint.webhook is None or not endpoint.webhook.enabled:
            return self._finish(record, _dead(record, now), now)
        if must_wait:
            return self._postponed(record, health, now)
        if needs_probe(health) and not self._webhooks.claim_probe(
            key.webhook_id, now=now, retry_at=round(now + PROBE_SECONDS, 3)
        ):
            postponed = replace(record, due_at=_postponed_until(health, now))
            self._deliveries.finish(postponed, due_at=until)
            return self._postponed(postponed, health, now)
        return ClaimedDelivery(record, endpoint.webhook, health, slow)

    def store(self, claimed: ClaimedDelivery, result: AttemptResult) -> Outcome:
        """Store what an attempt came to, and send a hint for the next one."""
        now = self._clock()
        record = claimed.record
        webhook_id = record.key.webhook_id
        took_long = result.attempt.duration_ms >= SLOW_SECONDS * 1000
        if took_long and claimed.health.slow_until < now + SLOW_FOR_SECONDS / 2:
            self._webhooks.mark_slow(webhook_id, until=round(now + SLOW_FOR_SECONDS, 3))
        if took_long and not claimed.slow and result.response.status is None:
            return self._give_more_time(record, now)
        attempts = (*record.attempts, result.attempt)[-MAX_ATTEMPTS_KEPT:]
        tried = replace(record, attempts=attempts, tries=record.tries + 1)
        disabled = False
        if result.succeeded:
            self._store_success(claimed, result, now)
            after = _delivered(tried, now)
        elif result.response.status == GONE:
            disabled = disable(self._webhooks, claimed.webhook, GONE_REASON)
            after = _dead(tried, now)
        else:
            health = self._store_failure(claimed, result, now)
            after = self._after_failure(tried, health, result, now)
            if is_given_up(health):
                disabled = disable(self._webhooks, claimed.webhook, FAILED_REASON)
        return replace(
            self._finish(
                record,
                after,
                now,
                is_hinted=after.tries > record.tries,
                slow=took_long or is_slow(claimed.health, now=now),
            ),
            status=result.response.status,
            duration_ms=result.attempt.duration_ms,
            disabled=disabled,
        )

    def _deliver(
        self,
        key: DeliveryKey,
        due_at: float,
        endpoints: Endpoints,
        *,
        slow: bool,
        seconds: float,
    ) -> Outcome:
        claimed = self.claim(key, due_at, endpoints.get(key.webhook_id), slow=slow)
        if isinstance(claimed, Outcome):
            return claimed
        seconds = min(seconds, claimed.seconds)
        result = self._attempts.send(
            claimed.webhook, key.event_id, claimed.record.body, seconds=seconds
        )
        return self.store(claimed, result)

    def _can_queue_slow(self, now: float) -> bool:
        """Whether the workers of slow endpoints get a hint at once.

        If many wait for them already, the tick goes on: it gives each webhook its share, so that
        the thousands of events of one do not delay the others for hours.
        """
        if not 0 <= now - self._backlog_read_at < BACKLOG_SECONDS:
            self._slow_backlog, self._backlog_read_at = self._hints.backlog(slow=True), now
        return self._slow_backlog <= MAX_BACKLOG

    def _give_more_time(self, claimed: DeliveryRecord, now: float) -> Outcome:
        """Let a worker of slow endpoints send it again; this was no try."""
        again = replace(claimed, due_at=round(now, 3))
        outcome = self._finish(claimed, again, now, is_hinted=True, slow=True)
        return replace(outcome, result="slow") if outcome.result == "retry" else outcome

    def _postponed(self, record: DeliveryRecord, health: WebhookHealth, now: float) -> Outcome:
        """The tick goes on with the deliveries of an endpoint that is failing.

        Those of a new one get a hint in the first queue: by then it may have taken an event.
        """
        if record.due_at is not None and not is_failing(health):
            self._send_hint(record.key, record.due_at, now, slow=False)
        return Outcome("postponed", record.key.webhook_id)

    def _store_success(self, claimed: ClaimedDelivery, result: AttemptResult, now: float) -> None:
        health = claimed.health
        last = health.last_success_at
        if last is None or health.failures or now - last >= SUCCESS_STORED_SECONDS:
            webhook_id = claimed.record.key.webhook_id
            self._webhooks.add_success(
                webhook_id, at=round(now, 3), status=result.response.status or 0
            )

    def _store_failure(
        self, claimed: ClaimedDelivery, result: AttemptResult, now: float
    ) -> WebhookHealth:
        """Count the failure. After a probe, and after the failure that makes the endpoint one to
        probe, the next probe follows after a while.
        """
        webhook_id, before = claimed.record.key.webhook_id, claimed.health
        if is_forgotten(before, now=now):
            self._webhooks.reset_health(webhook_id)
            before = WebhookHealth()
        wait = parse_retry_after(result.response.retry_after, now=now)
        if is_failing(before):
            wait = wait or probe_wait(before.failures + 1)
        health = self._webhooks.add_failure(
            webhook_id,
            at=round(now, 3),
            status=result.response.status,
            retry_at=round(now + wait, 3) if needs_probe(before) else None,
        )
        if needs_probe(before) or not is_failing(health):
            return health
        retry_at = round(now + (wait or probe_wait(health.failures)), 3)
        if self._webhooks.claim_probe(webhook_id, now=now, retry_at=retry_at):
            return replace(health, retry_at=retry_at)
        return health

    def _after_failure(
        self, tried: DeliveryRecord, health: WebhookHealth, result: AttemptResult, now: float
    ) -> DeliveryRecord:
        """The delivery when its try failed, which does not count if the endpoint is failing.

        Then its age ends it, from when the endpoint began to fail: an event that was sent late has
        all of its tries.
        """
        if is_failing(health):
            failing_since = health.failing_since or now
            if now - max(tried.started_at, failing_since) > MAX_AGE_SECONDS:
                return _dead(tried, now)
            due_at = max(health.retry_at, now + probe_wait(health.failures))
            return replace(tried, tries=tried.tries - 1, due_at=round(due_at, 3))
        if tried.tries >= MAX_TRIES:
            return _dead(tried, now)
        wait = max(
            wait_before(tried.tries, self._jitter()),
            parse_retry_after(result.response.retry_after, now=now),
        )
        return replace(tried, due_at=round(now + wait, 3))

    def _finish(
        self,
        claimed: DeliveryRecord,
        after: DeliveryRecord,
        now: float,
        *,
        is_hinted: bool = False,
        slow: bool = False,
    ) -> Outcome:
        key = claimed.key
        if claimed.due_at is None or not self._deliveries.finish(after, due_at=claimed.due_at):
            return Outcome("stale", key.webhook_id)  # the claim ended, and another worker has it
        if after.due_at is None:
            return Outcome(after.state, key.webhook_id)
        if is_hinted:
            self._send_hint(key, after.due_at, now, slow=slow)
        return Outcome("retry", key.webhook_id)

    def _send_hint(self, key: DeliveryKey, due_at: float, now: float, *, slow: bool) -> None:
        """Hint at a delivery that is due soon; without the hint, the tick finds it."""
        if due_at - now <= MAX_HINT_SECONDS:
            delay_seconds = max(0, math.ceil(due_at - now))
            with suppress(ServiceUnavailable):
                self._hints.send([(key, due_at)], delay_seconds=delay_seconds, slow=slow)


def _postponed_until(health: WebhookHealth, now: float) -> float:
    asks_for_time = health.retry_at > now + PROBE_SECONDS  # by `Retry-After`
    if is_failing(health) or asks_for_time:
        return round(max(health.retry_at, now + PROBE_SECONDS), 3)
    return round(now + POSTPONED_SECONDS, 3)


def _delivered(record: DeliveryRecord, now: float) -> DeliveryRecord:
    return replace(record, state="delivered", due_at=None, expires_at=int(now) + DELIVERED_SECONDS)


def _dead(record: DeliveryRecord, now: float) -> DeliveryRecord:
    return replace(record, state="dead", due_at=None, expires_at=int(now) + RETENTION_SECONDS)
