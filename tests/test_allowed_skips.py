"""No test of `make test` is skipped for want of data; none reads data outside the repository."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUTSIDE = re.compile(r"\.\./shared|\bshared/|[\"']shared[\"']")
NEEDS_THE_OTHER_ENGINES = "bench/engines.py"  # not part of `make test`

TESTS = """
from pathlib import Path
import pytest

CORPUS = Path(__file__).parent / "corpus"

@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is missing")
def test_with_a_mark(): ...

@pytest.fixture
def corpus():
    pytest.skip("the corpus is missing")

def test_with_a_fixture(corpus): ...

@pytest.mark.skip
def test_without_a_reason(): ...

@pytest.mark.parametrize("path", sorted(CORPUS.rglob("*")))
def test_of_no_files(path): ...

@pytest.mark.skipif(True, reason="node is not installed")
def test_of_a_program(): ...

@pytest.mark.xfail
def test_of_a_known_fault():
    assert False

def test_that_passes(): ...
"""
MODULE = "import pytest\npytest.skip('the corpus is missing', allow_module_level=True)\n"


def run_pytest(folder: Path, source: str) -> str:
    """The output of pytest on a test module, with the project's rule about skips."""
    path = folder / "test_sample.py"
    path.write_text(source)
    options = ["-p", "tests.allowed_skips", "-c", os.devnull, f"--rootdir={folder}", "-rA"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", str(path)],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def test_a_test_that_is_skipped_for_want_of_data_fails(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, TESTS)
    results = set(re.findall(r"^(\w+) \S*test_sample.py(?:::|:\d+: )(\w+)", output, re.M))
    assert results == {
        ("ERROR", "test_with_a_mark"),
        ("ERROR", "test_with_a_fixture"),
        ("ERROR", "test_without_a_reason"),
        ("ERROR", "test_of_no_files"),
        ("XFAIL", "test_of_a_known_fault"),
        ("PASSED", "test_that_passes"),
    }
    assert "1 skipped" in output
    assert "node is not installed" in output


def test_a_module_that_is_skipped_for_want_of_data_fails(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, MODULE)
    assert "forbids: the corpus is missing" in output
    assert "1 error" in output


def test_no_file_refers_to_data_beside_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "Makefile", ".ci"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout.split("\0")
    names = {name for name in listed if name and (ROOT / name).is_file()}
    found = {name for name in names if OUTSIDE.search((ROOT / name).read_text(encoding="utf-8"))}
    assert found - {Path(__file__).relative_to(ROOT).as_posix()} == {NEEDS_THE_OTHER_ENGINES}
