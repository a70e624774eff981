"""The edge function in every engine there is: Node, njs, and the one of `make serve`.

The clock is the vectors' NOW in all of them. A case is what a viewer sends and the KeyValueStore's
entry; what comes back is what the function returned.
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

from local.aws.edge_function import EdgeFunction
from tests.links.link_cases import KEYS, NOW, ROOT, Outcome

FUNCTION = ROOT / "functions/edge/viewer_request.js"
SOURCE = FUNCTION.read_text()
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
    """A viewer's request. `query` None: there was no `?`; `entry` None: the store is out."""

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
    """A function's answer in Python's terms."""
    if "statusCode" in result:
        return Outcome(result["statusCode"])
    link = result["headers"].get("x-postcard-link", {"value": ""})
    return Outcome(200, result["uri"], link["value"])


class EmbeddedEngine:
    """What the local server runs."""

    def __init__(self) -> None:
        self.entry: str | None = None
        self.function = EdgeFunction(CLOCK + SOURCE, lambda name: self.entry)

    def run(self, cases: Sequence[ViewerRequest]) -> list[FunctionResult]:
        answers = []
        for case in cases:
            self.entry = case.entry
            answers.append(self.function.handle(case.event, query=case.query))
        return answers


# Both drivers stand in for CloudFront: `import` becomes a constant, the store is one variable.
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
  (answer) => console.log(JSON.stringify(answer))), Promise.resolve());
"""


def write_script(folder: Path, driver: str) -> Path:
    body = re.sub(r"^import .*$", "", SOURCE, flags=re.MULTILINE)
    path = folder / "edge.js"
    path.write_text(JS_PRELUDE + CLOCK + body + JS_RUN + driver)
    return path


class NodeEngine:
    """One process for all cases, a line of JSON each way."""

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
        answers = []
        for case in cases:
            self.process.stdin.write(json.dumps(asdict(case)) + "\n")
            self.process.stdin.flush()
            answers.append(json.loads(self.process.stdout.readline()))
        return answers

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


class NjsEngine:
    """A process for each lot of cases: njs, the engine nearest to CloudFront's, or Node."""

    def __init__(self, folder: Path, name: str = "njs") -> None:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not installed")
        self.command = [program, str(write_script(folder, NJS_DRIVER))]

    def run(self, cases: Sequence[ViewerRequest]) -> list[FunctionResult]:
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump([asdict(case) for case in cases], file)
            file.flush()
            done = subprocess.run(
                [*self.command, file.name],
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=True,
            )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(cases), done.stdout[-500:] + done.stderr[-500:]
        return answers
