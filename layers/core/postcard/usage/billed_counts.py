"""What usage costs. Dollars of sums, since a million rows cannot be priced one by one."""

from collections.abc import Mapping

from postcard.usage.usage_counts import FALLBACK_PREFIX, REASONS_OF_DRAWN, Counts

_COUNTED_AS_DRAWN = tuple(FALLBACK_PREFIX + reason for reason in REASONS_OF_DRAWN)


def billed_counts(counts: Mapping[str, int]) -> Counts:
    """The counts of one row as `usage_dollars` takes them, so that they can be added up.

    Where the access log does not tell of a row's fetches yet, each answer of the image function
    stands for one. `fallbacks` are those that were neither first opens nor redraws.
    """
    fallbacks = sum(
        number
        for name, number in counts.items()
        if name.startswith(FALLBACK_PREFIX) and name not in _COUNTED_AS_DRAWN
    )
    answered = counts.get("first_opens", 0) + counts.get("redraws", 0) + fallbacks
    logged_misses = counts.get("misses", 0)
    misses = max(logged_misses, answered)
    return {
        **{name: number for name, number in counts.items() if not name.startswith(FALLBACK_PREFIX)},
        "fallbacks": fallbacks,
        "misses": misses,
        "hits": max(0, counts.get("hits", 0) + logged_misses - misses),
        "sent_bytes": max(counts.get("sent_bytes", 0), counts.get("bytes", 0)),
    }
