"""What callers may have carried back to them."""

import json
from typing import Any

from pydantic_core import PydanticCustomError

MAX_METADATA_BYTES = 1024


def check_metadata_size(metadata: dict[str, Any]) -> dict[str, Any]:
    """Itself, refused over 1 KB of JSON."""
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_METADATA_BYTES:
        detail = f"The metadata is {size} bytes of JSON: send at most {MAX_METADATA_BYTES}."
        raise PydanticCustomError("too_large", "{detail}", {"detail": detail})
    return metadata
