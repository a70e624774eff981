"""Links that show usage to anyone who has them, without a session; read only, revocable.

Only the digest of a link's token is stored, as of API keys: a copy of the table opens nothing.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import date

from postcard.errors import BadRequest, Conflict, Forbidden, NotFound
from postcard.ports import UsageShare, UsageShareStore
from postcard.runtime.lazy_regex import lazy_regex
from postcard.timestamps import DAY_SECONDS
from postcard.usage.report.period import DEFAULT_DAYS, Period, last_days
from postcard.usage.usage_filter import UsageFilter

TOKEN_BYTES = 16  # 128 bits
TOKEN = lazy_regex(r"[A-Za-z0-9_-]{22}")
SHARE_ID = r"^shr_[a-z2-7]{16}$"
PATH = "/usage/s/"
MAX_SHARES = 100
DEFAULT_SHARE_DAYS, MAX_SHARE_DAYS = 30, 400


class UsageShares:
    """Makes, finds and deletes links that show usage."""

    def __init__(
        self,
        store: UsageShareStore,
        *,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(TOKEN_BYTES),
    ) -> None:
        self._store = store
        self._new_token = new_token

    def create(
        self,
        usage_filter: UsageFilter,
        *,
        period: Period | None,
        days: int | None,
        prices: bool,
        expires_at: int | None,
        created_by: str,
        now: float,
    ) -> tuple[str, UsageShare]:
        """The path of a new link, shown only this once, and what is stored of it.

        It shows `period`, or else always the last `days` days (30, unless given). `BadRequest`,
        `Conflict`.
        """
        end = int(now) + DEFAULT_SHARE_DAYS * DAY_SECONDS if expires_at is None else expires_at
        if not now < end <= now + MAX_SHARE_DAYS * DAY_SECONDS:
            raise BadRequest(f"expires_at must be a time of the next {MAX_SHARE_DAYS} days.")
        if len(self._live(now)) >= MAX_SHARES:
            raise Conflict(f"There are {MAX_SHARES} links already: delete one first.")
        token = self._new_token()
        share = UsageShare(
            digest=_digest(token),
            share_id=_share_id(token),
            template_id=usage_filter.template_id,
            campaign=usage_filter.campaign,
            templates=usage_filter.templates,
            first_day=period.first.isoformat() if period else None,
            last_day=period.last.isoformat() if period else None,
            days=None if period else days or DEFAULT_DAYS,
            prices=prices,
            created_by=created_by,
            created_at=int(now),
            expires_at=end,
        )
        self._store.put(share)
        return PATH + token, share

    def by_token(self, token: str, *, now: float) -> UsageShare:
        """What a link shows. `NotFound` if it never was, was deleted or has expired: all alike."""
        share = self._store.by_digest(_digest(token)) if TOKEN.fullmatch(token) else None
        if share is None or share.expires_at <= now:
            raise NotFound("It has ended, or somebody took it back: ask who sent it for a new one.")
        return share

    def list(self, key_templates: Sequence[str] | None, *, now: float) -> Sequence[UsageShare]:
        """The live links of which a key of these templates may see all, newest first."""
        shares = [share for share in self._live(now) if _is_within(share, key_templates)]
        return sorted(shares, key=lambda share: (-share.created_at, share.share_id))

    def delete(self, share_id: str, key_templates: Sequence[str] | None, *, now: float) -> None:
        """Take a link back; it shows nothing from now on. `NotFound`, `Forbidden`."""
        share = next((each for each in self._live(now) if each.share_id == share_id), None)
        if share is None:
            raise NotFound("There is no such link: GET /v1/usage/shares lists them.")
        if not _is_within(share, key_templates):
            raise Forbidden(
                "This link shows templates that your key may not use.", code="template_not_allowed"
            )
        self._store.delete(share.digest)

    def _live(self, now: float) -> Sequence[UsageShare]:
        return [share for share in self._store.list() if share.expires_at > now]


def shared_period(share: UsageShare, today: date) -> Period:
    """The days that a link shows today."""
    if share.first_day is not None and share.last_day is not None:
        return Period(date.fromisoformat(share.first_day), date.fromisoformat(share.last_day))
    return last_days(share.days or DEFAULT_DAYS, today)


def shared_filter(share: UsageShare) -> UsageFilter:
    """The usage that a link shows."""
    return UsageFilter(share.template_id, share.campaign, share.templates)


def _is_within(share: UsageShare, key_templates: Sequence[str] | None) -> bool:
    """Whether a key of these templates (None: all) may see everything that the link shows."""
    if key_templates is None:
        return True
    shown = share.templates if share.template_id is None else [share.template_id]
    return shown is not None and set(shown) <= set(key_templates)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _share_id(token: str) -> str:
    """An id that tells nothing of the token."""
    digest = hashlib.sha256(b"share id\n" + token.encode()).digest()
    return "shr_" + base64.b32encode(digest[:10]).decode().lower()
