"""The errors that callers see, mapped to HTTP once (`functions/api/problems.py`).

Problem                 500 internal_error
├── BadRequest          400 invalid_request, invalid_json, unknown_name, missing_value, invalid_value, …
├── Unauthorized        401 missing_key, invalid_key, revoked_key, expired_key
├── Forbidden           403 missing_scope, template_not_allowed, bad_signature
├── NotFound            404 not_found
├── MethodNotAllowed    405 method_not_allowed
├── Conflict            409 idempotency_in_progress, conflict
├── Gone                410 deleted
├── Stale               412 precondition_failed
├── TooLarge            413 body_too_large
├── LinkTooLong         414 link_too_long
├── NotJson             415 unsupported_media_type
├── OtherBody           422 idempotency_mismatch
├── RateLimited         429 rate_limited, quota_exceeded
├── Unavailable         503 service_unavailable
└── TimedOut            504 timeout
"""

from collections.abc import Mapping, Sequence
from dataclasses import field

from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong (or worth a warning), and where: `pointer` is a JSON pointer."""

    code: str
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class SourceImageFault(Fault):
    """A picture that cannot be had. One layer may want several: `reference` says which it is."""

    reference: str


def faults_to_json(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Faults, warnings and findings as callers are told of them."""
    return [{"code": f.code, "pointer": f.pointer, "detail": f.detail} for f in faults]


@dataclass(eq=False)
class Problem(Exception):
    """A failure with its public text: `detail` says what to do."""

    detail: str
    code: str = "internal_error"
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, object] = field(default_factory=dict)

    status = 500

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class BadRequest(Problem):
    """What was sent cannot be read or is out of bounds; `errors` holds every fault at once."""

    code: str = "invalid_request"
    status = 400


@dataclass(eq=False)
class Unauthorized(Problem):
    """No API key, or none that is good."""

    code: str = "invalid_key"
    status = 401


@dataclass(eq=False)
class Forbidden(Problem):
    """A good key, or a readable link, that may not do this."""

    code: str = "missing_scope"
    status = 403


@dataclass(eq=False)
class NotFound(Problem):
    """There is no such thing."""

    code: str = "not_found"
    status = 404


@dataclass(eq=False)
class MethodNotAllowed(Problem):
    """The path is there, the method is not; `headers` carries Allow."""

    code: str = "method_not_allowed"
    status = 405


@dataclass(eq=False)
class Conflict(Problem):
    """Somebody else is at work on the same thing."""

    code: str = "conflict"
    status = 409


@dataclass(eq=False)
class Gone(Problem):
    """It was there once."""

    code: str = "deleted"
    status = 410


@dataclass(eq=False)
class PreconditionFailed(Problem):
    """`If-Match` names a version that is no longer the latest."""

    code: str = "precondition_failed"
    status = 412


@dataclass(eq=False)
class ContentTooLarge(Problem):
    """The body is over its bound."""

    code: str = "body_too_large"
    status = 413


@dataclass(eq=False)
class UriTooLong(Problem):
    """The link would be over its bound."""

    code: str = "link_too_long"
    status = 414


@dataclass(eq=False)
class UnsupportedMediaType(Problem):
    """The body is of another media type."""

    code: str = "unsupported_media_type"
    status = 415


@dataclass(eq=False)
class IdempotencyMismatch(Problem):
    """The idempotency key was used with another body."""

    code: str = "idempotency_mismatch"
    status = 422


@dataclass(eq=False)
class TooManyRequests(Problem):
    """Too many calls; `headers` carries Retry-After."""

    code: str = "rate_limited"
    status = 429


@dataclass(eq=False)
class ServiceUnavailable(Problem):
    """A store or table is down; trying again is right."""

    code: str = "service_unavailable"
    status = 503


@dataclass(eq=False)
class GatewayTimeout(Problem):
    """The work did not end in its time."""

    code: str = "timeout"
    status = 504


def raise_faults(faults: Sequence[Fault], detail: str = "") -> None:
    """`BadRequest` with all faults, if there are any; of their code if they share one."""
    if not faults:
        return
    codes = {fault.code for fault in faults}
    code = codes.pop() if len(codes) == 1 else "invalid_request"
    places = ", ".join(fault.pointer or "the body" for fault in faults[:3])
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    raise BadRequest(detail or f"Correct {places}{more}.", code=code, errors=tuple(faults))


def failure_site(failure: BaseException) -> str:
    """The type of an exception and where it was raised; not its text, which may hold values."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    return type(failure).__name__ + where
