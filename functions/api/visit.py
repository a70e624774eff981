"""One call on its way through the front door."""

from dataclasses import dataclass, field
from typing import Any

from api.auth import Entry
from api.reading import Request
from postcard.api_service import ApiService

TELLS_FALLBACK = ("/v1/images", "/v1/links")


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

    def fallback_url(self) -> dict[str, object]:
        """`fallback_url` for a body that could not be taken, if its template is known."""
        template = self.value.get("template_id") if isinstance(self.value, dict) else None
        if self.request.path not in TELLS_FALLBACK or not isinstance(template, str):
            return {}
        key = self.entry.key
        if key is not None and key.templates is not None and template not in key.templates:
            return {}
        url = self.service.minting.fallback_url(template)
        return {"fallback_url": url} if url else {}
