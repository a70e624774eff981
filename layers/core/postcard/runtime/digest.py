"""The digest in object keys, by which stored bytes are recognised and checked."""

import hashlib


def content_digest(body: bytes) -> str:
    """Half a SHA-256 as 32 hex digits."""
    return hashlib.sha256(body).hexdigest()[:32]
