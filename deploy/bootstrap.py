"""What CloudFormation cannot put into a stack: keys, the picture for bad days, a first API key.

Every step may be repeated and changes nothing the second time.
"""

from collections.abc import Callable

from postcard.keys.api_keys import SCOPES, ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import KeySet
from postcard.ports import ObjectStore, StoredObject

FALLBACK_KEY = "errors/fallback.png"
FALLBACK_CACHE_CONTROL = "public, no-transform, max-age=60"
FIRST_KEY_NAME = "first"


def create_signing_keys(rotation: KeyRotation, *, now: float) -> KeySet:
    """Make the keys that are missing, write the edge's copy, and read it back there."""
    return rotation.initialize(now=now)


def upload_fallback(pictures: ObjectStore, draw: Callable[[], bytes]) -> bool:
    """The picture that CloudFront shows when nothing else answers; False if it is there."""
    body = draw()
    there = pictures.get(FALLBACK_KEY)
    if there is not None and (there.body, there.cache_control) == (body, FALLBACK_CACHE_CONTROL):
        return False
    picture = StoredObject(
        body=body, content_type="image/png", cache_control=FALLBACK_CACHE_CONTROL
    )
    pictures.put(FALLBACK_KEY, picture)
    return True


def create_first_api_key(keys: ApiKeyService, *, now: float) -> str | None:
    """An API key with every scope, shown this once; None if there are keys, revoked or not."""
    if any(record.name != SMOKE_KEY_NAME for record in keys.list()):
        return None
    key, _ = keys.create(FIRST_KEY_NAME, SCOPES, now=now)
    return key


SMOKE_KEY_NAME = "smoke test"
SMOKE_KEY_SECONDS = 600


def create_smoke_test_key(keys: ApiKeyService, *, now: float) -> tuple[str, str]:
    """An API key for the smoke test, and its id: it ends by itself if nobody revokes it."""
    key, record = keys.create(
        SMOKE_KEY_NAME, ("images", "templates"), now=now, expires_at=int(now) + SMOKE_KEY_SECONDS
    )
    return key, record.key_id
