"""Pictures: the Lambda `image`, called by CloudFront for what S3 did not have.

It imports only what a render needs: no Powertools, no pydantic, no boto3. Nothing secret, no clock
and no connection is taken at import, so that a snapshot of it may be restored anywhere.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
from functools import cache
from typing import Any

from image import access_log as journal
from postcard import wiring
from postcard.delivery.assembly import ImageService
from postcard.delivery.picture_service import PictureResponse
from postcard.delivery.request_context import RequestContext
from postcard.errors import Forbidden, MethodNotAllowed, Problem, ServiceUnavailable
from postcard.settings import Settings

METHODS = ("GET", "HEAD")
RENDER_SECONDS = 8.0  # what drawing and its sources may take
FALLBACK_RESERVE_SECONDS = 3.0  # kept back for the fallback and its answer
RESPONSE_RESERVE_SECONDS = 0.7  # kept back to answer at all, whatever does not
PICTURE_HEADERS = {
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
LambdaResponse = dict[str, Any]


@cache
def service() -> ImageService:
    """The use cases on what the environment names; no secret and no connection is taken yet."""
    return wiring.image_service(Settings.from_environ(os.environ))


def handler(event: dict[str, Any], context: Any) -> LambdaResponse:
    """The Lambda's entry point."""
    return handle_request(event, context, service())


def handle_request(event: dict[str, Any], context: Any, images: ImageService) -> LambdaResponse:
    """An event in, a response out, one line in the log and one of metrics."""
    began = images.monotonic()
    left = context.get_remaining_time_in_millis() / 1000
    visit = RequestContext(
        now=images.clock(), deadline=began + min(RENDER_SECONDS, left - FALLBACK_RESERVE_SECONDS)
    )
    images.set_deadline(began + left - RESPONSE_RESERVE_SECONDS)
    try:
        response = _picture_response(event, images, visit)
    except Problem as problem:
        visit.log_fields["code"] = problem.code
        if isinstance(problem, ServiceUnavailable):
            visit.log_fields["error"] = str(problem)
        response = _error_response(problem)
    spent = (images.monotonic() - began) * 1000
    journal.write(sys.stdout, event, context, visit, response, spent)
    return response


def _picture_response(
    event: dict[str, Any], images: ImageService, request_context: RequestContext
) -> LambdaResponse:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    sent = headers.get("x-postcard-origin", "").encode()
    if not hmac.compare_digest(sent, images.origin().encode()):
        raise Forbidden("Pictures are behind the CDN: ask there.", code="forbidden")
    method = event["requestContext"]["http"]["method"]
    if method not in METHODS:
        raise MethodNotAllowed("Pictures are read only.", headers={"Allow": ", ".join(METHODS)})
    answered = images.pictures.get(
        event["rawPath"], headers.get("x-postcard-link", ""), request_context
    )
    request_context.log_fields |= {"outcome": answered.render, "bytes": len(answered.image.body)}
    if answered.reason:
        request_context.log_fields["reason"] = answered.reason
    told = _picture_headers(answered, request_context)
    if _etag_matches(headers.get("if-none-match", ""), told["ETag"]):
        return {"statusCode": 304, "headers": told, "body": ""}
    told["Content-Type"] = answered.image.content_type
    if method == "HEAD":
        told["Content-Length"] = str(len(answered.image.body))
        return {"statusCode": 200, "headers": told, "body": ""}
    body = base64.b64encode(answered.image.body).decode("ascii")
    return {"statusCode": 200, "headers": told, "body": body, "isBase64Encoded": True}


def _picture_headers(picture: PictureResponse, request_context: RequestContext) -> dict[str, str]:
    """Everything but the type and the length, which a 304 leaves out."""
    digest = hashlib.md5(picture.image.body, usedforsecurity=False).hexdigest()
    steps = (
        f"{name};dur={spent:.1f}" for name, spent in request_context.timings.milliseconds.items()
    )
    told = {
        **PICTURE_HEADERS,
        "ETag": f'"{digest}"',  # S3's own, so that a copy stays good when S3 answers next
        "Cache-Control": picture.cache_policy.cache_control,
        "X-Postcard-Render": picture.render,
        "Server-Timing": ", ".join(steps),
    }
    if picture.reason:
        told["X-Postcard-Fallback"] = picture.reason
    if picture.cache_policy.expires is not None:
        told["Expires"] = _http_date(picture.cache_policy.expires)
    return told


def _etag_matches(if_none_match: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return bool(tags & {"*", etag})


def _http_date(instant: int) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(instant))


def _error_response(problem: Problem) -> LambdaResponse:
    """No picture: a wrong address, or no keys, for which the CDN has a page of its own."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        **problem.headers,
    }
    return {"statusCode": problem.status, "headers": headers, "body": f"{problem.detail}\n"}


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call, or before a snapshot is taken
