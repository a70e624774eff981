"""The studio under test: a real service, signed-in browsers, and calls of its API."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Browser, BrowserContext, Page

from local.server import LocalServer
from postcard.keys.sessions import studio_link
from tests.studio.recorder import Recorder

QUIET = "/studio/new/picture"  # a screen that asks the service for nothing
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@dataclass
class Studio:
    """What a test needs. Every page that it opens is watched by `recorder`."""

    server: LocalServer
    state: Path  # the service's folder, with its log
    browser: Browser
    recorder: Recorder
    _contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the service."""
        return self.server.base_url

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """A call of the API with the key of this machine, which has every scope."""
        key = {"Authorization": f"Bearer {self.server.keys.api_key}"}
        return requests.request(
            method, self.url + path, json=body, headers={**key, **headers}, timeout=60
        )

    def publish(self, template_id: str, text: str) -> None:
        """Publish a document with these bytes."""
        response = requests.put(
            f"{self.url}/v1/templates/{template_id}",
            data=text.encode(),
            headers={
                "Authorization": f"Bearer {self.server.keys.api_key}",
                "Content-Type": "application/json",
            },
            timeout=60,
        )
        assert response.status_code == 200, response.text

    def invitation(self, name: str = "Anna", **invitation: Any) -> str:
        """A link as `postcard studio invite` prints it: `templates`, `design_only`, `days`."""
        code, _ = self.server.sessions.invite(name, now=time.time(), **invitation)
        return studio_link(self.url, code)

    def new_page(self, **options: Any) -> Page:
        """A page of a browser of its own, which is not signed in. `options` of the context."""
        settings = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "UTC", **options}
        context = self.browser.new_context(**settings)
        self._contexts.append(context)
        self.recorder.watch(context)
        return context.new_page()

    def sign_in(
        self,
        name: str = "Anna",
        *,
        path: str = "/studio",
        invitation: dict[str, Any] | None = None,
        **options: Any,
    ) -> Page:
        """A page of a browser of its own at `path`, signed in by an invitation link."""
        page = self.new_page(**options)
        link = self.invitation(name, **(invitation or {}))
        with page.expect_response("**/v1/sessions") as response:
            page.goto(f"{self.url}{path}#{urlsplit(link).fragment}")
        assert response.value.status == 200
        return page

    def close(self) -> None:
        """Close all browsers that were opened."""
        for context in self._contexts:
            context.close()
