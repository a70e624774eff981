"""What the code promises about its own shape."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("layers", "functions", "local", "deploy", "tests")
MOST_EDGE_BYTES = 10_240
EMPTY_WORDS = {"utils", "helpers", "common", "manager", "misc", "data", "info", "process"}
NAMES_OF_OTHERS = {"SecretsManager"}  # AWS calls it so

# Which rooms know which library. A path ends in "/" where everything below it may.
ROOMS = {
    "PIL": (
        "layers/core/postcard/canvas/",
        "layers/core/postcard/text/",
        "layers/core/postcard/color.py",  # its table of CSS names
    ),
    "boto3": ("layers/core/postcard/adapters/aws/", "layers/core/postcard/wiring.py", "deploy/"),
    "botocore": ("layers/core/postcard/adapters/aws/", "layers/core/postcard/wiring.py", "deploy/"),
    "aws_lambda_powertools": ("functions/",),
    "pydantic": (
        "functions/api/",  # the doors of the API …
        "layers/core/postcard/template/validation/parse.py",  # … and of documents
        "layers/core/postcard/template/validation/pydantic_errors.py",
    ),
}
NOT_FOR_A_RENDER = ("aws_lambda_powertools", "asyncio", "boto3", "botocore", "numpy", "pydantic")


def python_files(*folders: str) -> list[Path]:
    tracked = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in tracked if "__pycache__" not in path.parts)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The outermost packages that a file imports, wherever in it, but for types."""
    skipped = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and "TYPE_CHECKING" in ast.dump(guard.test)
        for node in ast.walk(guard)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return set(spaced.lower().split("_"))


def test_nothing_is_called_by_a_word_that_says_nothing() -> None:
    names = [
        (named(path), name)
        for path in python_files("layers", "functions", "local", "deploy")
        for name in (
            path.stem,
            *(
                node.name
                for node in ast.walk(tree_of(path))
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            ),
        )
    ]
    assert [
        pair for pair in names if words(pair[1]) & EMPTY_WORDS and pair[1] not in NAMES_OF_OTHERS
    ] == []


@pytest.mark.parametrize("library", ROOMS)
def test_each_library_is_known_in_its_own_rooms_alone(library: str) -> None:
    rooms = ROOMS[library]
    strangers = [
        named(path)
        for path in python_files("layers", "functions", "deploy")
        if library in imported(tree_of(path)) and not named(path).startswith(rooms)
    ]
    assert strangers == []


def test_only_the_ladder_of_fallbacks_catches_everything() -> None:
    broad = [
        named(path)
        for path in python_files("layers", "functions")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and ast.unparse(node.body[-1]) != "raise"  # tidies up and lets it pass
    ]
    assert set(broad) == {"layers/core/postcard/delivery/fallback_chain.py"}


def test_the_image_function_starts_without_what_no_render_needs() -> None:
    question = (
        f"import sys, image.app; print([n for n in {NOT_FOR_A_RENDER!r} if n in sys.modules])"
    )
    paths = [str(ROOT / "layers" / "core"), str(ROOT / "functions")]
    answer = subprocess.run(
        [sys.executable, "-c", question],
        env={"PYTHONPATH": ":".join(paths)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


def test_the_edge_function_is_within_cloudfronts_bound() -> None:
    source = ROOT / "functions" / "edge" / "viewer_request.js"
    assert len(source.read_bytes()) < MOST_EDGE_BYTES


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout.split("\0")
    texts = [
        ROOT / name for name in tracked if name.endswith((".py", ".toml", ".yaml", ".md", ".txt"))
    ]
    machine = re.compile(r"(?<![\w.])/(?:root|home/\w+|work)/(?!\*)|--(?:extra-)?index-url")
    guilty = [named(path) for path in texts if path.is_file() and machine.search(path.read_text())]
    assert [name for name in guilty if name != named(Path(__file__))] == []
