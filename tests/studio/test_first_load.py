"""What a person waits for who opens a template's editor: requests and bytes until its picture."""

import gzip
import json

from playwright.sync_api import Page, Request, Response, expect

from tests.studio.editor_page import signed_in_page
from tests.studio.studio import Studio

TEMPLATES = ("tmpl_a1b2c3d4e5",)
(WELCOME,) = TEMPLATES
MOST_REQUESTS = 7
SCRIPTS_KB = 60


class Load:
    """The requests of a page.

    `before_preview` are those before the first picture was asked for, `before_picture` those
    before it was answered.
    """

    def __init__(self, page: Page) -> None:
        self.requests: list[Request] = []
        self.before_preview: list[Request] = []
        self.before_picture: list[Request] = []
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def _on_request(self, request: Request) -> None:
        if request.url.startswith(("blob:", "data:")):
            return
        if is_preview(request) and not self.before_preview:
            self.before_preview = [*self.requests]
        self.requests.append(request)

    def _on_response(self, response: Response) -> None:
        if is_preview(response.request) and not self.before_picture:
            assert response.ok
            self.before_picture = [*self.requests]


def is_preview(request: Request) -> bool:
    """Whether a picture is asked for."""
    return request.url.endswith("/v1/previews")


def open_editor(studio: Studio) -> Load:
    """The load of the welcome template's editor, until nothing more is asked for."""
    page = signed_in_page(studio)
    load = Load(page)
    page.goto(f"{studio.url}/studio/t/{WELCOME}")
    expect(page.locator(".status-bar.exact")).to_be_visible()
    return load


def paths(requests: list[Request]) -> list[str]:
    """What was asked for, hashes left out."""
    return [request.url.split("/", 3)[3].partition("#")[0] for request in requests]


def test_the_first_picture_needs_few_requests_and_bytes(studio: Studio) -> None:
    studio.call("DELETE", f"/v1/templates/{WELCOME}/draft")
    load = open_editor(studio)
    assert len(load.before_picture) <= MOST_REQUESTS, paths(load.before_picture)
    before = paths(load.before_preview)
    assert before[-1] == f"v1/templates/{WELCOME}/draft/document?or_latest=true"
    assert sum(path.startswith("v1/") for path in before) == 1
    scripts = [one for one in load.before_preview if one.resource_type == "script"]
    bodies = [one.response().body() for one in scripts]  # type: ignore[union-attr]
    assert sum(len(gzip.compress(body, 9)) for body in bodies) <= SCRIPTS_KB * 1024
    packed = [one.response().header_value("content-encoding") for one in scripts]  # type: ignore[union-attr]
    assert packed == ["gzip"]


def test_the_first_picture_of_a_draft_needs_no_more(studio: Studio) -> None:
    text = studio.call("GET", f"/v1/templates/{WELCOME}/document").text.replace("}", " }", 1)
    put = studio.call(
        "PUT",
        f"/v1/templates/{WELCOME}/draft",
        json.loads(text),
        **{"If-None-Match": "*"},
    )
    assert put.status_code == 200
    load = open_editor(studio)
    assert len(load.before_picture) <= MOST_REQUESTS, paths(load.before_picture)
    assert sum(path.startswith("v1/") for path in paths(load.before_preview)) == 1


def test_the_picture_that_follows_an_edit_asks_for_no_findings_and_the_exact_one_does(
    studio: Studio,
) -> None:
    load = open_editor(studio)
    bodies = [json.loads(r.post_data or "{}") for r in load.requests if r.method == "POST"]
    shown, exact = bodies[0], bodies[-1]
    assert shown["findings"] is False and shown["format"] == "jpg"
    assert "findings" not in exact and "format" not in exact
    assert not any(body.get("fixes") for body in bodies)  # no panel asks for them
