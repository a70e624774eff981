"""Creates what CloudFormation cannot: signing keys, the fallback picture, the first API key.

Every step can be repeated and changes nothing the second time.
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
    """Create missing keys, copy them to the edge, and read the copy back."""
    return rotation.initialize(now=now)


def upload_fallback(pictures: ObjectStore, draw: Callable[[], bytes]) -> bool:
    """Upload the picture that CloudFront shows for server errors; False if it is unchanged."""
    body = draw()
    stored = pictures.get(FALLBACK_KEY)
    if stored is not None and (stored.body, stored.cache_control) == (body, FALLBACK_CACHE_CONTROL):
        return False
    picture = StoredObject(
        body=body, content_type="image/png", cache_control=FALLBACK_CACHE_CONTROL
    )
    pictures.put(FALLBACK_KEY, picture)
    return True


def create_first_api_key(keys: ApiKeyService, *, now: float) -> str | None:
    """A new API key with every scope; None if there are keys already, even revoked ones."""
    if any(record.name != SMOKE_KEY_NAME for record in keys.list()):
        return None
    key, _ = keys.create(FIRST_KEY_NAME, SCOPES, now=now)
    return key


SMOKE_KEY_NAME = "smoke test"
SMOKE_KEY_SECONDS = 600


def create_smoke_test_key(keys: ApiKeyService, *, now: float) -> tuple[str, str]:
    """An API key for the smoke test, and its id. It expires after SMOKE_KEY_SECONDS."""
    scopes = ("images", "templates", "batches")
    key, record = keys.create(
        SMOKE_KEY_NAME, scopes, now=now, expires_at=int(now) + SMOKE_KEY_SECONDS
    )
    return key, record.key_id
