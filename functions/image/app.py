"""The Lambda function `image`: draws the pictures that CloudFront did not find in S3.

It imports only what a render needs: no Powertools, no pydantic, no boto3. At import it reads no
secret and no clock and opens no connection, so that a snapshot of it can be restored at any time.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
from functools import cache
from typing import Any

from image import access_log
from postcard import wiring
from postcard.delivery.assembly import ImageService
from postcard.delivery.picture_service import PictureResponse
from postcard.delivery.request_context import RequestContext
from postcard.errors import Forbidden, MethodNotAllowed, Problem, ServiceUnavailable
from postcard.settings import Settings

METHODS = ("GET", "HEAD")
RENDER_SECONDS = 8.0  # for fetching sources and drawing
FALLBACK_RESERVE_SECONDS = 3.0  # of the function's time, for the fallback and its response
RESPONSE_RESERVE_SECONDS = 0.7  # of the function's time, for a response whatever else fails
USAGE_SECONDS = 0.5  # that a picture waits for its count, which goes on with the next picture
PICTURE_HEADERS = {
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
LambdaResponse = dict[str, Any]


@cache
def service() -> ImageService:
    """The use cases, wired from the environment; reads no secret and opens no connection."""
    return wiring.image_service(Settings.from_environ(os.environ))


def handler(event: dict[str, Any], context: Any) -> LambdaResponse:
    """The Lambda's entry point."""
    return handle_request(event, context, service())


def handle_request(event: dict[str, Any], context: Any, images: ImageService) -> LambdaResponse:
    """Answer an event; write its log line and its metrics."""
    started_at = images.monotonic()
    remaining = context.get_remaining_time_in_millis() / 1000
    request_context = RequestContext(
        now=images.clock(),
        deadline=started_at + min(RENDER_SECONDS, remaining - FALLBACK_RESERVE_SECONDS),
        fallback_deadline=started_at + remaining - RESPONSE_RESERVE_SECONDS,
    )
    images.set_deadline(started_at + remaining - RESPONSE_RESERVE_SECONDS)
    try:
        response = _response(event, images, request_context)
        duration_ms = (images.monotonic() - started_at) * 1000
        access_log.write(sys.stdout, event, context, request_context, response, duration_ms)
        return response
    finally:  # Lambda stops this process until the next event, and perhaps for ever
        finish_at = images.monotonic() + USAGE_SECONDS
        images.finish_usage(min(finish_at, request_context.fallback_deadline))


def _response(
    event: dict[str, Any], images: ImageService, request_context: RequestContext
) -> LambdaResponse:
    try:
        return _picture_response(event, images, request_context)
    except Problem as problem:
        request_context.log_fields["code"] = problem.code
        if isinstance(problem, ServiceUnavailable):
            request_context.log_fields["error"] = str(problem)
        return _error_response(problem)


def _picture_response(
    event: dict[str, Any], images: ImageService, request_context: RequestContext
) -> LambdaResponse:
    request_headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    origin_secret = request_headers.get("x-postcard-origin", "").encode()
    if not hmac.compare_digest(origin_secret, images.origin().encode()):
        raise Forbidden("Pictures are behind the CDN: ask there.", code="forbidden")
    method = event["requestContext"]["http"]["method"]
    if method not in METHODS:
        raise MethodNotAllowed("Pictures are read only.", headers={"Allow": ", ".join(METHODS)})
    picture = images.pictures.get(
        event["rawPath"], request_headers.get("x-postcard-link", ""), request_context
    )
    request_context.log_fields |= {"outcome": picture.render, "bytes": len(picture.image.body)}
    if picture.reason:
        request_context.log_fields["reason"] = picture.reason
    headers = _picture_headers(picture, request_context, now=images.clock())
    if _etag_matches(request_headers.get("if-none-match", ""), headers["ETag"]):
        return {"statusCode": 304, "headers": headers, "body": ""}
    headers["Content-Type"] = picture.image.content_type
    if method == "HEAD":
        headers["Content-Length"] = str(len(picture.image.body))
        return {"statusCode": 200, "headers": headers, "body": ""}
    body = base64.b64encode(picture.image.body).decode("ascii")
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}


def _picture_headers(
    picture: PictureResponse, request_context: RequestContext, *, now: float
) -> dict[str, str]:
    """All headers but Content-Type and Content-Length, which a 304 does not have."""
    digest = hashlib.md5(picture.image.body, usedforsecurity=False).hexdigest()
    cache_control, expires = picture.cache_policy.sent_at(now)
    headers = {
        **PICTURE_HEADERS,
        "ETag": f'"{digest}"',  # as S3 computes it, so that a copy stays valid when S3 answers next
        "Cache-Control": cache_control,
        "X-Postcard-Render": picture.render,
        "Server-Timing": request_context.timings.to_header(),
    }
    if picture.reason:
        headers["X-Postcard-Fallback"] = picture.reason
    if expires is not None:
        headers["Expires"] = _http_date(expires)
    return headers


def _etag_matches(if_none_match: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return bool(tags & {"*", etag})


def _http_date(unix_seconds: int) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(unix_seconds))


def _error_response(problem: Problem) -> LambdaResponse:
    """No picture: the address is wrong, or the keys are unavailable; CloudFront replaces a 5xx."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        **problem.headers,
    }
    return {"statusCode": problem.status, "headers": headers, "body": f"{problem.detail}\n"}


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda: before the first call, or before a snapshot is taken
