"""The code base's rules about its own structure and names.

The order of imports is checked by import-linter; its contracts are in pyproject.toml.
"""

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from deploy.inline_edge_function import deployed_code

ROOT = Path(__file__).parents[1]
CORE = ROOT / "layers" / "core" / "postcard"
SOURCES = ("layers", "functions", "local", "deploy")
MAX_EDGE_FUNCTION_BYTES = 10_240  # CloudFront's limit

# Which packages import which library. A path ends in "/" where everything below it may.
LIBRARY_USERS = {
    "PIL": (
        "layers/core/postcard/canvas/",
        "layers/core/postcard/text/",
        "layers/core/postcard/color.py",  # its table of CSS colour names
    ),
    "boto3": ("layers/core/postcard/adapters/aws/", "layers/core/postcard/wiring.py", "deploy/"),
    "botocore": ("layers/core/postcard/adapters/aws/", "layers/core/postcard/wiring.py", "deploy/"),
    "aws_lambda_powertools": ("functions/",),
    "duckdb": ("local/aws/athena_service.py",),  # in no layer
    "pydantic": (
        "functions/api/",
        "layers/core/postcard/template/validation/parse.py",
        "layers/core/postcard/template/validation/pydantic_errors.py",
    ),
}
NOT_IN_THE_IMAGE_FUNCTION = (
    "aws_lambda_powertools",
    "asyncio",
    "boto3",
    "botocore",
    "numpy",
    "pydantic",
)

# Words that say nothing, and words of this project's first year that only its authors understood.
EMPTY_WORDS = ["utils", "helpers", "common", "manager", "misc", "data", "info", "process"]
RETIRED_WORDS = [
    "told",
    "said",
    "kept",
    "noted",
    "wanted",
    "stands",
    "ground",
    "grounds",
    "marks",
    "room",
    "rooms",
    "shelf",
    "strangers",
    "stranger",
    "doors",
    "speech",
    "turns",
    "ladder",
    "laid",
    "worth",
    "inmate",
    "foundry",
    "reel",
    "cell",
    "card",
    "unlettered",
    "edition",
    "visit",
    "front",
    "journal",
    "looks",
    "dress",
    "dressed",
    "sealed",
]
# Terms of which such a word is only a part.
TERMS = ("CloudFront", "SecretsManager", "InProcess", "path_data")

MAX_MODULES = 15
LARGE_FOLDERS = {
    "functions/api/routes",  # a file per resource of the API
    "layers/core/postcard/cli",  # a file per command, and what commands share
    "layers/core/postcard/adapters/aws",  # a file per AWS service or stored kind
    "local/aws",  # a file per imitated service and part of one
    "layers/core/postcard/links/platforms",  # a file per mail platform
    "layers/core/postcard/canvas/codecs",  # a file per image format and per step of decoding
}

# Two modules may share a name only where their packages make the difference plain.
SAME_NAME = {
    "budgets": "budgets in DynamoDB and in memory",
    "access_log": "each function writes its own access log",
    "api_keys": "the service, its store in DynamoDB, its command",
    "app": "the entry point of each function",
    "assets": "the stores, the routes",
    "batches": "the stores, the routes",
    "checks": "of a template, of its Liquid",
    "designs": "the gallery, the routes",
    "drafts": "the service, its stores, its routes",
    "context": "what a layer draws with, what Liquid runs with",
    "counters": "the stores: DynamoDB and in memory",
    "files": "the stores: S3 and in memory",
    "idempotency": "the rules, the store in DynamoDB, the API's use of them",
    "images": "the service, its store, its routes; the renderer's source images",
    "links": "the service, its routes",
    "objects": "the stores: S3 and in memory",
    "parse": "a link, a document, Liquid",
    "previews": "the service, its routes",
    "rate_limiter": "the stores: DynamoDB and in memory",
    "request_context": "one call of the image function, one of the API",
    "sessions": "the service, its routes",
    "status": "the stores, the routes of the status page",
    "signing": "of links, of events",
    "studio": "the page's routes, the command that invites people",
    "templates": "the service, its stores, its routes, its command",
    "webhooks": "the stores: DynamoDB and in memory; the routes, the command",
    "usage": "the stores, the routes, the command",
    "verify": "a link's signature, the command",
}


def python_files(*folders: str) -> list[Path]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in files if "__pycache__" not in path.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache  # each library's test asks for all files
def imported_libraries(path: Path) -> set[str]:
    """Top-level packages that a file imports, anywhere in it, except for types only."""
    tree = parsed(path)
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


