"""Cursors of lists: opaque to callers, the last key of a page to us."""

import base64
import binascii

from postcard.errors import BadRequest, Fault


def encode_cursor(key: str) -> str:
    """The cursor of the page that begins after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The key that `cursor` stands for; `BadRequest` if it is none of ours."""
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not key or encode_cursor(key) != cursor:
        detail = "Send a cursor as next_cursor gave it, or none for the first page."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/cursor", detail)])
    return key
