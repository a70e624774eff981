"""The errors that callers see, mapped to HTTP in `functions/api/problems.py` alone.

Problem                     500 internal_error
├── BadRequest              400 invalid_request, invalid_json, unknown_name, missing_value,
│                               invalid_value, …
├── Unauthorized            401 missing_key, invalid_key, revoked_key, expired_key,
│                               invalid_code
├── Forbidden               403 missing_scope, template_not_allowed, bad_signature
├── NotFound                404 not_found
├── MethodNotAllowed        405 method_not_allowed
├── Conflict                409 idempotency_in_progress, conflict
├── Gone                    410 deleted
├── PreconditionFailed      412 precondition_failed
├── ContentTooLarge         413 body_too_large
├── UriTooLong              414 link_too_long
├── UnsupportedMediaType    415 unsupported_media_type
├── IdempotencyMismatch     422 idempotency_mismatch
├── PreconditionRequired    428 precondition_required
├── TooManyRequests         429 rate_limited, quota_exceeded
├── ServiceUnavailable      503 service_unavailable
└── GatewayTimeout          504 timeout
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import islice

from postcard.runtime.lazy_dataclass import dataclass

MAX_FAULTS = 100  # in a response, which has at most 6 MB in Lambda
MAX_DETAIL_LENGTH = 2000  # of one fault: it may list every name that there is


@dataclass(frozen=True, slots=True)
class Fault:
    """One error or warning about a document or request; `pointer` is the JSON pointer to it."""

    code: str
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class SourceImageFault(Fault):
    """A source image that cannot be used; `reference` is its URL or asset reference."""

    reference: str


def faults_to_json(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Errors, warnings and findings as JSON: the first `MAX_FAULTS`, each of bounded length."""
    return [
        {"code": f.code, "pointer": f.pointer, "detail": bounded_detail(f.detail)}
        for f in faults[:MAX_FAULTS]
    ]


def bounded_detail(detail: str) -> str:
    """The detail, cut where it is longer than `MAX_DETAIL_LENGTH`."""
    return detail if len(detail) <= MAX_DETAIL_LENGTH else f"{detail[: MAX_DETAIL_LENGTH - 1]}…"


@dataclass(eq=False)
class Problem(Exception):
    """An error with its public text: `detail` says what is wrong and what to do."""

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
    """The request cannot be parsed or is out of bounds; `errors` holds all faults at once."""

    code: str = "invalid_request"
    status = 400


@dataclass(eq=False)
class Unauthorized(Problem):
    """The API key is missing or not valid."""

    code: str = "invalid_key"
    status = 401


@dataclass(eq=False)
class Forbidden(Problem):
    """The key or the link does not allow this."""

    code: str = "missing_scope"
    status = 403


@dataclass(eq=False)
class NotFound(Problem):
    """The resource does not exist."""

    code: str = "not_found"
    status = 404


@dataclass(eq=False)
class MethodNotAllowed(Problem):
    """The path does not support this method; `headers` has Allow."""

    code: str = "method_not_allowed"
    status = 405


@dataclass(eq=False)
class Conflict(Problem):
    """Another request is changing the same resource."""

    code: str = "conflict"
    status = 409


@dataclass(eq=False)
class Gone(Problem):
    """The resource was deleted."""

    code: str = "deleted"
    status = 410


@dataclass(eq=False)
class PreconditionFailed(Problem):
    """`If-Match` names a state that the resource no longer has."""

    code: str = "precondition_failed"
    status = 412


@dataclass(eq=False)
class ContentTooLarge(Problem):
    """The body is too large."""

    code: str = "body_too_large"
    status = 413


@dataclass(eq=False)
class UriTooLong(Problem):
    """The link would be too long."""

    code: str = "link_too_long"
    status = 414


@dataclass(eq=False)
class UnsupportedMediaType(Problem):
    """The body has the wrong media type."""

    code: str = "unsupported_media_type"
    status = 415


@dataclass(eq=False)
class IdempotencyMismatch(Problem):
    """The idempotency key was used with another body."""

    code: str = "idempotency_mismatch"
    status = 422


@dataclass(eq=False)
class PreconditionRequired(Problem):
    """The request must say which state of the resource it changes."""

    code: str = "precondition_required"
    status = 428


@dataclass(eq=False)
class TooManyRequests(Problem):
    """Too many requests; `headers` has Retry-After."""

    code: str = "rate_limited"
    status = 429


@dataclass(eq=False)
class ServiceUnavailable(Problem):
    """A store or table cannot be reached; the caller should try again."""

    code: str = "service_unavailable"
    status = 503


@dataclass(eq=False)
class GatewayTimeout(Problem):
    """The work did not finish in time."""

    code: str = "timeout"
    status = 504


def raise_faults(faults: Iterable[Fault], detail: str = "") -> None:
    """Raise `BadRequest` with all faults, if there are any; with their code if they share one.

    Faults past `MAX_FAULTS` are not looked for: a generator is left where it stands. One more
    than `MAX_FAULTS` is kept, which says that there are more.
    """
    faults = tuple(islice(faults, MAX_FAULTS + 1))
    if not faults:
        return
    codes = {fault.code for fault in faults}
    code = codes.pop() if len(codes) == 1 else "invalid_request"
    places = ", ".join(fault.pointer or "the body" for fault in faults[:3])
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    raise BadRequest(detail or f"Correct {places}{more}.", code=code, errors=faults)


def failure_site(failure: BaseException) -> str:
    """The type of an exception and where it was raised; not its text, which may hold values."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    return type(failure).__name__ + where


class SandboxUnavailable(Exception):
    """The process that reads untrusted files ended or did not answer, whatever the file is.

    Not a `Problem`: callers try again, or do without the file.
    """
