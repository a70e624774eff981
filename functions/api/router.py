"""Powertools' router with typed access to the request context, and parts that routes share."""

import base64
from collections.abc import Mapping
from typing import Any, cast

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.request_context import ApiRequestContext

JSON_TYPE = "application/json"
CONTEXT_KEY = "request_context"  # in the context that the resolver hands to its routers


class ApiRouter(Router):
    """A group of routes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @property
    def request_context(self) -> ApiRequestContext:
        """The call that a route's handler is answering."""
        return cast(ApiRequestContext, self.context[CONTEXT_KEY])


def no_content() -> Response[Any]:
    """204."""
    return Response(status_code=204, content_type=None, body="")


def binary_response(
    body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """200 with bytes, in base64 for API Gateway.

    Powertools would encode bytes itself, but its validation takes them for UTF-8 first.
    """
    response: Response[str] = Response(
        status_code=200,
        content_type=content_type,
        headers=dict(headers or {}),
        body=base64.b64encode(body).decode(),
    )
    response.base64_encoded = True
    return response


def any_scope(*scopes: str) -> list[dict[str, list[str]]]:
    """A route's `security` in OpenAPI: any of `scopes`. `auth.authorize` enforces the same."""
    return [{name: [scope]} for scope in scopes for name in ("bearer", "api_key")]