def words_of(name: str) -> set[str]:
    for term in TERMS:
        name = name.replace(term, "")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return set(spaced.lower().split("_"))


def names_in_use() -> Iterator[tuple[str, str]]:
    """Every module, class and function of the sources, with its file."""
    for path in python_files(*SOURCES):
        yield relative(path), path.stem
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield relative(path), node.name


@pytest.mark.parametrize("retired", [EMPTY_WORDS, RETIRED_WORDS], ids=["empty", "retired"])
def test_no_module_class_or_function_has_an_empty_or_retired_word_in_its_name(
    retired: list[str],
) -> None:
    assert [pair for pair in names_in_use() if words_of(pair[1]) & set(retired)] == []


def test_modules_of_one_name_are_in_packages_that_make_the_difference_plain() -> None:
    by_name = defaultdict(list)
    for path in python_files("layers/core/postcard", "functions", "local", "deploy"):
        if not path.stem.startswith("__"):
            by_name[path.stem].append(relative(path))
    shared = {name: paths for name, paths in by_name.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in SAME_NAME} == {}


def test_a_folder_has_at_most_fifteen_modules() -> None:
    counts = Counter(
        relative(path.parent)
        for path in python_files(*SOURCES)
        if path.name not in ("__init__.py", "__main__.py")
    )
    assert {
        folder: count
        for folder, count in counts.items()
        if count > MAX_MODULES and folder not in LARGE_FOLDERS
    } == {}


def test_every_package_of_the_core_says_in_a_sentence_what_it_is() -> None:
    silent = [
        relative(path)
        for path in CORE.rglob("__init__.py")
        if not (ast.get_docstring(parsed(path)) or "").strip()
    ]
    assert silent == []


@pytest.mark.parametrize("library", LIBRARY_USERS)
def test_a_library_is_imported_by_its_own_packages_only(library: str) -> None:
    users = LIBRARY_USERS[library]
    others = [
        relative(path)
        for path in python_files("layers", "functions", "deploy")
        if library in imported_libraries(path) and not relative(path).startswith(users)
    ]
    assert others == []


def test_only_decoding_fallbacks_the_worker_and_the_cli_catch_every_exception() -> None:
    broad = {
        relative(path)
        for path in python_files("layers", "functions")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and ast.unparse(node.body[-1]) != "raise"  # cleans up and raises again
    }
    assert broad == {
        "functions/batch/app.py",  # raises one of the same name, without its text
        "functions/worker/app.py",  # the message comes back, the others of its batch do not
        "functions/webhook/app.py",  # the same
        # one row of a batch fails, the others do not
        "layers/core/postcard/campaigns/batches/row_picture.py",
        "layers/core/postcard/canvas/codecs/color/color_profile.py",  # Pillow raises any exception
        "layers/core/postcard/canvas/codecs/decoded_image.py",  # for a broken file
        "layers/core/postcard/cli/main.py",  # prints one line, and exits with 2
        "layers/core/postcard/delivery/fallbacks.py",
        "layers/core/postcard/delivery/picture_service.py",
        # one hint of a batch comes back, the others do not
        "layers/core/postcard/webhooks/delivery_worker.py",
    }


def test_the_image_function_starts_without_libraries_that_no_picture_needs() -> None:
    program = (
        "import sys, image.app;"
        f"print([n for n in {NOT_IN_THE_IMAGE_FUNCTION!r} if n in sys.modules])"
    )
    paths = [str(ROOT / "layers" / "core"), str(ROOT / "functions")]
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(paths)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (result.stdout.strip(), result.stderr) == ("[]", "")


def test_the_edge_function_is_within_cloudfronts_limit() -> None:
    source = (ROOT / "functions" / "edge" / "viewer_request.js").read_text(encoding="utf-8")
    assert len(deployed_code(source).encode()) <= MAX_EDGE_FUNCTION_BYTES


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    ).stdout.split("\0")
    texts = [
        ROOT / name
        for name in tracked
        if name.endswith((".py", ".toml", ".yaml", ".yml", ".md", ".txt", ".json", ".js"))
    ]
    machine = re.compile(r"(?<![\w.])/(?:root|home/\w+|work)/(?!\*)|--(?:extra-)?index-url")
    offending = [
        relative(path)
        for path in texts
        if path.is_file() and machine.search(path.read_text(encoding="utf-8"))
    ]
    assert [name for name in offending if name != relative(Path(__file__))] == []
