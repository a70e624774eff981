"""One call of the API: who calls, what was sent, until when, and what the log line will say."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from postcard.identifiers import is_template_id
from postcard.keys.api_keys import require_scope, require_template
from postcard.ports import ApiKeyRecord
from postcard.services.assembly import ApiService

JSON_TYPE = "application/json"


@dataclass
class ApiRequestContext:
    """What a handler may know beside its arguments. `noted` goes to the log: no values in it."""

    service: ApiService
    request_id: str
    now: float
    deadline: float
    openapi_document: Callable[[], dict[str, Any]]
    body_text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    key: ApiKeyRecord | None = None
    log_fields: dict[str, object] = field(default_factory=dict)

    def authorize_template(self, template_id: str) -> None:
        """`Forbidden` if the key is confined to other templates."""
        if is_template_id(template_id):  # another text in its place may be anybody's value
            self.log_fields["template_id"] = template_id
        if self.key is not None:
            require_template(self.key, template_id)

    def authorize_scope(self, scope: str) -> None:
        """`Forbidden` unless the key has the scope; for what a body or query decides."""
        if self.key is not None:
            require_scope(self.key, scope)

    def json_body(self) -> Any:
        """The JSON that was sent; it has been read once, so it can be."""
        return json.loads(self.body_text)


class ApiRouter(Router):
    """Powertools' router, with the call that its handler is answering."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @property
    def request_context(self) -> ApiRequestContext:
        """The call at work."""
        return cast(ApiRequestContext, self.context["call"])


def no_content() -> Response[Any]:
    """204."""
    return Response(status_code=204, content_type=None, body="")


def any_scope(*scopes: str) -> list[dict[str, list[str]]]:
    """OpenAPI's security of a route: any of `scopes`; this is what `auth.py` goes by, too."""
    return [{name: [scope]} for scope in scopes for name in ("bearer", "api_key")]
