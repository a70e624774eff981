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
| failures        | those with 5xx, with the error page, or without an answer                    |
| sent_bytes      | bytes of all its answers, headers included                                   |

The last six are from the CDN's access log, where each request is one of the first five.
"""

from collections.abc import Mapping

FALLBACK_PREFIX = "fallback_"
# Beside these, a fallback for missing_required or rejected_values is a first open or redraw, too.
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
