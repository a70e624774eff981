"""Records what must not happen on a page: see `Recorder`."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, WebError

# Policy violations become console errors that say which directive it was. Trusted Types are one.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
FAILED_STATUS = re.compile(r"Failed to load resource: .* status of (\d{3}).* \((\S*)\)$")
COMPLAINTS = ("error", "warning", "assert")


@dataclass
class Recorder:
    """Fails a test on what no page of ours may do, in all pages of the contexts that it watches.

    That is: a violation of the content security policy or of Trusted Types, an error or a warning
    of the console, an exception, a dialog, or a request to another host than `hosts`. A test that
    provokes a failure names it before: `allow_status` for responses, `allow` for texts.
    """

    hosts: frozenset[str]
    found: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)  # method, path with query
    urls: list[str] = field(default_factory=list)
    _statuses: list[tuple[int, re.Pattern[str]]] = field(default_factory=list)
    _patterns: list[re.Pattern[str]] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Record what happens in a context from now on."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("dialog", self._on_dialog)
        context.on("request", self._on_request)
        context.on("page", self._on_page)

    def allow_status(self, *statuses: int, path: str = ".*") -> None:
        """Responses of these statuses are expected: the console reports each as an error.

        `path` is a regular expression of the paths, with their query, for which they are.
        """
        self._statuses += [(status, re.compile(path)) for status in statuses]

    def allow(self, pattern: str) -> None:
        """Complaints in which this regular expression is found are expected."""
        self._patterns.append(re.compile(pattern))

    def complaints(self) -> list[str]:
        """What was found and not allowed."""
        return [text for text in self.found if not self._is_allowed(text)]

    def count(self, method: str, path: str) -> int:
        """How many requests of a method went to paths that match a regular expression."""
        return sum(m == method and bool(re.fullmatch(path, p)) for m, p in self.requests)

    def _is_allowed(self, text: str) -> bool:
        status = FAILED_STATUS.search(text)
        if status:
            _, _, address = status[2].partition("://")
            path = "/" + address.partition("/")[2]
            if any(int(status[1]) == s and p.fullmatch(path) for s, p in self._statuses):
                return True
        return any(pattern.search(text) for pattern in self._patterns)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in COMPLAINTS:
            where = message.location["url"]
            self.found.append(f"console {message.type}: {message.text} ({where})")

    def _on_error(self, error: WebError) -> None:
        self.found.append(f"exception: {error.error}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.found.append(f"dialog: {dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _on_page(self, page: Page) -> None:
        page.on("crash", lambda _: self.found.append("the page crashed"))

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("http", "https"):
            return
        self.urls.append(request.url)
        self.requests.append((request.method, request.url.split(address.netloc, 1)[1]))
        if address.netloc not in self.hosts:
            self.found.append(f"request to another host: {request.method} {request.url}")
