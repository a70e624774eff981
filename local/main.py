"""Serving from a terminal: starts, says what to try, ends cleanly."""

import errno
import signal
import sys
import threading
from pathlib import Path

from local.seed import ApiClient, SeedError
from local.server import AlreadyRunning, LocalServer
from local.welcome import MODIFICATIONS, WELCOME, banner


def main(port: int = 8080, state_dir: Path = Path(".postcard")) -> int:
    """Serve on 127.0.0.1 until Ctrl-C or SIGTERM; the exit code."""
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        with LocalServer(port, state_dir) as server:
            print(_banner(server), flush=True)
            ended.wait()
            _say("\n  Ending …")
    except AlreadyRunning:
        return _fail(f"Postcard is already running on the state in {state_dir}.")
    except SeedError as error:
        return _fail(f"The first start did not come to its end: {error}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _fail(f"Port {port} is taken: end what uses it, or choose another by PORT=8081.")
    return 0


def _banner(server: LocalServer) -> str:
    asked = {"template_id": WELCOME, "modifications": MODIFICATIONS}
    link = ApiClient(server.api.answer, server.keys.api_key).call("POST", "/v1/links", asked)
    return banner(server.local, link["url"], color=sys.stdout.isatty())


def _say(text: str) -> None:
    if sys.stdout.isatty():
        print(text, flush=True)


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1
