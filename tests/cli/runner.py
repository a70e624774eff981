"""Runs the real command in this process."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner

from postcard.cli import postcard


@dataclass(frozen=True)
class CommandOutput:
    """What a command said."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json_output(self) -> Any:
        return json.loads(self.stdout)


def run_postcard(*words: object, stdin: str | None = None) -> CommandOutput:
    """`postcard WORDS …`; a fault that is no sentence fails the test."""
    ended = CliRunner().invoke(postcard, [str(word) for word in words], input=stdin)
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return CommandOutput(ended.exit_code, ended.stdout, ended.stderr)


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Whoever runs the tests may have settings of their own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("POSTCARD_", "AWS_"))}
    with mock.patch.dict(os.environ, kept, clear=True):
        yield


def template_folder(folder: Path, **documents: object) -> Path:
    """`templates/` with these documents in it."""
    (folder / "assets").mkdir(parents=True)
    for name, document in documents.items():
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder
