"""Prepares counts for pricing: adds estimates for fetches that the access log does not have yet.

Until the log has a row's fetches, each response of the image function counts as one fetch. This is
decided for each row, since of a sum the log may have some rows and lack others.
"""

from collections.abc import Mapping

from postcard.usage.usage_counts import FALLBACKS, Counts

_OTHER_REQUESTS = ("heads", "refusals", "failures", "unlogged_others")


def with_unlogged(counts: Mapping[str, int]) -> Mapping[str, int]:
    """The counts of a row, with the fetches and bytes that the log still lacks (`unlogged_*`).

    Sum such rows, then take `billed_counts` of the sum.
    """
    answered = counts.get("first_opens", 0) + counts.get("redraws", 0)
    for name in counts:
        if name in FALLBACKS:
            answered += counts[name]
    misses = answered - counts.get("misses", 0) - counts.get("unlogged_misses", 0)
    sent = counts.get("sent_bytes", 0) + counts.get("unlogged_bytes", 0)
    size = counts.get("bytes", 0) - counts.get("ahead_bytes", 0) - sent
    if misses <= 0 and size <= 0:
        return counts
    misses = max(0, misses)
    # A fetch that the log calls a hit may be one of these answers; and so may a HEAD or a failure.
    hits = min(misses, counts.get("hits", 0) + counts.get("unlogged_hits", 0))
    others = sum(counts.get(name, 0) for name in ("heads", "failures", "unlogged_others"))
    more = {
        "unlogged_misses": misses,
        "unlogged_hits": -hits,
        "unlogged_others": -min(misses - hits, others),
        "unlogged_bytes": max(0, size),
    }
    return {**counts, **{name: counts.get(name, 0) + number for name, number in more.items()}}


def billed_counts(counts: Mapping[str, int]) -> Counts:
    """The counts of a row, or of a sum of rows `with_unlogged`, as `usage_dollars` takes them.

    `fallbacks` are those that were neither first opens nor redraws. Each request is billed: HEADs
    and failures are among the `refusals`.
    """
    counts = with_unlogged(counts)
    return {
        **counts,
        "refusals": sum(counts.get(name, 0) for name in _OTHER_REQUESTS),
        "fallbacks": sum(counts.get(name, 0) for name in FALLBACKS),
        "misses": counts.get("misses", 0) + counts.get("unlogged_misses", 0),
        "hits": counts.get("hits", 0) + counts.get("unlogged_hits", 0),
        "sent_bytes": counts.get("sent_bytes", 0) + counts.get("unlogged_bytes", 0),
    }
