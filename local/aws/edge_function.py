"""Runs the production CloudFront Function in an embedded V8, with an imitation of its runtime."""

import json
import re
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from py_mini_racer import JSEvalException, JSTimeoutException, MiniRacer

RUNTIME = Path(__file__).with_name("cloudfront_runtime.js")
IMPORT = re.compile(r"^import (\w+) from '(\w+)';$", re.MULTILINE)


class EdgeFunctionError(Exception):
    """The function threw, hung or returned nothing; CloudFront responds with 503."""


class EdgeFunction:
    """Runs the unchanged source of a CloudFront Function; safe to call from several threads.

    `entries` is its KeyValueStore: takes a key, returns its value or None; an `OSError` means that
    the store cannot be read. `seconds` limits one request (CloudFront allows about 0.001).
    """

    def __init__(
        self, source: str, entries: Callable[[str], str | None], *, seconds: float = 2.0
    ) -> None:
        self._source = f"{RUNTIME.read_text()}\n{IMPORT.sub(_module_constant, source)}\nundefined;"
        self._entries = entries
        self._seconds = seconds
        self._lock = threading.Lock()
        self._engine = self._start_engine()

    def handle(self, event: dict[str, Any], *, query: str | None = None) -> dict[str, Any]:
        """Call the function with a viewer-request event; returns a request or a response.

        `query` is the raw query, the result of `rawQueryString()`. Raises `EdgeFunctionError`.
        """
        with self._lock:
            try:
                return self._run(f"begin({json.dumps(event)}, {json.dumps(query)})")
            except JSTimeoutException as error:
                # The script may still be running, so this engine cannot be used again.
                self._close()
                self._engine = self._start_engine()
                raise EdgeFunctionError("the edge function took too long") from error
            except JSEvalException as error:
                raise EdgeFunctionError(str(error)) from error

    def close(self) -> None:
        """Stop the engine. Without it the engine stops when Python does."""
        self._close()

    def _run(self, call: str) -> dict[str, Any]:
        state = json.loads(self._evaluate(call))
        # Promises settle between two evaluations. The function reads one key: 8 are enough.
        for _ in range(8):
            if "error" in state:
                raise EdgeFunctionError(state["error"])
            if isinstance(state.get("result"), dict):
                return dict(state["result"])
            if "result" in state:
                raise EdgeFunctionError(
                    "the edge function returned neither a request nor a response"
                )
            if "requestedKey" in state:
                value = json.dumps(self._read_entry(state["requestedKey"]))
                self._evaluate(f"settleKey({value})")
            state = json.loads(self._evaluate("state()"))
        raise EdgeFunctionError("the edge function did not return")

    def _read_entry(self, name: str) -> str | None:
        try:
            return self._entries(name)
        except OSError:
            return None

    def _evaluate(self, code: str) -> Any:
        return self._engine.eval(code, timeout_sec=self._seconds)

    def _start_engine(self) -> MiniRacer:
        engine = MiniRacer()
        self._close = weakref.finalize(self, engine.close)
        engine.eval(self._source)
        return engine


def _module_constant(match: re.Match[str]) -> str:
    return f"const {match[1]} = modules.{match[2]};"
