"""The programs in docs/links-and-email.md that sign a link print the link of link-vectors.json."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "links-and-email.md").read_text(encoding="utf-8")
VECTORS = json.loads((DOCS / "contract/link-vectors.json").read_text(encoding="utf-8"))
CASE = next(case for case in VECTORS["valid"] if "Bob" in case["params"].get("first_name", ""))
KEY = VECTORS["signing_keys_hex"][CASE["params"]["_kid"]]
LINK = "https://pictures.example.com" + CASE["link"]
PROGRAMS = {  # language: file name and command
    "python": ("sign.py", [sys.executable, "-W", "error"]),
    "javascript": ("sign.mjs", ["node"]),
    "php": ("sign.php", ["php"]),
    "ruby": ("sign.rb", ["ruby"]),
    "go": ("sign.go", ["go", "run"]),
}


def program(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def runnable(language: str) -> str:
    text = program(language)
    if language == "go":  # the page names the imports in a sentence
        (sentence,) = re.findall(r"^Go \(the imports are (.*?)\):", PAGE, re.MULTILINE | re.DOTALL)
        imports = " ".join(f'"{name}";' for name in re.findall("`(.*?)`", sentence))
        text = f"package main\nimport ({imports})\n{text}"
    return text


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_is_short_and_signs_the_values_of_the_vectors(language: str) -> None:
    text = program(language)
    assert len([line for line in text.splitlines() if line.strip()]) <= 16
    for part in ("postcard-link-v1", "POSTCARD_SIGNING_KEY", CASE["path"], *CASE["params"]):
        assert part in text
    for value in CASE["params"].values():
        assert value in text


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_prints_the_link_of_the_vectors(language: str, tmp_path: Path) -> None:
    name, command = PROGRAMS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (tmp_path / name).write_text(runnable(language), encoding="utf-8")
    environment = {**os.environ, "POSTCARD_SIGNING_KEY": KEY, "GOCACHE": str(tmp_path / "cache")}
    completed = subprocess.run(
        [*command, tmp_path / name],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
    )
    assert (completed.stderr, completed.stdout) == ("", f"{LINK}\n")


def test_the_page_shows_the_key_and_the_link_that_the_programs_print() -> None:
    assert f"With the key `{KEY}` each prints\n\n```text\n{LINK}\n```" in PAGE


def test_the_python_program_signs_every_vector() -> None:
    source = program("python").partition("\nvalues = ")[0]
    namespace: dict[str, Any] = {}
    exec(compile(source, "links-and-email.md", "exec"), namespace)  # the page's own code
    sign: Callable[[str, Any, str], str] = namespace["sign"]
    for case in VECTORS["valid"]:
        key = VECTORS["signing_keys_hex"][case["params"]["_kid"]]
        assert sign(case["path"], case["params"], key).endswith(f"&_sig={case['sig']}")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_javascript_program_signs_every_vector(tmp_path: Path) -> None:
    source = program("javascript").partition("\nconst values = ")[0]
    cases = [
        (case["path"], case["params"], VECTORS["signing_keys_hex"][case["params"]["_kid"]])
        for case in VECTORS["valid"]
    ]
    loop = f"for (const each of {json.dumps(cases)}) console.log(sign(...each));\n"
    (tmp_path / "sign.mjs").write_text(source + loop, encoding="utf-8")
    completed = subprocess.run(
        ["node", tmp_path / "sign.mjs"], capture_output=True, encoding="utf-8", check=True
    )
    signatures = [line.rpartition("&_sig=")[2] for line in completed.stdout.splitlines()]
    assert signatures == [case["sig"] for case in VECTORS["valid"]]
