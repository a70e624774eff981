"""Pages of rows that are held in memory."""

from collections.abc import Mapping
from typing import TypeVar

from postcard.adapters.page_cursors import decode_cursor, encode_cursor
from postcard.ports import Page

Row = TypeVar("Row")


def paginate(
    rows: Mapping[str, Row], limit: int, cursor: str | None, *, newest_first: bool = False
) -> Page[Row]:
    """At most `limit` rows by their keys, after `cursor`."""
    keys = sorted(rows, reverse=newest_first)
    if cursor is not None:
        last = decode_cursor(cursor)
        keys = [key for key in keys if (key < last if newest_first else key > last)]
    more = encode_cursor(keys[limit - 1]) if len(keys) > limit else None
    return Page([rows[key] for key in keys[:limit]], more)
