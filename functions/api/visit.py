"""One call on its way through the front door."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.auth import AuthResult
from api.http_event import ApiRequest
from postcard.errors import Fault, Gone, NotFound, Problem, ServiceUnavailable
from postcard.services.assembly import ApiService
from postcard.template.bind import BindMode

FALLBACK_URL_PATHS = ("/v1/images", "/v1/links")
MODIFICATIONS_PATHS = (*FALLBACK_URL_PATHS, "/v1/previews")


@dataclass
class ApiRequestState:
    """What is known of a call so far. `deadline` is a `time.monotonic()` instant."""

    request: ApiRequest
    service: ApiService
    now: float
    deadline: float
    started_at: float
    auth: AuthResult = field(default_factory=AuthResult)
    log_fields: dict[str, object] = field(default_factory=dict)
    json_body: Any = None  # the body, read
    route_path: str = ""
    exception: BaseException | None = None

    def log_problem(self, problem: Problem) -> None:
        """For the log line: what was told; and of a store that is down, which and how."""
        self.log_fields["code"] = problem.code
        if isinstance(problem, ServiceUnavailable):
            self.log_fields["dependency"] = str(problem)

    def fallback_url(self) -> dict[str, object]:
        """`fallback_url` for a body that could not be taken, if its template is known."""
        template = self._requested_template(FALLBACK_URL_PATHS)
        if template is None:
            return {}
        url = self.service.links.fallback_url(template)
        return {"fallback_url": url} if url else {}

    def value_faults(self) -> Sequence[Fault]:
        """What is wrong with the values of a body whose rest could not be taken."""
        template = self._requested_template(MODIFICATIONS_PATHS)
        sent = self.json_body.get("modifications") if template is not None else None
        if not isinstance(sent, list) or not all(isinstance(entry, dict) for entry in sent):
            return ()
        mode: BindMode = "default" if self.json_body.get("on_invalid") == "default" else "error"
        try:
            return self.service.links.value_faults(str(template), sent, mode)
        except (NotFound, Gone):
            return ()

    def _requested_template(self, paths: Sequence[str]) -> str | None:
        """The template that the body of a call of `paths` names, if the key may know of it."""
        named = self.json_body.get("template_id") if isinstance(self.json_body, dict) else None
        if self.request.path not in paths or not isinstance(named, str):
            return None
        key = self.auth.key
        if key is not None and key.templates is not None and named not in key.templates:
            return None
        return named
