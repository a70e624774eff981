"""The JSON API: the Lambda `api`."""

import os
import threading
from functools import cache
from typing import Any

from api import access_log as journal
from api.middleware import ApiMiddleware
from api.resolver import Resolver
from api.routes import assets, images, links, previews, templates, versions
from api.routes import meta as about
from postcard import wiring
from postcard.services.assembly import ApiService
from postcard.settings import Settings

ROUTERS = (images, links, templates, versions, previews, assets, about)

resolver = Resolver()
for module in ROUTERS:
    resolver.include_router(module.router)
middleware = ApiMiddleware(resolver)
resolver_lock = threading.Lock()  # the resolver keeps the call at work in a class attribute


@cache
def service() -> ApiService:
    """The use cases on what the environment names; no secret and no connection is taken yet."""
    return wiring.api_service(Settings.from_environ(os.environ))


def handle_request(event: dict[str, Any], context: Any, api: ApiService) -> dict[str, Any]:
    """An event in, a response out, and one line in the log."""
    with resolver_lock:
        visit = middleware.start(event, context, api)
        response = middleware.handle(visit, event, context)
    journal.write(visit, response["statusCode"], context)
    return response


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda's entry point."""
    return handle_request(event, context, service())


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call, or before a snapshot is taken
