"""Pages of lists, and their cursors: the last key of a page in base64url, opaque to callers."""

import base64
import binascii
from collections.abc import Mapping
from typing import TypeVar

from postcard.errors import BadRequest, Fault
from postcard.ports import Page

Row = TypeVar("Row")


def encode_cursor(key: str) -> str:
    """The cursor of the page that begins after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The key in `cursor`; `BadRequest` if `encode_cursor` did not make it."""
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not key or encode_cursor(key) != cursor:
        detail = "Send a cursor as next_cursor gave it, or none for the first page."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/cursor", detail)])
    return key


def paginate(
    rows: Mapping[str, Row], limit: int, cursor: str | None, *, newest_first: bool = False
) -> Page[Row]:
    """At most `limit` rows in memory, ordered by their keys, after `cursor`."""
    keys = sorted(rows, reverse=newest_first)
    if cursor is not None:
        last = decode_cursor(cursor)
        keys = [key for key in keys if (key < last if newest_first else key > last)]
    next_cursor = encode_cursor(keys[limit - 1]) if len(keys) > limit else None
    return Page([rows[key] for key in keys[:limit]], next_cursor)
