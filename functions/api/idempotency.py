"""`Idempotency-Key`: the response of a successful call is stored for 24 hours and repeated."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from typing import Any

from api.request_context import ApiRequestContext
from postcard.errors import BadRequest, Fault, ServiceUnavailable

WEBHOOKS_PATH = "/v1/webhooks"
IDEMPOTENT_PATHS = ("/v1/templates", "/v1/assets", "/v1/batches", WEBHOOKS_PATH)  # for POST
MAX_KEY_LENGTH = 255


def run_idempotently(
    context: ApiRequestContext, resolve: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The stored response of the request's `Idempotency-Key`, or that of `resolve`, then stored.

    Only responses under 300 are stored; after any other the key can be used again.
    """
    key = context.request.headers.get("idempotency-key")
    if key is None:
        return resolve()
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        detail = f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters."
        raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
    name = f"{context.key.key_id}#{context.request.path}#{key}"
    store = context.service.idempotency
    body_digest = hashlib.sha256(context.body_text.encode()).hexdigest()
    if (stored := store.begin(name, body_digest, now=context.now)) is not None:
        context.log_fields["outcome"] = "replayed"
        return _with_secret(context, json.loads(stored))
    succeeded = False
    try:
        response = resolve()
        if succeeded := response["statusCode"] < 300:
            with contextlib.suppress(ServiceUnavailable):  # the work is done: say so all the same
                store.finish(name, json.dumps(_without_secret(context, response)), now=context.now)
        return response
    finally:
        if not succeeded:
            store.abandon(name)


def _without_secret(context: ApiRequestContext, response: dict[str, Any]) -> dict[str, Any]:
    """A response to store: that of a new webhook without its secret, which is stored nowhere."""
    if context.request.path != WEBHOOKS_PATH:
        return response
    webhook = json.loads(response["body"])
    del webhook["secret"]
    return {**response, "body": json.dumps(webhook)}


def _with_secret(context: ApiRequestContext, stored: dict[str, Any]) -> dict[str, Any]:
    """A stored response; that of a new webhook with its secret, which is computed again."""
    if context.request.path != WEBHOOKS_PATH:
        return stored
    webhook = json.loads(stored["body"])
    secret = context.service.webhooks.secret(webhook["id"])
    return {**stored, "body": json.dumps({**webhook, "secret": secret})}
