"""API keys: `postcard_` and 40 letters and digits, stored as a SHA-256.

The last six characters are the CRC-32 of the 34 before them in base 62, so that a secret scanner
can recognize a leaked key offline.
"""

import contextlib
import hashlib
import secrets
import string
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from postcard.errors import BadRequest, Fault, Forbidden, NotFound, ServiceUnavailable, Unauthorized
from postcard.ports import ApiKeyRecord, ApiKeyStore

KEY_PREFIX = "postcard_"
SCOPES = ("images", "templates", "drafts", "batches", "usage", "admin")
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 34
CHECKSUM_LENGTH = 6
LAST_USED_RESOLUTION_SECONDS = 3600
SESSION_ENDED = "Your session ended: open a new invitation link."


def generate_api_key(choose_character: Callable[[str], str] = secrets.choice) -> str:
    """A new key; 34 random characters are 202 bits."""
    body = "".join(choose_character(ALPHABET) for _ in range(SECRET_LENGTH))
    return KEY_PREFIX + body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 as six base-62 digits (0-9, A-Z, a-z), most significant first.

    >>> checksum("0" * 34)
    '0iqUEf'
    """
    number = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def is_well_formed(key: str) -> bool:
    """Whether prefix, alphabet, length and checksum are those of an API key."""
    text = key.removeprefix(KEY_PREFIX)
    if (
        text == key
        or len(text) != SECRET_LENGTH + CHECKSUM_LENGTH
        or not set(text) <= set(ALPHABET)
    ):
        return False
    return checksum(text[:SECRET_LENGTH]) == text[SECRET_LENGTH:]


def key_digest(key: str) -> str:
    """The SHA-256 of a key in lower-case hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_from_headers(authorization: str | None, x_api_key: str | None) -> str | None:
    """The key of `Authorization: Bearer …`, else of `X-API-Key`, else None."""
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return (x_api_key or "").strip() or None


def require_scope(record: ApiKeyRecord, *scopes: str) -> None:
    """`Forbidden` unless the key has one of the scopes."""
    if not set(scopes) & set(record.scopes):
        needed = " or ".join(f'"{scope}"' for scope in scopes)
        raise Forbidden(f"This key lacks the scope {needed}: use one that has it.")


def require_template(record: ApiKeyRecord, template_id: str) -> None:
    """`Forbidden` if the key is limited to other templates."""
    if record.templates is not None and template_id not in record.templates:
        detail = f'This key is not valid for the template "{template_id}": use one that is.'
        raise Forbidden(detail, code="template_not_allowed")


class ApiKeyService:
    """Makes, lists, revokes and checks API keys."""

    def __init__(
        self, records: ApiKeyStore, *, choose_character: Callable[[str], str] = secrets.choice
    ) -> None:
        self._records = records
        self._choose_character = choose_character

    def create(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        now: float,
        templates: Sequence[str] | None = None,
        expires_at: int | None = None,
        rate: int = 100,
        monthly_quota: int | None = None,
        renewable_until: int | None = None,
    ) -> tuple[str, ApiKeyRecord]:
        """Create a key; returns it and its record. Only its digest is stored. `rate`: calls/s.

        `renewable_until` makes it the key of a session.
        """
        _check_scopes(scopes)
        key = generate_api_key(self._choose_character)
        record = ApiKeyRecord(
            key_id=f"key_{key_digest(key)[:10]}",
            digest=key_digest(key),
            name=name,
            scopes=tuple(dict.fromkeys(scopes)),
            templates=None if templates is None else tuple(templates),
            created_at=int(now),
            expires_at=expires_at,
            rate=rate,
            monthly_quota=monthly_quota,
            renewable_until=renewable_until,
        )
        self._records.put(record)
        return key, record

    def list(self) -> Sequence[ApiKeyRecord]:
        """All keys, revoked and expired ones too, oldest first."""
        return self._records.list()

    def revoke(self, key_id: str, *, now: float) -> ApiKeyRecord:
        """Revoke a key from now on; one that is revoked keeps its time. `NotFound`."""
        record = next((r for r in self._records.list() if r.key_id == key_id), None)
        if record is None:
            raise NotFound(f'There is no key "{key_id}": list them to see their ids.')
        return record if record.revoked_at is not None else self.end(record, now=now)

    def end(self, record: ApiKeyRecord, *, now: float) -> ApiKeyRecord:
        """Revoke the key of a record that was just read."""
        record = replace(record, revoked_at=int(now))
        self._records.put(record)
        return record

    def renew(self, record: ApiKeyRecord, expires_at: int) -> ApiKeyRecord:
        """Let a key expire later; `Unauthorized` if it was revoked meanwhile."""
        if not self._records.renew(record.digest, expires_at):
            raise _revoked(record)
        return replace(record, expires_at=expires_at)

    def record_use(self, record: ApiKeyRecord, *, now: float) -> None:
        """Store when a key was last used, with at most one write an hour.

        Failures are ignored: the call that used the key goes on.
        """
        if record.last_used_at is None or now - record.last_used_at >= LAST_USED_RESOLUTION_SECONDS:
            with contextlib.suppress(ServiceUnavailable):
                self._records.record_use(record.digest, int(now))

    def authenticate(
        self,
        authorization: str | None,
        x_api_key: str | None,
        *,
        now: float,
        scope: str | None = None,
        template: str | None = None,
    ) -> ApiKeyRecord:
        """The record of the key in a request's headers; `Unauthorized`, `Forbidden`.

        Where scope or template are known only once the body is read, leave them out and call
        `require_scope` and `require_template` then.
        """
        record = self._require_valid(key_from_headers(authorization, x_api_key), now)
        if scope is not None:
            require_scope(record, scope)
        if template is not None:
            require_template(record, template)
        return record

    def _require_valid(self, key: str | None, now: float) -> ApiKeyRecord:
        if key is None:
            raise _unauthorized(
                "missing_key", 'Send "Authorization: Bearer postcard_…".', challenge=""
            )
        record = self._records.by_digest(key_digest(key)) if is_well_formed(key) else None
        if record is None:
            raise _unauthorized(
                "invalid_key", "There is no such key: check that it is copied whole."
            )
        if record.revoked_at is not None and record.revoked_at <= now:
            raise _revoked(record)
        if record.expires_at is not None and record.expires_at <= now:
            detail = "This key has expired: use another."
            raise _unauthorized("expired_key", SESSION_ENDED if record.is_session else detail)
        return record


def _revoked(record: ApiKeyRecord) -> Unauthorized:
    detail = "This key was revoked: use another."
    return _unauthorized("revoked_key", SESSION_ENDED if record.is_session else detail)


def _unauthorized(
    code: str, detail: str, challenge: str = ', error="invalid_token"'
) -> Unauthorized:
    headers = {"WWW-Authenticate": f'Bearer realm="postcard"{challenge}'}
    return Unauthorized(detail, code=code, headers=headers)


def _check_scopes(scopes: Sequence[str]) -> None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        detail = f"Scopes are {', '.join(SCOPES)}: give one or more of them."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/scopes", detail)])
