"""What callers may have carried back to them."""

import json
from typing import Any

from postcard.errors import BadRequest, Fault

MOST_BYTES = 1024


def check_metadata(metadata: dict[str, Any] | None) -> None:
    """`BadRequest` over 1 KB of JSON."""
    if metadata is None:
        return
    size = len(
        json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    )
    if size > MOST_BYTES:
        detail = f"The metadata is {size} bytes of JSON: send at most {MOST_BYTES}."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/metadata", detail)])
