"""The editor of a template as a test uses it: by pointer and keys, seen from outside."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from tests.studio.studio import QUIET, Studio

PREVIEWS = "/v1/previews"
expect.set_options(timeout=30_000)  # only ends a test that fails
Point = tuple[float, float]


@dataclass
class EditorPage:
    """A page with the editor of `template_id`."""

    page: Page
    studio: Studio
    template_id: str

    @classmethod
    def open(cls, studio: Studio, template_id: str, **options: Any) -> "EditorPage":
        """Open the template's editor without a draft, and wait until its exact picture is shown."""
        studio.call("DELETE", f"/v1/templates/{template_id}/draft")
        page = signed_in_page(studio, **options)
        page.goto(f"{studio.url}/studio/t/{template_id}")
        editor = cls(page, studio, template_id)
        editor.wait_for_exact_picture()
        return editor

    # --- what is seen

    def wait_for_exact_picture(self) -> None:
        """The picture is that of the document as it stands, and nothing more is asked for."""
        expect(self.page.locator(".status-bar.exact")).to_be_visible()

    def wait_until_saved(self) -> None:
        """The service has the draft."""
        expect(self.page.locator(".save-mark")).to_have_text("Saved · draft")

    def draft(self) -> str:
        """The text of the stored draft."""
        path = f"/v1/templates/{self.template_id}/draft/document"
        return self.studio.call("GET", path).content.decode()

    def saved_draft(self) -> str:
        """The text of the draft, once the service has it."""
        self.wait_until_saved()
        return self.draft()

    @property
    def zoom(self) -> float:
        """Screen pixels per CSS pixel of the template."""
        return self._matrix()[0]

    def _matrix(self) -> tuple[float, float, float]:
        transform = self.page.locator(".pictures").evaluate("e => e.style.transform")
        numbers = [float(number) for number in re.findall(r"-?\d[\d.]*", transform)]
        x, y, zoom = numbers
        return zoom, x, y

    def at(self, x: float, y: float) -> Point:
        """A point of the template on the screen."""
        zoom, left, top = self._matrix()
        box = self.page.locator(".canvas").bounding_box()
        assert box is not None
        return box["x"] + left + x * zoom, box["y"] + top + y * zoom

    def selected(self) -> list[str]:
        """The names of the selected layers, as assistive technology reads them."""
        buttons = self.page.locator(".surface [data-layer][aria-pressed=true]")
        return [b.get_attribute("aria-label") or "" for b in buttons.all()]

    def handle(self, x: int, y: int) -> Locator:
        """A handle: `handle(1, 1)` is the bottom right corner."""
        return self.page.locator(f'.handle[data-handle="{x},{y}"]')

    def center_of(self, locator: Locator) -> Point:
        """The middle of an element on the screen."""
        box = locator.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    # --- what a person does

    def click(self, x: float, y: float, **options: Any) -> None:
        """Click a point of the template."""
        self.page.mouse.click(*self.at(x, y), **options)

    def select(self, x: float, y: float) -> None:
        """Click a layer, and wait until its parts are at hand for a drag."""
        with self.page.expect_response(lambda r: r.url.endswith(PREVIEWS) and is_parts(r.request)):
            self.click(x, y)
        self.page.wait_for_timeout(100)  # for decoding

    def drag(self, start: Point, end: Point, *, steps: int = 12, snap: bool = False) -> None:
        """Drag between two points of the template; without `snap` Ctrl is held."""
        with self.dragging(start, end, steps=steps, snap=snap):
            pass

    @contextmanager
    def dragging(
        self, start: Point, end: Point, *, steps: int = 12, snap: bool = False
    ) -> Iterator[None]:
        """Drag, and hold at the end while the block runs."""
        mouse = self.page.mouse
        mouse.move(*self.at(*start))
        mouse.down()
        if not snap:
            self.page.keyboard.down("Control")
        mouse.move(*self.at(*end), steps=steps)
        yield
        mouse.up()
        if not snap:
            self.page.keyboard.up("Control")

    def press(self, *keys: str) -> None:
        """Press keys, with the focus on the canvas."""
        for key in keys:
            self.page.keyboard.press(key)

    def previews(self) -> "PreviewLog":
        """Records the previews that are asked for from now on."""
        return PreviewLog(self.page)


_sessions: dict[str, str] = {}  # by the address of the service, as a browser keeps it
_KEPT = "postcard-studio-session"


def signed_in_page(studio: Studio, **options: Any) -> Page:
    """A page of a browser of its own with the session of the first one: codes are few a minute."""
    if studio.url not in _sessions:
        first = studio.sign_in(path=QUIET)
        _sessions[studio.url] = first.evaluate(f"sessionStorage.getItem('{_KEPT}')")
    page = studio.new_page(**options)
    kept = json.dumps(_sessions[studio.url])
    page.add_init_script(f"sessionStorage.setItem('{_KEPT}', {kept})")
    return page


def is_parts(request: Request) -> bool:
    """Whether a preview asks for the parts of a picture."""
    return "parts" in preview_body(request)


def preview_body(request: Request) -> dict[str, Any]:
    """The JSON of a preview's request."""
    body: dict[str, Any] = json.loads(request.post_data or "{}")
    return body


class PreviewLog:
    """The previews that a page asks for, in order, and how many ran at the same time at most."""

    def __init__(self, page: Page) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.most_at_once = 0
        self._running: set[Request] = set()
        page.on("request", self._on_request)
        page.on("requestfinished", self._on_end)
        page.on("requestfailed", self._on_end)

    def kinds(self) -> list[str]:
        """`shown` for a quick picture, `parts`, `exact`."""
        return [
            "parts" if "parts" in body else "shown" if "format" in body else "exact"
            for body in self.bodies
        ]

    def _on_request(self, request: Request) -> None:
        if request.url.endswith(PREVIEWS):
            self.bodies.append(preview_body(request))
            self._running.add(request)
            self.most_at_once = max(self.most_at_once, len(self._running))

    def _on_end(self, request: Request) -> None:
        self._running.discard(request)
