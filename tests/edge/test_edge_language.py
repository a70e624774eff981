"""The edge function keeps to what CloudFront takes: 10 KB, and its part of JavaScript."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.edge.engines import CODE, FUNCTION, SOURCE

# What runtime 2.0 does not know, as far as a pattern can tell once texts and patterns are out.
UNKNOWN = {
    "for-of": r"\bfor\s*(await\s*)?\([^;)]*\bof\b",
    "destructuring": r"\b(const|let|var)\s*[\[{]|\(\s*[\[{][^()]*[\]}]\s*\)\s*=>",
    "spread and rest": r"\.\.\.",
    "default parameters": r"\bfunction\s*\w*\([^)]*=[^)]*\)|\(\w+[^()=]*=[^=>][^()]*\)\s*=>",
    "classes": r"\bclass\b|\bsuper\b|\bextends\b",
    "optional chaining": r"\?\.(?!\d)",
    "nullish": r"\?\?",
    "generators": r"\bfunction\s*\*|\byield\b",
    "async arrows": r"\basync\s*(\(|\w+\s*=>)",
    "await among arguments": r"\w\([^()]*\bawait\b",
    "dynamic code": r"\beval\b|\bFunction\b|\bimport\(",
    "timers": r"\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b",
    "template texts": r"`",
}
COMMENT = r"//[^\n]*"
TEXT = r"'(?:\\.|[^'\\\n])*'"
PATTERN = r"(?P<before>[=(:,!&|?{};]\s?)/(?![/*])(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n])+/\w*"


def bare(source: str) -> str:
    """The code without comments, texts and patterns."""
    token = f"{COMMENT}|{TEXT}|{PATTERN}"
    return re.sub(token, lambda found: f"{found['before'] or ''}''", source)


def found_in(source: str) -> set[str]:
    code = bare(source)
    return {name for name, pattern in UNKNOWN.items() if re.search(pattern, code)}


def test_only_comments_and_indentation_are_left_out_of_the_deployed_code() -> None:
    def tokens(source: str) -> str:
        return re.sub(rf"{COMMENT}|({TEXT}|{PATTERN})|\s+", lambda found: found[1] or "", source)

    assert tokens(CODE) == tokens(SOURCE)
    assert all(line == line.strip() != "" for line in CODE.splitlines())


def test_it_uses_nothing_that_the_runtime_does_not_know() -> None:
    assert found_in(SOURCE) == set()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("for (const a of b) { f(a); }", "for-of"),
        ("const { a } = b;", "destructuring"),
        ("const [a] = b;", "destructuring"),
        ("f(...a);", "spread and rest"),
        ("function f(a, b = 1) {}", "default parameters"),
        ("const f = (a = 1) => a;", "default parameters"),
        ("class A {}", "classes"),
        ("a?.b;", "optional chaining"),
        ("a ?? b;", "nullish"),
        ("const f = async () => 1;", "async arrows"),
        ("async function f() { return g(await h()); }", "await among arguments"),
        ("eval(a);", "dynamic code"),
    ],
)
def test_the_search_finds_what_it_looks_for(code: str, name: str) -> None:
    assert name in found_in(code)


@pytest.mark.skipif(shutil.which("njs") is None, reason="njs is not installed")
@pytest.mark.parametrize(
    "code",
    ["for (const a of []) {}", "const {a} = {};", "f(...[]);", "class A {}", "JSON.parse(await 1)"],
)
def test_njs_refuses_what_the_runtime_does_not_know(code: str, tmp_path: Path) -> None:
    script = tmp_path / "edge.js"
    body = re.sub(r"^import .*$", "", SOURCE, flags=re.MULTILINE)
    for text, right in [(body, True), (f"{body}\n{code}", False)]:
        script.write_text(f"const cf = null; const crypto = null;\n{text}", encoding="utf-8")
        done = subprocess.run(["njs", str(script)], capture_output=True, timeout=300, check=False)
        assert (done.returncode == 0) == right


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_takes_it_as_a_module(tmp_path: Path) -> None:
    script = tmp_path / "edge.mjs"
    script.write_bytes(FUNCTION.read_bytes())
    subprocess.run(["node", "--check", str(script)], timeout=300, check=True)


def test_its_imports_are_those_of_the_runtime() -> None:
    imports = re.findall(r"^import (.*)$", SOURCE, flags=re.MULTILINE)
    assert imports == ["cf from 'cloudfront';", "crypto from 'crypto';"]
