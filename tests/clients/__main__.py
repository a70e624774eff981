"""Generates a Python client and TypeScript types from /openapi.json, and calls a service with them.

`make clients` runs it: `python -m tests.clients PYTHON NODE_FOLDER BUILD_FOLDER`. PYTHON is that of
the environment with openapi-python-client, NODE_FOLDER has openapi-typescript installed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
GENERATOR_CONFIG = "post_hooks: []\n"  # it would format the client


def main(python: Path, node_folder: Path, build: Path) -> None:
    """Start a service, generate both clients and make the calls."""
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    with local_service() as (url, key):
        with urllib.request.urlopen(f"{url}/openapi.json") as response:
            (build / "openapi.json").write_bytes(response.read())
        generate_python(python, build)
        run([python, HERE / "python_calls.py", url, key], PYTHONPATH=str(build / "client"))
        generate_typescript(node_folder, build)
        run(["node", build / "typescript_calls.js", url, key])


@contextmanager
def local_service() -> Iterator[tuple[str, str]]:
    """The address and API key of a new service on a free port."""
    command: list[str | Path]
    command = [Path(sys.executable).with_name("postcard"), "serve", "--port", "0", "--json"]
    with (
        tempfile.TemporaryDirectory() as state,
        subprocess.Popen([*command, "--state", state], stdout=subprocess.PIPE) as server,
    ):
        assert server.stdout is not None
        started = json.loads(server.stdout.readline())
        try:
            yield started["url"], started["api_key"]
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


def generate_python(python: Path, build: Path) -> None:
    """Generate the client; a part of the description that the generator leaves out is a failure."""
    (build / "config.yaml").write_text(GENERATOR_CONFIG)
    command: list[str | Path]
    command = [python.with_name("openapi-python-client"), "generate", "--fail-on-warning"]
    names = {"--path": "openapi.json", "--config": "config.yaml", "--output-path": "client"}
    options = [part for name, value in names.items() for part in (name, build / value)]
    run([*command, *options])


def generate_typescript(node_folder: Path, build: Path) -> None:
    """Generate the types, and check and compile the calls that use them."""
    modules = node_folder / "node_modules"
    (build / "node_modules").symlink_to(modules.resolve())
    (build / "package.json").write_text('{"type": "module"}\n')
    shutil.copy(HERE / "typescript_calls.ts", build)
    run([modules / ".bin/openapi-typescript", build / "openapi.json", "-o", build / "api.d.ts"])
    strict = ["--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck"]
    run([modules / ".bin/tsc", *strict, build / "typescript_calls.ts"])


def run(command: list[str | Path], **variables: str) -> None:
    """Run a command; a failure ends this program with its exit code."""
    completed = subprocess.run(command, env={**os.environ, **variables})
    if completed.returncode:
        sys.exit(completed.returncode)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
