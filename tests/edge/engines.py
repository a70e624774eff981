"""Runs the edge function in Node, in njs and in the engine of `make serve`.

The clock is the vectors' NOW. A case is a viewer's request with the KeyValueStore's entry; the
result is what the function returned.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.inline_edge_function import deployed_code
from local.aws.edge_function import EdgeFunction
from tests.links.link_cases import KEYS, NOW, ROOT, Outcome

FUNCTION = ROOT / "functions/edge/viewer_request.js"
SOURCE = FUNCTION.read_text()
CODE = deployed_code(SOURCE)
CLOCK = f"Date.now = () => {int(NOW * 1000)};\n"
ENTRY = json.dumps(
    {
        "epoch": KEYS.epoch,
        "signing": dict(KEYS.signing_keys),
        "address": KEYS.cache_path_key,
        "images": KEYS.image_id_checksum_key,
    }
)
FunctionResult = dict[str, Any]


@dataclass(frozen=True)
class ViewerRequest:
    """A viewer's request. `query` None: without `?`; `entry` None: the store cannot be reached."""

    uri: str
    query: str | None = None
    method: str = "GET"
    headers: dict[str, Any] = field(default_factory=dict)
    entry: str | None = ENTRY

    @staticmethod
    def from_link(link: str, **more: Any) -> "ViewerRequest":
        uri, mark, query = link.partition("?")
        return ViewerRequest(uri, query if mark else None, **more)

    @property
    def event(self) -> dict[str, Any]:
        request = {"method": self.method, "uri": self.uri, "headers": self.headers}
        return {"version": "1.0", "request": {**request, "querystring": {}, "cookies": {}}}


class Engine(Protocol):
    def run(self, cases: Sequence[ViewerRequest]) -> list[FunctionResult]: ...


def outcome_of(result: FunctionResult) -> Outcome:
    """The outcome of a function's result."""
    if "statusCode" in result:
        return Outcome(result["statusCode"])
    link = result["headers"].get("x-postcard-link", {"value": ""})
    return Outcome(200, result["uri"], link["value"])


class EmbeddedEngine:
    """The engine of the local server."""

    def __init__(self) -> None:
        self.entry: str | None = None
        self.function = EdgeFunction(CLOCK + CODE, lambda name: self.entry, seconds=60)

    def run(self, cases: Sequence[ViewerRequest]) -> list[FunctionResult]:
        results = []
        for case in cases:
            self.entry = case.entry
            results.append(self.function.handle(case.event, query=case.query))
        return results


# Both drivers replace CloudFront: `import` becomes a constant, the store is one variable.
JS_PRELUDE = """
'use strict';
let entry = null;
const cf = { kvs: () => ({ get: (name) => name === 'postcard' && entry !== null
  ? Promise.resolve(entry) : Promise.reject(new Error('KeyNotFound')) }) };
const crypto = require('crypto');
"""
JS_RUN = """
function run(c) {
  entry = c.entry;
  const event = { version: '1.0', request: { method: c.method, uri: c.uri, headers: c.headers,
    querystring: {}, cookies: {}, rawQueryString: () => c.query === null ? undefined : c.query } };
  return handler(event);
}
"""
NODE_DRIVER = """
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  run(JSON.parse(line)).then((answer) => process.stdout.write(JSON.stringify(answer) + '\\n'));
});
"""
NJS_DRIVER = """
const fs = require('fs');
const cases = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
cases.reduce((before, c) => before.then(() => run(c)).then(
  (answer) => fs.appendFileSync(process.argv[3], JSON.stringify(answer) + '\\n')),
  Promise.resolve());
"""


def write_script(folder: Path, driver: str) -> Path:
    body = re.sub(r"^import .*$", "", CODE, flags=re.MULTILINE)
    path = folder / "edge.js"
    path.write_text(JS_PRELUDE + CLOCK + body + JS_RUN + driver)
    return path


class NodeEngine:
    """One process for all cases; requests and results are lines of JSON."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("node")
        if program is None:
            pytest.skip("node is not installed")
        self.process = subprocess.Popen(
            [program, str(write_script(folder, NODE_DRIVER))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, cases: Sequence[ViewerRequest]) -> list[FunctionResult]:
        assert self.process.stdin and self.process.stdout
        results = []
        for case in cases:
            self.process.stdin.write(json.dumps(asdict(case)) + "\n")
            self.process.stdin.flush()
            results.append(json.loads(self.process.stdout.readline()))
        return results

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=300)
        self.process.stdout.close()


class NjsEngine:
    """One process for each batch of cases: njs, the engine nearest to CloudFront's, or Node."""

    def __init__(self, folder: Path, name: str = "njs") -> None:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not installed")
        self.command = [program, str(write_script(folder, NJS_DRIVER))]

    def run(self, cases: Sequence[ViewerRequest]) -> list[FunctionResult]:
        # njs cuts lines of console.log at 4,096 bytes.
        with tempfile.TemporaryDirectory() as folder:
            given, returned = Path(folder) / "cases.json", Path(folder) / "results.json"
            given.write_text(json.dumps([asdict(case) for case in cases]))
            returned.touch()
            done = subprocess.run(
                [*self.command, str(given), str(returned)],
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=True,
            )
            lines = returned.read_text(encoding="utf-8").split("\n")[:-1]
        results = [json.loads(line) for line in lines]
        assert len(results) == len(cases), done.stdout[-500:] + done.stderr[-500:]
        return results
