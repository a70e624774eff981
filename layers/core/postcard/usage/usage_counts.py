"""The names of what is counted, and sums of counts.

| name            | counts                                                                       |
|-----------------|------------------------------------------------------------------------------|
| links           | links that the API and batches signed                                        |
| batch_links     | those of them that batches signed                                            |
| batches         | batches whose first chunk made something                                     |
| batch_chunks    | chunks of batches, each with the first of its templates                      |
| images          | opaque images that `POST /v1/images` made, and rows of batches of images     |
| drawn_ahead     | pictures drawn before they were opened: by a POST, by a batch that warms     |
| first_opens     | pictures drawn by a GET and stored, each by its first GET                    |
| redraws         | pictures drawn by a GET that were stored before, or may not be stored        |
| fallback_REASON | fallback pictures by reason                                                  |
| bytes           | bytes of all these pictures                                                  |
| ahead_bytes     | those of pictures that were drawn ahead                                      |
| stored_bytes    | those of first opens                                                         |
| duration_ms     | milliseconds that functions took for them                                    |
| hits, misses    | GETs that the CDN answered from its cache, and from an origin                |
| heads           | HEADs that it answered                                                       |
| refusals        | requests that it answered with 4xx                                           |
| failures        | requests answered with 5xx or the error page, or not answered                |
| sent_bytes      | bytes of all its answers, headers included                                   |

The last six come from the CDN's access log; each request counts in exactly one of the first five of
them.
"""

from collections.abc import Mapping

FALLBACK_PREFIX = "fallback_"
# Fallbacks for missing_required or rejected_values are not here: they also count as first opens or
# redraws.
FALLBACKS = frozenset(
    f"{FALLBACK_PREFIX}{reason}"
    for reason in (
        *("source", "render", "budget", "paused", "erased", "unknown", "timeout", "dependency"),
        "ended",
    )
)
LOG_COUNTS = ("hits", "misses", "heads", "refusals", "failures", "sent_bytes")

Counts = dict[str, int]


def add_counts(sums: Counts, counts: Mapping[str, int]) -> None:
    """Add counts to sums, in place."""
    for name, number in counts.items():
        sums[name] = sums.get(name, 0) + number


def fallbacks_by_reason(counts: Mapping[str, int]) -> Counts:
    """The fallback pictures by reason, in the order of reasons."""
    return {
        name.removeprefix(FALLBACK_PREFIX): counts[name]
        for name in sorted(counts)
        if name.startswith(FALLBACK_PREFIX)
    }
