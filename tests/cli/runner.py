"""Runs the `postcard` command in this process."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner

from postcard.cli.main import postcard


@dataclass(frozen=True)
class CommandOutput:
    """The exit code and output of a command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json_output(self) -> Any:
        return json.loads(self.stdout)


def run_postcard(*arguments: object, stdin: str | None = None) -> CommandOutput:
    """Run `postcard ARGUMENTS …`; an exception without its own message fails the test."""
    result = CliRunner().invoke(postcard, [str(argument) for argument in arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return CommandOutput(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Remove the settings of the person who runs the tests."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("POSTCARD_", "AWS_"))}
    with mock.patch.dict(os.environ, clean, clear=True):
        yield


def template_folder(folder: Path, **documents: object) -> Path:
    """A folder with these documents and an empty `assets` folder."""
    (folder / "assets").mkdir(parents=True)
    for name, document in documents.items():
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder
