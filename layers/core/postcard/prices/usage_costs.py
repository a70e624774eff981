"""What counted usage costs by the list prices.

The counts are those of `GET /v1/usage`: `links`, `images`, `first_opens`, `redraws`, `hits`,
`misses`, `refusals`, `fallbacks`, `bytes`, `sent_bytes`, `duration_ms`; and `stored_bytes`,
`ahead_bytes`, `drawn_ahead`, `batch_links`, `batch_chunks`, `batches` of usage/usage_counts.py.
Others are ignored.
"""

from collections.abc import Mapping
from decimal import Decimal

from postcard.prices.prices import (
    ACCESS_LOG_BYTES,
    DAYS_IN_A_MONTH,
    LAMBDA_GB,
    LOG_BYTES,
    PICTURE_BYTES,
    REGIONS,
    RENDER_MS,
    STORED_DAYS,
    Units,
    batch_units,
    dollars,
)

LINK_MS = 12  # of the API function, for one `POST /v1/links`
IMAGE_RECORD_WRITES = 3  # its row below 2 KB, and the row that lists it


def usage_dollars(
    counts: Mapping[str, int], region: str = REGIONS[0], *, stored: bool = True
) -> Decimal:
    """US dollars of counted usage: the sum of `usage_dollars_by_line`.

    Sum the dollars of several rows, in place of the dollars of summed counts: whether the access
    log has a row's fetches already differs from row to row.
    """
    return sum(usage_dollars_by_line(counts, region, stored=stored).values(), Decimal(0))


def usage_dollars_by_line(
    counts: Mapping[str, int], region: str = REGIONS[0], *, stored: bool = True
) -> dict[str, Decimal]:
    """US dollars by line of the price table. `KeyError` for an unknown region."""
    return dollars(usage_units(counts, stored=stored), region)


def picture_units(
    *, drawn: int, hits: int = 0, stored: bool = True, picture_bytes: int = PICTURE_BYTES
) -> Units:
    """What `drawn` first opens and `hits` of the CDN use, each picture taking 80 ms to draw."""
    counts = {
        "first_opens": drawn,
        "misses": drawn,
        "hits": hits,
        "bytes": drawn * picture_bytes,
        "stored_bytes": drawn * picture_bytes,
        "sent_bytes": (drawn + hits) * picture_bytes,
        "duration_ms": drawn * RENDER_MS,
    }
    return usage_units(counts, stored=stored)


def usage_units(counts: Mapping[str, int], *, stored: bool = True) -> Units:
    """What counted usage used of the services that have a price.

    Until the access log has told of fetches, each drawn picture counts as one that was sent once.
    `fallbacks` is their number for all reasons, `batch_links` those of `links` that batches made.
    `drawn_ahead` were drawn and stored by a call of the API (of their `ahead_bytes` nothing is sent
    before they are fetched). `stored_bytes` are those of first opens.
    With `stored`, S3 keeps the pictures of first opens for 90 days.

    Each unit grows in proportion to the counts, so that the parts of a sum cost what it costs.
    """

    def count(name: str) -> int:
        return max(0, counts.get(name, 0))

    first, redraws, ahead = count("first_opens"), count("redraws"), count("drawn_ahead")
    drawn_bytes = max(0, count("bytes") - count("ahead_bytes"))
    drawn = first + redraws
    answered = drawn + count("fallbacks")  # by the image function
    fetches = max(count("hits") + count("misses"), answered)
    requests = fetches + count("refusals")
    batch_links = min(count("links"), count("batch_links"))
    links = count("links") - batch_links
    calls = links + ahead
    milliseconds = count("duration_ms") + links * LINK_MS
    log_gigabytes = Decimal((answered + calls) * (LOG_BYTES + ACCESS_LOG_BYTES)) / 10**9
    units: dict[str, Decimal | int] = {
        "cloudfront_request": requests,
        "cloudfront_gb": Decimal(max(count("sent_bytes"), drawn_bytes)) / 10**9,
        "edge_function": requests,
        "kvs_read": requests,
        "http_api_request": answered + calls,
        "lambda_request": answered + calls,
        "lambda_gb_second_arm64": Decimal(milliseconds) / 1000 * LAMBDA_GB,
        "dynamodb_rru": answered + calls,
        # A counted picture is one write; of the render budget, one write counts twenty.
        "dynamodb_wru": answered
        + calls
        + Decimal(drawn + ahead) / 20
        + count("images") * IMAGE_RECORD_WRITES,
        "logs_gb": log_gigabytes,
        "logs_gb_month": log_gigabytes * Decimal("0.15"),
    }
    if stored:
        kept_gigabytes = Decimal(count("stored_bytes") + count("ahead_bytes")) / 10**9
        units["s3_get"] = max(count("misses"), answered)  # CloudFront asks S3 first
        units["s3_put"] = first + ahead
        units["s3_gb_month"] = kept_gigabytes * STORED_DAYS / DAYS_IN_A_MONTH
    of_batches = batch_units(
        rows=batch_links, chunks=count("batch_chunks"), batches=count("batches")
    )
    for name, number in of_batches.items():
        units[name] = units.get(name, 0) + number
    return units
