"""`/openapi.json` and `/docs`: OpenAPI, and the page on which Swagger UI shows it.

The page loads only files of this function, which are in `static/docs`.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from api.router import JSON_TYPE, ApiRouter
from api.routes.static_files import STATIC_FOLDER as ALL_STATIC_FILES
from api.routes.static_files import static_response
from postcard.errors import NotFound

STATIC_FOLDER = ALL_STATIC_FILES / "docs"
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


@router.get("/openapi.json", summary="Read this description", tags=["Service"])
def openapi() -> Response[dict[str, Any]]:
    """OpenAPI 3.1."""
    return Response(
        status_code=200, content_type=JSON_TYPE, body=router.request_context.openapi_document()
    )


@router.get("/docs", summary="Read this description as a page", tags=["Service"])
def docs() -> Response[str]:
    """Every call with its properties and an example, and a form to try it."""
    return _docs_response("index.html", "text/html; charset=utf-8", "no-cache")


@router.get("/docs/<file>", include_in_schema=False)
def docs_file(file: str) -> Response[str]:
    """A script, a style sheet or a licence of the page."""
    if file not in CONTENT_TYPES:
        raise NotFound("There is nothing here: /docs lists what there is.")
    return _docs_response(file, CONTENT_TYPES[file], "public, max-age=3600")


def _docs_response(name: str, content_type: str, cache_control: str) -> Response[str]:
    headers = {"Cache-Control": cache_control, "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    request = router.request_context.request
    return static_response(request, STATIC_FOLDER / name, content_type, headers)
