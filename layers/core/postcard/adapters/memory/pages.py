"""Pages of rows that are held in memory."""

from collections.abc import Mapping
from typing import TypeVar

from postcard.adapters.page_cursors import cursor_after, key_before
from postcard.ports import Page

Row = TypeVar("Row")


def page_of(
    rows: Mapping[str, Row], limit: int, cursor: str | None, *, newest_first: bool = False
) -> Page[Row]:
    """At most `limit` rows by their keys, after `cursor`."""
    keys = sorted(rows, reverse=newest_first)
    if cursor is not None:
        last = key_before(cursor)
        keys = [key for key in keys if (key < last if newest_first else key > last)]
    more = cursor_after(keys[limit - 1]) if len(keys) > limit else None
    return Page([rows[key] for key in keys[:limit]], more)
