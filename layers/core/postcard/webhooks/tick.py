"""Each minute: sends hints for the deliveries that are due and that no hint announced.

These are the deliveries of long waits, those whose hint or worker was lost, and those of endpoints
that were failing.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from postcard.ports import (
    DeliveryKey,
    DeliveryStore,
    Hints,
    WebhookHealth,
    WebhookRecord,
    WebhookStore,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.webhooks.endpoints import FAILED_REASON, disable
from postcard.webhooks.schedule import MAX_BACKLOG, is_given_up, is_slow, needs_probe

MAX_HINTS = 1_200  # for each webhook and minute
GRACE_SECONDS = 5.0  # for which a hint that was sent may be on its way
HINT_SECONDS = 120.0  # until a delivery whose hint was lost is found again
THREADS = 10
BATCH = 50  # claims between two looks at the clock


@dataclass(frozen=True, slots=True)
class TickResult:
    """What a tick did. `oldest_seconds`: how long a delivery has been due that could be sent."""

    webhooks: int
    hints: int
    disabled: int
    oldest_seconds: float


class WebhookTick:
    """Looks for deliveries that are due. `clock` is `time.time`."""

    def __init__(
        self,
        webhooks: WebhookStore,
        deliveries: DeliveryStore,
        hints: Hints,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        threads: int = THREADS,
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._hints = hints
        self._clock = clock
        self._monotonic = monotonic
        self._threads = threads

    def run(self, *, deadline: float) -> TickResult:
        """One tick, which ends about the `time.monotonic()` instant `deadline`.

        Each webhook has an equal share of the time that is left.
        """
        webhooks = self._webhooks.list()
        is_full = {
            slow: bool(webhooks) and self._hints.backlog(slow=slow) > MAX_BACKLOG
            for slow in (False, True)
        }
        hints = disabled = 0
        oldest_seconds = 0.0
        for number, webhook in enumerate(webhooks):
            now = self._clock()
            health = self._webhooks.health(webhook.webhook_id)
            if webhook.enabled and is_given_up(health):
                disabled += disable(self._webhooks, webhook, FAILED_REASON)
            slow = is_slow(health, now=now) or needs_probe(health)
            due = self._due(webhook, health, now)
            if due and not slow and webhook.enabled:
                oldest_seconds = max(oldest_seconds, now - due[0][1])
            if due and not is_full[slow]:
                share = (deadline - self._monotonic()) / (len(webhooks) - number)
                hints += self._send_hints(due, self._monotonic() + share, slow=slow)
        return TickResult(len(webhooks), hints, disabled, round(oldest_seconds, 3))

    def _due(
        self, webhook: WebhookRecord, health: WebhookHealth, now: float
    ) -> Sequence[tuple[DeliveryKey, float]]:
        """What is due; one delivery if the endpoint is probed, and none before its time.

        Also those of a disabled webhook, which the worker ends.
        """
        limit = MAX_HINTS
        if webhook.enabled and needs_probe(health):
            limit = 1 if health.retry_at <= now else 0
        if not limit:
            return ()
        until = round(now - GRACE_SECONDS, 3)
        return self._deliveries.due(webhook.webhook_id, until=until, limit=limit)

    def _send_hints(
        self, due: Sequence[tuple[DeliveryKey, float]], deadline: float, *, slow: bool
    ) -> int:
        """Send hints until the deadline; what is left over is due at the next tick."""
        sent = 0
        with ThreadPoolExecutor(self._threads) as threads:
            for start in range(0, len(due), BATCH):
                if self._monotonic() >= deadline:
                    break
                moved = [
                    each for each in threads.map(self._move, due[start : start + BATCH]) if each
                ]
                self._hints.send(moved, slow=slow)
                sent += len(moved)
        return sent

    def _move(self, due: tuple[DeliveryKey, float]) -> tuple[DeliveryKey, float] | None:
        """Move the due time of a delivery, so that the next tick leaves it alone: its hint."""
        key, due_at = due
        next_due_at = round(self._clock() + HINT_SECONDS, 3)
        record = self._deliveries.claim(key, due_at=due_at, next_due_at=next_due_at)
        return (key, next_due_at) if record else None
