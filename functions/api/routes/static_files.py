"""Sends files of `functions/api/static`, compressed where the browser accepts it, with an ETag."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from api.http_event import ApiRequest
from api.router import binary_response

STATIC_FOLDER = Path(__file__).parents[1] / "static"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent, plain and compressed."""

    body: bytes
    compressed: bytes
    digest: str


@cache
def static_file(path: Path) -> StaticFile:
    """Read and compress a file once."""
    body = path.read_bytes()
    return StaticFile(body, gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest())


def static_response(
    request: ApiRequest, path: Path, content_type: str, headers: Mapping[str, str]
) -> Response[str]:
    """A file with `headers`; 304 if the browser has it already."""
    file = static_file(path)
    compressed = _accepts_gzip(request)
    etag = f'"{file.digest}-gzip"' if compressed else f'"{file.digest}"'
    response_headers = {**headers, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, content_type=None, headers=response_headers, body="")
    if not compressed:
        return binary_response(file.body, content_type, response_headers)
    response_headers["Content-Encoding"] = "gzip"
    return binary_response(file.compressed, content_type, response_headers)


def gzip_response(
    request: ApiRequest, body: bytes, content_type: str, headers: Mapping[str, str]
) -> Response[str]:
    """200 with bytes that are made for this call, compressed where the browser accepts it."""
    response_headers = {**headers, "Vary": "Accept-Encoding"}
    if not _accepts_gzip(request):
        return binary_response(body, content_type, response_headers)
    response_headers["Content-Encoding"] = "gzip"
    return binary_response(gzip.compress(body, 6, mtime=0), content_type, response_headers)


def _accepts_gzip(request: ApiRequest) -> bool:
    for coding in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
