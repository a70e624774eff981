"""The text that is sent about an event: `{"type", "timestamp", "data"}` (Standard Webhooks)."""

import json

from postcard.ports import JsonObject
from postcard.timestamps import format_rfc3339

MAX_BODY_BYTES = 65_536


def event_body(event_type: str, data: JsonObject, *, at: float) -> str:
    """The body of an event at `at`, in Unix seconds; ValueError if it has more than 64 KB.

    Half of a surrogate pair, which UTF-8 cannot write, becomes a question mark.
    """
    event = {"type": event_type, "timestamp": format_rfc3339(at), "data": data}
    body = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    encoded = body.encode("utf-8", "replace")
    if len(encoded) > MAX_BODY_BYTES:
        raise ValueError(f"an event of type {event_type} has more than {MAX_BODY_BYTES} bytes")
    return encoded.decode()
