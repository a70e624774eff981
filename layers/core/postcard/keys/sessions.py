"""Sessions of people in the template editor: an invitation's code becomes an API key for a while.

The code is the only thing that a link holds. It works once, for some minutes. The key that it is
exchanged for can never erase, recall or pause anything.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from functools import partial

from postcard.errors import BadRequest, Fault, NotFound, TooManyRequests, Unauthorized
from postcard.identifiers import is_template_id
from postcard.keys.api_keys import ApiKeyService
from postcard.ports import ApiKeyRecord, Counters, Invitation, InvitationStore
from postcard.runtime.lazy_regex import lazy_regex
from postcard.timestamps import DAY_SECONDS

CODE_BYTES = 16  # 128 bits
CODE = lazy_regex(r"[A-Za-z0-9_-]{22}")
CODE_SECONDS = 15 * 60
SESSION_SECONDS = 12 * 3600  # until a session that is not renewed ends
MAX_SESSION_DAYS = 30
MAX_NAME_LENGTH = 100
MAX_TEMPLATES = 100
SESSION_SCOPES = ("images", "templates", "drafts", "usage")
DESIGN_SCOPES = ("drafts",)
CALLS_A_SECOND = 50
PICTURES_A_SECOND = 12
TRIES_A_MINUTE = 10
MINUTE = 60


class SessionService:
    """Invites people, and begins, renews and ends their sessions."""

    def __init__(
        self,
        keys: ApiKeyService,
        invitations: InvitationStore,
        counters: Counters,
        *,
        new_code: Callable[[], str] = lambda: secrets.token_urlsafe(CODE_BYTES),
    ) -> None:
        self._keys = keys
        self._invitations = invitations
        self._counters = counters
        self._new_code = new_code

    def invite(
        self,
        name: str,
        *,
        now: float,
        templates: Sequence[str] | None = None,
        design_only: bool = False,
        days: int = MAX_SESSION_DAYS,
    ) -> tuple[str, Invitation]:
        """A code for a session of `name`, and its invitation. Only the code's digest is stored."""
        _check_invitation(name, templates, days)
        code = self._new_code()
        invitation = Invitation(
            digest=_digest(code),
            name=name.strip(),
            scopes=DESIGN_SCOPES if design_only else SESSION_SCOPES,
            templates=None if templates is None else tuple(dict.fromkeys(templates)),
            created_at=int(now),
            expires_at=int(now) + CODE_SECONDS,
            session_seconds=days * DAY_SECONDS,
        )
        self._invitations.put(invitation)
        return code, invitation

    def begin(self, code: str, *, address: str, now: float) -> tuple[str, ApiKeyRecord]:
        """Exchange a code for the key of a session; `Unauthorized`, `TooManyRequests`.

        Codes that never were, were used or have expired get the same response. `address` is the
        caller's, of which some wrong codes a minute are allowed.
        """
        forget_try = self._count_try(address, now)
        invitation = self._invitations.take(_digest(code)) if CODE.fullmatch(code) else None
        if invitation is None or invitation.expires_at <= now:
            raise Unauthorized(
                "This invitation link was used, has expired or is not whole: ask for a new one.",
                code="invalid_code",
                headers={"WWW-Authenticate": 'Bearer realm="postcard"'},
            )
        forget_try()
        until = int(now) + invitation.session_seconds
        return self._keys.create(
            invitation.name,
            invitation.scopes,
            now=now,
            templates=invitation.templates,
            expires_at=min(int(now) + SESSION_SECONDS, until),
            rate=CALLS_A_SECOND,
            renewable_until=until,
        )

    def renew(self, record: ApiKeyRecord, *, now: float) -> ApiKeyRecord:
        """Let a session last for another twelve hours, at most until its last day.

        `NotFound` if the key is none of a session; `Unauthorized` if it was ended meanwhile.
        """
        until = require_session(record)
        return self._keys.renew(record, min(int(now) + SESSION_SECONDS, until))

    def end(self, record: ApiKeyRecord, *, now: float) -> None:
        """End a session: its key is refused from now on. `NotFound` as for `renew`."""
        require_session(record)
        self._keys.end(record, now=now)

    def _count_try(self, address: str, now: float) -> Callable[[], object]:
        """Count a try in the minute of `now`; returns what takes it back, if the code is right.

        The address is stored as a digest, for minutes.
        """
        minute = int(now) // MINUTE
        end = (minute + 1) * MINUTE
        digest = hashlib.sha256(f"{minute} {_network(address)}".encode()).hexdigest()[:32]
        add = partial(self._counters.increment, f"sessions#{digest}", expires_at=end)
        if add() > TRIES_A_MINUTE:
            raise TooManyRequests(
                f"{TRIES_A_MINUTE} wrong codes were tried in this minute: wait.",
                headers={"Retry-After": str(max(1, end - int(now)))},
            )
        return partial(add, by=-1)


def studio_link(api_url: str, code: str) -> str:
    """The link of an invitation. Browsers send no fragment, so the code is in no log.

    >>> studio_link("https://api.example.com/", "q83vEjRWeJq83vEjRWeJqw")
    'https://api.example.com/studio#code=q83vEjRWeJq83vEjRWeJqw'
    """
    return f"{api_url.rstrip('/')}/studio#code={code}"


def require_session(record: ApiKeyRecord) -> int:
    """When the session ends at the latest; `NotFound` if the key is none of a session."""
    if record.renewable_until is None:
        raise NotFound("This API key is not a session: an invitation link begins one.")
    return record.renewable_until


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _network(address: str) -> str:
    """The address, or of an IPv6 address the network that one customer of a provider has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _check_invitation(name: str, templates: Sequence[str] | None, days: int) -> None:
    faults = []
    if not name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        detail = f"A name has 1 to {MAX_NAME_LENGTH} characters, without line ends."
        faults.append(Fault("invalid_request", "/name", detail))
    if templates is not None and not 0 < len(templates) <= MAX_TEMPLATES:
        detail = f"An invitation is for 1 to {MAX_TEMPLATES} templates, or for all of them."
        faults.append(Fault("invalid_request", "/templates", detail))
    for template_id in (templates or ())[:MAX_TEMPLATES]:
        if not is_template_id(template_id):
            detail = f'"{template_id[:64]}" is no template id.'
            faults.append(Fault("invalid_request", "/templates", detail))
    if not 0 < days <= MAX_SESSION_DAYS:
        detail = f"A session lasts 1 to {MAX_SESSION_DAYS} days."
        faults.append(Fault("invalid_request", "/days", detail))
    if faults:
        raise BadRequest(faults[0].detail, errors=faults)
