"""`make serve` on a new machine: which Python it accepts, and what it installs."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MakeServe = Callable[[str], subprocess.CompletedProcess[str]]
# Stands for an interpreter: a version, and what `-m venv --clear .venv` does.
INTERPRETER = """#!/bin/sh
case "$1" in
  --version) echo "Python {version}" ;;
  -c) exit {is_old} ;;
  -m) echo "$*" >>calls; mkdir -p .venv/bin; exit 1 ;;
esac
"""
OLD, NEW = (
    INTERPRETER.format(version="3.10.12", is_old=1),
    INTERPRETER.format(version="3.12.1", is_old=0),
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(
        ROOT / "requirements",
        tmp_path / "requirements",
        ignore=shutil.ignore_patterns("node_modules"),
    )
    return tmp_path


@pytest.fixture
def make_serve(clone: Path) -> MakeServe:
    """Runs `make serve` with an interpreter of this source."""

    def run(source: str) -> subprocess.CompletedProcess[str]:
        (clone / "python").write_text(source)
        (clone / "python").chmod(0o755)
        command = ["make", "serve", "PYTHON=./python"]
        return subprocess.run(
            command, cwd=clone, capture_output=True, text=True, check=False, timeout=300
        )

    return run


def test_an_old_python_is_refused_and_leaves_nothing(clone: Path, make_serve: MakeServe) -> None:
    done = make_serve(OLD)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer; ./python is Python 3.10.12" in done.stderr
    assert "make serve PYTHON=python3.1" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_missing_python_is_reported(clone: Path, make_serve: MakeServe) -> None:
    done = make_serve("#!/nowhere/sh\n")
    assert done.returncode != 0 and "needs Python 3.11 or newer" in done.stderr
    assert not (clone / ".venv").exists()


def test_an_environment_that_cannot_be_completed_is_removed(
    clone: Path, make_serve: MakeServe
) -> None:
    done = make_serve(NEW)
    assert done.returncode != 0 and "python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


def test_the_environment_of_an_old_python_is_replaced(clone: Path, make_serve: MakeServe) -> None:
    old = clone / ".venv/bin/python"
    old.parent.mkdir(parents=True)
    old.write_text(OLD)
    old.chmod(0o755)
    make_serve(NEW)
    assert (clone / "calls").read_text() == "-m venv --clear .venv\n"


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_what_serves_is_a_part_of_what_tests() -> None:
    """So `make test` after `make serve` adds packages, and replaces none."""
    assert pins("serve.txt").items() <= pins("dev.txt").items()


def test_serving_installs_no_development_tools() -> None:
    tools = {"cfn-lint", "hypothesis", "mypy", "pytest", "ruff", "schemathesis", "sympy"}
    assert not tools & pins("serve.txt").keys()
    assert tools <= pins("dev.txt").keys()
