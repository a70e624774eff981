"""`/studio`: the template editor's page and files, which `make studio` writes to `static/studio`.

It may load and call only this API, the pictures' host and the host of uploads.
"""

import re
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from api.router import ApiRouter
from api.routes.static_files import STATIC_FOLDER as ALL_STATIC_FILES
from api.routes.static_files import static_response
from postcard.errors import NotFound

STATIC_FOLDER = ALL_STATIC_FILES / "studio"
PAGE = "index.html"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",  # licences of packages
}
_HASHED_NAME = re.compile(r"[\w-]+\.[0-9A-Za-z_-]{8,64}\.\w+")
router = ApiRouter()


@router.get("/studio/?", include_in_schema=False)
@router.get("/studio/new/<screen>", include_in_schema=False)
@router.get("/studio/t/<template_id>", include_in_schema=False)
@router.get("/studio/t/<template_id>/<screen>", include_in_schema=False)
def studio(template_id: str = "", screen: str = "") -> Response[str]:
    """The page, at the address of each of its screens, so that it can be loaded again there."""
    return _page()


@router.get("/studio/<name>", include_in_schema=False)
def studio_file(name: str) -> Response[str]:
    """A script, a style sheet, a picture or a licence; without an extension it is a screen."""
    if "." not in name:
        return _page()
    file = STATIC_FOLDER / name
    content_type = CONTENT_TYPES.get(file.suffix)
    if content_type is None or name not in _file_names(STATIC_FOLDER):
        raise NotFound("There is nothing here: /studio is the template editor.")
    is_hashed = _HASHED_NAME.fullmatch(name)
    cache_control = f"public, max-age={'31536000, immutable' if is_hashed else '3600'}"
    return _studio_response(file, content_type, cache_control)


def _page() -> Response[str]:
    if PAGE not in _file_names(STATIC_FOLDER):
        raise NotFound(
            "The template editor was not built here: run `make studio`, which needs Node and npm,"
            " and start or deploy again."
        )
    return _studio_response(STATIC_FOLDER / PAGE, "text/html; charset=utf-8", "no-cache")


def _file_names(folder: Path) -> set[str]:
    """The names of the files in a folder; none if there is no such folder."""
    return {file.name for file in folder.iterdir()} if folder.is_dir() else set()


def _studio_response(file: Path, content_type: str, cache_control: str) -> Response[str]:
    context = router.request_context
    headers = {
        "Cache-Control": cache_control,
        "Content-Security-Policy": content_security_policy(
            context.service.picture_origin, context.service.upload_origin()
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return static_response(context.request, file, content_type, headers)


def content_security_policy(picture_origin: str, upload_origin: str) -> str:
    """What the page may do: nothing of it is inline, and no text becomes HTML."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self';"
        f" img-src 'self' blob: data: {picture_origin}; connect-src 'self' {upload_origin};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
