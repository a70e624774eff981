"""The Lambda function `api`: the JSON API."""

import os
import threading
from functools import cache
from typing import Any

from api import access_log
from api.middleware import ApiMiddleware
from api.resolver import Resolver
from api.routes import (
    assets,
    batches,
    designs,
    docs,
    drafts,
    images,
    links,
    meta,
    previews,
    sessions,
    shared_usage,
    status,
    studio,
    templates,
    usage,
    usage_report,
    versions,
    webhooks,
)
from postcard import wiring
from postcard.api_assembly import ApiService
from postcard.settings import Settings

ROUTERS = (
    images,
    links,
    templates,
    drafts,
    versions,
    designs,
    previews,
    assets,
    batches,
    usage,
    usage_report,
    shared_usage,
    sessions,
    webhooks,
    meta,
    status,
    docs,
    studio,
)

resolver = Resolver()
for module in ROUTERS:
    resolver.include_router(module.router)
middleware = ApiMiddleware(resolver)
resolver_lock = threading.Lock()  # Powertools holds the current event in a class attribute


@cache
def service() -> ApiService:
    """The use cases, wired from the environment; reads no secret and opens no connection."""
    return wiring.api_service(Settings.from_environ(os.environ))


def handle_request(event: dict[str, Any], context: Any, api: ApiService) -> dict[str, Any]:
    """Answer an event and write its log line."""
    with resolver_lock:
        request_context = middleware.start(event, context, api)
        response = middleware.handle(request_context, event, context)
    access_log.write(request_context, response["statusCode"], context)
    return response


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda's entry point."""
    return handle_request(event, context, service())


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call, or before a snapshot is taken
