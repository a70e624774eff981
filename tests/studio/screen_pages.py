"""Signed-in pages of the studio's screens, and small pictures and documents for their tests."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Page, Response

from tests.studio.studio import QUIET, Studio

KEPT = "postcard-studio-session"  # the name under which a browser keeps its session
_sessions: dict[tuple[str, str], str] = {}


def open_screen(
    studio: Studio, path: str = "", *, invitation: dict[str, Any] | None = None, **options: Any
) -> Page:
    """A page of a browser of its own at `/studio` and `path`.

    Pages with equal invitations share a session of the service: only few codes a minute are taken.
    """
    key = (studio.url, json.dumps(invitation, sort_keys=True))
    if key not in _sessions:
        first = studio.sign_in(path=QUIET, invitation=invitation)
        _sessions[key] = str(first.evaluate(f"sessionStorage.getItem('{KEPT}')"))
    page = studio.new_page(**options)
    # Not where the page itself signed out meanwhile.
    page.add_init_script(f"sessionStorage['{KEPT}'] ??= {json.dumps(_sessions[key])}")
    page.goto(f"{studio.url}/studio{path}")
    return page


def new_document(**more: Any) -> dict[str, Any]:
    """A small template with an open field."""
    return {
        "name": "Small one",
        "width": 120,
        "height": 60,
        "background": "#102030",
        "color": "#ffffff",
        "fields": {"first_name": {"default": "there", "max_length": 12, "open": True}},
        "layers": [
            {
                "type": "text",
                "name": "title",
                "x": 4,
                "y": 4,
                "width": 110,
                "height": 50,
                "text": "Hi {{ first_name }}",
                "size": 14,
                "fit": "shrink",
                "overflow": "ellipsis",
            }
        ],
        "alt": "Hi {{ first_name }}",
        **more,
    }


def publish(studio: Studio, template_id: str, document: dict[str, Any]) -> int:
    """Publish by the API, as somebody else would; the version."""
    response = studio.call("PUT", f"/v1/templates/{template_id}", document)
    assert response.status_code == 200, response.text
    return int(response.json()["version"])


def store_draft(studio: Studio, template_id: str, document: Any, base: int | None = None) -> None:
    """Store the first draft of a template, by the API."""
    query = "" if base is None else f"?base={base}"
    path = f"/v1/templates/{template_id}/draft{query}"
    response = studio.call("PUT", path, document, **{"If-None-Match": "*"})
    assert response.status_code == 200, response.text


def preview_with(**wanted: Any) -> Callable[[Response], bool]:
    """Whether a response is that of a preview whose body has these values; `...` is any value.

    None stands for a property that the body lacks.
    """

    def matches(response: Response) -> bool:
        if not response.url.endswith("/v1/previews"):
            return False
        body = json.loads(response.request.post_data or "{}")
        return all(
            name in body if value is ... else body.get(name) == value
            for name, value in wanted.items()
        )

    return matches


def picture_at(studio: Studio, url: str) -> bytes:
    """What the service serves at the address of a link."""
    response = studio.call("GET", url.removeprefix(studio.url))
    assert response.status_code == 200, response.text
    return response.content


def data_uri_bytes(uri: str) -> bytes:
    """The bytes of a picture in a preview's response."""
    return base64.b64decode(uri.partition(",")[2])


def banner(name: str = "Anna", *, width: int = 800, height: int = 300) -> bytes:
    """A finished banner as PNG: dark blue, with bars of yellow in the place of `name`'s letters."""
    picture = Image.new("RGB", (width, height), (20, 40, 90))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((520, 40, 760, 280), fill=(240, 120, 60))
    for index in range(len(name) * 4):
        left = 80 + index * 10
        draw.rectangle((left, 140, left + 4, 180), fill=(250, 200, 10))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
