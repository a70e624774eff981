"""The schedule of retries, and of probes to failing endpoints."""

from email.utils import parsedate_to_datetime

from postcard.ports import WebhookHealth

WAITS = (
    0,
    5,
    300,
    1_800,
    7_200,
    18_000,
    36_000,
    50_400,
    72_000,
    86_400,
)  # seconds, before each try
MAX_TRIES = len(WAITS)
JITTER = 0.1  # of a wait, added at most: a shorter wait could end before a receiver is back
MAX_AGE_SECONDS = sum(WAITS) * (1 + JITTER) + 3_600
FAILING_AFTER = 10  # failures in a row
MAX_PROBE_WAIT_SECONDS = 300.0
MAX_RETRY_AFTER_SECONDS = 86_400.0
DISABLED_AFTER_SECONDS = 5 * 86_400
FORGOTTEN_AFTER_SECONDS = 2 * 86_400  # without a try, which no wait of a delivery is as long as
ATTEMPT_SECONDS = 15.0  # that an endpoint may take
FAST_ATTEMPT_SECONDS = 3.0  # of them, before the workers of slow endpoints go on
SLOW_SECONDS = 2.5  # a response that takes longer makes its endpoint a slow one
SLOW_FOR_SECONDS = 1_800.0
MAX_BACKLOG = 500  # hints that wait for a worker: so many more would only wait behind them


def wait_before(tries: int, jitter: float) -> float:
    """Seconds until the next try after `tries` of them; `jitter` is random from 0 to 1."""
    return WAITS[min(tries, MAX_TRIES - 1)] * (1 + JITTER * jitter)


def is_failing(health: WebhookHealth) -> bool:
    """Whether an endpoint has failed so often in a row that it is sent one probe at a time."""
    return health.failures >= FAILING_AFTER


def needs_probe(health: WebhookHealth) -> bool:
    """Whether one event at a time is sent: to an endpoint that is failing, or that never took one.

    So many events for an endpoint that does not respond keep one worker waiting.
    """
    return is_failing(health) or health.last_success_at is None


def is_slow(health: WebhookHealth, *, now: float) -> bool:
    """Whether the events of an endpoint are for the workers of slow endpoints."""
    return health.slow_until > now


def probe_wait(failures: int) -> float:
    """Seconds until the next probe of an endpoint that has failed so often in a row."""
    doublings = min(max(0, failures - FAILING_AFTER), 8)
    return min(MAX_PROBE_WAIT_SECONDS, 5.0 * (1 << doublings))


def is_given_up(health: WebhookHealth) -> bool:
    """Whether an endpoint has failed for so long that its webhook is disabled.

    The time after its last failure does not count: perhaps there was nothing to send.
    """
    since, last = health.failing_since, health.last_failure_at
    if since is None or last is None:
        return False
    return is_failing(health) and last - since > DISABLED_AFTER_SECONDS


def is_forgotten(health: WebhookHealth, *, now: float) -> bool:
    """Whether the last failures are so long ago that they say nothing of the endpoint of now."""
    last = health.last_failure_at
    return health.failures > 0 and last is not None and now - last > FORGOTTEN_AFTER_SECONDS


def parse_retry_after(header: str | None, *, now: float) -> float:
    """Seconds that a `Retry-After` header asks for, at most a day; 0 if it is none.

    >>> parse_retry_after("120", now=0)
    120.0
    >>> parse_retry_after("Sun, 22 Nov 2026 10:02:00 GMT", now=1_795_341_600)
    120.0
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text.lstrip("0")[:12] or 0)
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError, TypeError):
            return 0.0
    return min(MAX_RETRY_AFTER_SECONDS, max(0.0, seconds))
