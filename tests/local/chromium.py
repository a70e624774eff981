"""Drives Chromium by the DevTools protocol over a pipe, which needs no WebSocket library."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    # A page that is not in front has slower timers, and after some minutes nearly none.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-hang-monitor",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
Json = dict[str, Any]
# On a busy machine a Chromium now and then stops to answer: then a new one tries again, once.
RETRIED = pytest.mark.flaky(reruns=1, only_rerun=["PageTimeout"])


class PageTimeout(AssertionError):
    """The page did not come to what was waited for; says what it was doing."""


class Page:
    """A tab, with what it logged and asked for."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._buffer = b""
        self._last_id = 0
        self._session: Json = {}
        self.events: list[Json] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Json:
        """Call a method of the protocol and return its result."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters, **self._session}
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            received = self._read()
            if received.get("id") == self._last_id:
                assert "error" not in received, received["error"]
                result: Json = received["result"]
                return result
            self.events.append(received)

    def _read(self) -> Json:
        while b"\0" not in self._buffer:
            part = os.read(self._reader, 1 << 20)
            assert part, "Chromium has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        received: Json = json.loads(message)
        return received

    def set_size(self, width: int, height: int) -> None:
        """The size of the screen; up to 500 px wide it is a phone's."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width <= 500,
        )

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def click(self, selector: str) -> None:
        """Click the first element of a CSS selector when it is there."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(f"!!{element}")
        self.evaluate(f"{element}.click()")

    def type(self, selector: str, text: str) -> None:
        """Type into an input field."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.send("Input.insertText", text=text)

    def evaluate(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression; promises are awaited."""
        response = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in response, response
        return response["result"].get("value")

    def wait_for(self, expression: str, *, seconds: float = 150) -> Any:
        """The expression's value, as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            if time.monotonic() > end:
                raise PageTimeout(f"not in time: {expression}\n{self._state()}")
            time.sleep(0.05)
        return value

    def _state(self) -> str:
        """What the page waits for, for a failed test's message."""
        state = self.evaluate("[location.href, document.readyState, document.visibilityState]")
        states = {}
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Network.requestWillBeSent":
                states[parameters["requestId"]] = parameters["request"]["url"]
            elif event.get("method") in ("Network.loadingFinished", "Network.loadingFailed"):
                states.pop(parameters["requestId"], None)
        return f"page: {state}, requests without a response: {[*states.values()]}, " + (
            f"complaints: {self.complaints()}"
        )

    def requested_urls(self) -> list[str]:
        """The addresses of all requests so far."""
        self.evaluate("0")  # reads the events that are waiting
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, and violations of security policies."""
        self.evaluate("0")
        return [json.dumps(event["params"]) for event in self.events if _is_complaint(event)]


def _is_complaint(event: Json) -> bool:
    parameters = event.get("params", {})
    match event.get("method"):
        case "Log.entryAdded":
            return str(parameters["entry"]["level"]) in ("warning", "error")
        case "Runtime.consoleAPICalled":
            return str(parameters["type"]) in ("warning", "error", "assert")
        case "Runtime.exceptionThrown":
            return True
        case "Audits.issueAdded":
            return str(parameters["issue"]["code"]) == "ContentSecurityPolicyIssue"
    return False


@contextmanager
def opened_page() -> Iterator[Page]:
    """A tab of a Chromium of its own."""
    assert CHROMIUM is not None
    their_input, writer = os.pipe()
    reader, their_output = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Chromium reads from descriptor 3 and writes to 4.
        command = 'exec "$0" "$@" 3<&"$FROM" 4>&"$TO"'
        process = subprocess.Popen(
            ["bash", "-c", command, CHROMIUM, *FLAGS, f"--user-data-dir={profile}"],
            env={**os.environ, "FROM": str(their_input), "TO": str(their_output)},
            pass_fds=(their_input, their_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_input)
        os.close(their_output)
        try:
            yield Page(reader, writer)
        finally:
            process.kill()
            process.wait()
            os.close(reader)
            os.close(writer)
