"""One API call: its request, who calls, until when it must be answered, and what is logged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.auth import AuthResult, charge_pictures
from api.http_event import ApiRequest
from postcard.api_assembly import ApiService
from postcard.errors import Problem, ServiceUnavailable
from postcard.identifiers import is_template_id
from postcard.keys.api_keys import require_scope, require_template
from postcard.ports import ApiKeyRecord


@dataclass
class ApiRequestContext:
    """One per call; filled step by step, so that a failed call is logged with what is known.

    `now` is in Unix seconds; `deadline` and `started_at` are `time.monotonic()` instants.
    `log_fields` go into the log line: no values of readers in them.
    """

    request: ApiRequest
    service: ApiService
    openapi_document: Callable[[], dict[str, Any]]
    now: float
    deadline: float
    started_at: float
    auth: AuthResult = field(default_factory=AuthResult)
    route_path: str = ""
    body_text: str = ""
    json_body: Any = None
    log_fields: dict[str, object] = field(default_factory=dict)
    exception: BaseException | None = None

    @property
    def key(self) -> ApiKeyRecord:
        """The API key of the call, for routes that need a scope: there it is always known."""
        assert self.auth.key is not None
        return self.auth.key

    @property
    def key_templates(self) -> Sequence[str] | None:
        """The templates that the API key is limited to; None if it is not limited."""
        return self.auth.key.templates if self.auth.key else None

    def authorize_template(self, template_id: str) -> None:
        """`Forbidden` if the key is restricted to other templates."""
        if is_template_id(template_id):  # any other text may be a reader's value: not logged
            self.log_fields["template_id"] = template_id
        if self.auth.key is not None:
            require_template(self.auth.key, template_id)

    def authorize_scope(self, *scopes: str) -> None:
        """`Forbidden` unless the key has one of the scopes, where a body or query decides."""
        if self.auth.key is not None:
            require_scope(self.auth.key, *scopes)

    def charge_pictures(self, pictures: int = 1) -> None:
        """Count pictures that a session is about to draw; `TooManyRequests` over its rate."""
        charge_pictures(self.auth.key, pictures, self.service, now=self.now)

    def count_usage(
        self, template_id: str, campaign: str | None, counts: Mapping[str, int]
    ) -> None:
        """Count what the call made, as `/v1/usage` reports it."""
        if any(counts.values()):
            self.service.usage_counter.count(template_id, campaign, counts, now=self.now)

    def log_problem(self, problem: Problem) -> None:
        """Log the code; and of an unavailable dependency, which one and how it failed."""
        self.log_fields["code"] = problem.code
        if isinstance(problem, ServiceUnavailable):
            self.log_fields["dependency"] = str(problem)
