"""One call on its way through the front door."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.auth import Entry
from api.http_event import Request
from postcard.errors import Fault, Gone, NotFound, Problem, Unavailable
from postcard.services.assembly import ApiService
from postcard.template.bind import BindMode

TELLS_FALLBACK = ("/v1/images", "/v1/links")
TAKES_VALUES = (*TELLS_FALLBACK, "/v1/previews")


@dataclass
class Visit:
    """What is known of a call so far. `deadline` is a `time.monotonic()` instant."""

    request: Request
    service: ApiService
    now: float
    deadline: float
    began: float
    entry: Entry = field(default_factory=Entry)
    noted: dict[str, object] = field(default_factory=dict)
    value: Any = None  # the body, read
    rule: str = ""
    failure: BaseException | None = None

    def note(self, problem: Problem) -> None:
        """For the log line: what was told; and of a store that is down, which and how."""
        self.noted["code"] = problem.code
        if isinstance(problem, Unavailable):
            self.noted["down"] = str(problem)

    def fallback_url(self) -> dict[str, object]:
        """`fallback_url` for a body that could not be taken, if its template is known."""
        template = self._template(TELLS_FALLBACK)
        if template is None:
            return {}
        url = self.service.links.fallback_url(template)
        return {"fallback_url": url} if url else {}

    def value_faults(self) -> Sequence[Fault]:
        """What is wrong with the values of a body whose rest could not be taken."""
        template = self._template(TAKES_VALUES)
        sent = self.value.get("modifications") if template is not None else None
        if not isinstance(sent, list) or not all(isinstance(entry, dict) for entry in sent):
            return ()
        mode: BindMode = "default" if self.value.get("on_invalid") == "default" else "error"
        try:
            return self.service.links.value_faults(str(template), sent, mode)
        except (NotFound, Gone):
            return ()

    def _template(self, paths: Sequence[str]) -> str | None:
        """The template that the body of a call of `paths` names, if the key may know of it."""
        named = self.value.get("template_id") if isinstance(self.value, dict) else None
        if self.request.path not in paths or not isinstance(named, str):
            return None
        key = self.entry.key
        if key is not None and key.templates is not None and named not in key.templates:
            return None
        return named
