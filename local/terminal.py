"""Serving from a terminal: starts, says what to try, ends cleanly."""

import errno
import signal
import sys
import threading
from pathlib import Path

from local.aws.api_gateway import InvocationFailed
from local.seed import InProcessApiClient, SeedError
from local.server import AlreadyRunning, LocalServer
from local.welcome import WELCOME_MODIFICATIONS, WELCOME_TEMPLATE_ID, banner


def main(port: int = 8080, state_dir: Path = Path(".postcard")) -> int:
    """Serve on 127.0.0.1 until Ctrl-C or SIGTERM; the exit code."""
    for name in _STOP_SIGNALS:
        signal.signal(name, _interrupt_once)
    if sys.stdout.isatty():
        print("\n  Postcard is starting …", end="\r\x1b[A", flush=True)
    try:
        with LocalServer(port, state_dir) as server:
            print(_banner(server), flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except AlreadyRunning:
        return _print_error(f"Postcard is already running on the state in {state_dir}.")
    except (InvocationFailed, SeedError) as error:
        return _print_error(f"{error}\nWhat the functions said is in {state_dir / 'log.jsonl'}.")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _print_error(
            f"Port {port} is taken: end what uses it, or choose another by PORT=8081."
        )
    return 0


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _interrupt_once(*_: object) -> None:
    """End once: what is being put away then is not to be disturbed."""
    for name in _STOP_SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def _banner(server: LocalServer) -> str:
    asked = {"template_id": WELCOME_TEMPLATE_ID, "modifications": WELCOME_MODIFICATIONS}
    api = InProcessApiClient(server.api.handle, server.keys.api_key)
    try:
        link = str(api.call("POST", "/v1/links", asked)["url"])
    except SeedError:
        link = None  # the template was deleted or changed since: nothing to say, all else works
    return banner(server.local_json, link, color=sys.stdout.isatty())


def _print_error(text: str) -> int:
    print(text, file=sys.stderr)
    return 1
