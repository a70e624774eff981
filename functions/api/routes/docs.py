"""`/openapi.json` and `/docs`: OpenAPI, and the page on which Swagger UI shows it.

The page loads only files of this function, which are in `static/docs`.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response

from api.router import JSON_TYPE, ApiRouter, binary_response
from postcard.errors import NotFound

STATIC_FOLDER = Path(__file__).parents[1] / "static" / "docs"
CONTENT_TYPES = {
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
router = ApiRouter()


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


@router.get("/openapi.json", summary="Read this description", tags=["Service"])
def openapi() -> Response[dict[str, Any]]:
    """OpenAPI 3.1."""
    return Response(
        status_code=200, content_type=JSON_TYPE, body=router.request_context.openapi_document()
    )


@router.get("/docs", summary="Read this description as a page", tags=["Service"])
def docs() -> Response[str]:
    """Every call with its properties and an example, and a form to try it."""
    return _static_response("index.html", "text/html; charset=utf-8", "no-cache")


@router.get("/docs/<file>", include_in_schema=False)
def docs_file(file: str) -> Response[str]:
    """A script, a style sheet or a licence of the page."""
    if file not in CONTENT_TYPES:
        raise NotFound("There is nothing here: /docs lists what there is.")
    return _static_response(file, CONTENT_TYPES[file], "public, max-age=3600")


def _static_response(name: str, content_type: str, cache_control: str) -> Response[str]:
    headers = router.request_context.request.headers
    file = static_file(STATIC_FOLDER / name)
    compressed = _accepts_gzip(headers.get("accept-encoding", ""))
    etag = f'"{file.digest}-gzip"' if compressed else f'"{file.digest}"'
    response_headers = {
        "Cache-Control": cache_control,
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if etag in headers.get("if-none-match", ""):
        return Response(status_code=304, content_type=None, headers=response_headers, body="")
    if not compressed:
        return binary_response(file.body, content_type, response_headers)
    response_headers["Content-Encoding"] = "gzip"
    return binary_response(file.compressed, content_type, response_headers)


def _accepts_gzip(accept_encoding: str) -> bool:
    for coding in accept_encoding.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
