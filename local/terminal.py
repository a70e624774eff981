"""Runs the local service from a terminal: starts it, prints what to try, stops at Ctrl-C."""

import errno
import json
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.aws.api_gateway import InvocationFailed
from local.aws.moto_state import StateDamaged
from local.seed import InProcessApiClient, SeedError
from local.server import AlreadyRunning, LocalServer

WELCOME_TEMPLATE_ID = "tmpl_a1b2c3d4e5"
WELCOME_MODIFICATIONS: list[dict[str, str]] = [
    {"name": "user_name", "text": "Alex Rivera"},
    {"name": "discount_code", "text": "SAVE25NOW"},
    {"name": "profile_picture", "image_url": "asset:portrait"},
]
_ADDRESS_ERRORS = (errno.EADDRINUSE, errno.EADDRNOTAVAIL)
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(
    port: int = 8080,
    state_dir: Path = Path(".postcard"),
    *,
    host: str = "127.0.0.1",
    as_json: bool = False,
) -> int:
    """Serve on `host` until Ctrl-C or SIGTERM; returns the exit code.

    `as_json`: what is printed at start is one line of JSON with the address and the API key.
    """
    for name in _STOP_SIGNALS:
        signal.signal(name, _interrupt_once)
    if sys.stdout.isatty() and not as_json:
        print("\n  Postcard is starting …", end="\r\x1b[A", flush=True)
    try:
        with LocalServer(port, state_dir, host=host) as server:
            if as_json:
                line = json_line(server.local_json, server.studio_link())
                print(json.dumps(line), flush=True)
            else:
                text = banner(
                    server.local_json,
                    server.studio_link(),
                    _sign_welcome_link(server),
                    color=sys.stdout.isatty(),
                )
                print(text, flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except (AlreadyRunning, StateDamaged, InvocationFailed, SeedError, OSError) as error:
        if isinstance(error, OSError) and not _is_about_the_address(error):
            raise
        return _print_error(_error_message(error, host, port, state_dir), as_json=as_json)
    return 0


def _is_about_the_address(error: OSError) -> bool:
    return isinstance(error, socket.gaierror) or error.errno in _ADDRESS_ERRORS


def _error_message(error: Exception, host: str, port: int, state_dir: Path) -> str:
    if isinstance(error, StateDamaged):
        return str(error)
    if isinstance(error, AlreadyRunning):
        return (
            f"Postcard is already running with the state in {state_dir}. Stop it, or choose"
            " another folder: postcard serve --state FOLDER."
        )
    if isinstance(error, OSError):
        if error.errno != errno.EADDRINUSE:
            return (
                f"This machine cannot listen on {host}. Give --host one of its own addresses, or"
                " 0.0.0.0 for all of them."
            )
        return (
            f"Port {port} is in use. Stop the program that uses it, or choose another port:"
            " make serve PORT=8081."
        )
    return f"{error}\nThe functions' log is {state_dir / 'log.jsonl'}."


def _interrupt_once(*_: object) -> None:
    """Stop at the first signal; further signals must not interrupt the shutdown."""
    for name in _STOP_SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def _sign_welcome_link(server: LocalServer) -> str | None:
    """A signed link to the welcome template; None if that template was deleted or changed."""
    body = {"template_id": WELCOME_TEMPLATE_ID, "modifications": WELCOME_MODIFICATIONS}
    api = InProcessApiClient(server.api.handle, server.keys.api_key)
    try:
        return str(api.call("POST", "/v1/links", body)["url"])
    except SeedError:
        return None


def banner(
    local_json: Mapping[str, Any], studio_link: str, link: str | None, *, color: bool
) -> str:
    """The text to print at start; without a `link`, it leaves out the examples."""
    bold, dim, off = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    url, key = local_json["base_url"], local_json["api_key"]
    hint = "Open it in a browser. Ctrl-C stops it; the next start continues with the same data."
    once = f"This link works once, for 15 minutes. {url} makes another one."
    examples = f"""
  {bold}A picture by signed link{off}   {dim}Open it in a browser, or use it in an <img>.{off}
    {link}

  {bold}A picture by API{off}
    {_curl_example(url, key)}
"""
    return f"""
  {bold}Postcard{off} is running at {bold}{url}{off}
  {dim}{hint}{off}

  {bold}The template editor{off}   {dim}{once}{off}
    {studio_link}
{examples if link else ""}
  {bold}API page{off}    {url}/docs
  {bold}Your key{off}    {key}
"""


def _curl_example(url: str, key: str) -> str:
    lines = ",\n        ".join(json.dumps(each) for each in WELCOME_MODIFICATIONS)
    return f"""curl -s {url}/v1/images \\
      -H 'Authorization: Bearer {key}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"template_id": "{WELCOME_TEMPLATE_ID}", "format": "png", "modifications": [
        {lines}]}}'"""


def json_line(local_json: Mapping[str, Any], studio_link: str) -> dict[str, object]:
    """What `postcard serve --json` prints: the address, the API key and a link to the studio."""
    return {
        "success": True,
        "url": local_json["base_url"],
        "api_key": local_json["api_key"],
        "studio_url": studio_link,
    }


def _print_error(text: str, *, as_json: bool) -> int:
    print(text, file=sys.stderr)
    if as_json:
        print(json.dumps({"success": False, "code": "cannot_do", "detail": text}), flush=True)
    return 1
