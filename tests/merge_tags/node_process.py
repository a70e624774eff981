"""A Node program that answers each line of JSON on standard input with one on standard output."""

import json
import subprocess
from pathlib import Path
from typing import Any


class NodeProcess:
    """Runs the program until it is closed."""

    def __init__(self, program: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(program), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, question: object) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=300)
        self._process.stdout.close()
