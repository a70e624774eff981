"""Checks links, anchors and code samples of all Markdown pages, without building the site."""

import ast
import json
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from local.design_table import with_design_table
from postcard.cli.main import postcard

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOT_A_PAGE = DOCS / "gallery" / "opening.md"  # the head of gallery.md
FENCE = re.compile(r"^( {0,3})(`{3,})([^\n`]*)\n(.*?)^\1\2[ \t]*$", re.DOTALL | re.MULTILINE)
CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
IMAGE_TAG = re.compile(r"<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
CALL = re.compile(r"^(?:\.venv/bin/)?postcard\s+(.*)$")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout.split("\0")
    return sorted(ROOT / name for name in listed if name and (ROOT / name).is_file())


PAGES = pages()
MARKDOWN = [path for path in PAGES if path != NOT_A_PAGE]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{named(self.page)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    return [
        Block(path, text[: match.start()].count("\n") + 1, match[3].strip(), match[4])
        for path in MARKDOWN
        for text in [path.read_text(encoding="utf-8")]
        for match in FENCE.finditer(text)
        if match[3].strip() in languages
    ]


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    seen: Counter[str] = Counter()
    found = set()
    for match in HEADING.finditer(prose(path)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(path: Path) -> Iterator[str]:
    text = CODE_SPAN.sub("", prose(path))
    for match in (*LINK.finditer(text), *IMAGE_TAG.finditer(text)):
        if not re.match(r"[a-z][a-z0-9+.-]*:", match[1]):
            yield match[1]


def is_broken(path: Path, link: str) -> bool:
    name, _, anchor = unquote(link).partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("path", MARKDOWN, ids=named)
def test_links_and_anchors_resolve(path: Path) -> None:
    assert [link for link in links(path) if is_broken(path, link)] == []


def test_the_index_links_every_page() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in (DOCS / name for name in ("index.md", "decisions/README.md", "email/README.md"))
        for link in links(page)
    }
    every = {
        page
        for page in PAGES
        if page.is_relative_to(DOCS) and page not in (NOT_A_PAGE, DOCS / "index.md")
    }
    assert sorted(map(named, every - linked)) == []


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_samples_parse(block: Block) -> None:
    assert isinstance(json.loads(block.text), dict | list)


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_samples_compile(block: Block) -> None:
    assert ast.parse(block.text).body


def commands(block: Block) -> Iterator[str]:
    """The commands of a shell block: lines joined at a backslash, comments left out."""
    for line in block.text.replace("\\\n", " ").splitlines():
        command = line.strip().removeprefix("$ ")
        while re.match(r"[A-Z_]+=\S+ ", command):
            command = command.partition(" ")[2]
        if command:
            yield command


SHELL = blocks("sh", "bash", "shell", "console")
CALLS = [
    pytest.param(match[1], id=f"{block} {match[1][:40]}")
    for block in SHELL
    for command in commands(block)
    if (match := CALL.match(command))
]


@pytest.mark.parametrize("call", CALLS)
def test_sample_calls_of_the_cli_name_commands_and_options_that_exist(call: str) -> None:
    command: click.Command = postcard
    for word in shlex.split(call, comments=True):
        if isinstance(command, click.Group):
            assert word in command.commands or word in ("--help", "--version")
            command = command.commands.get(word, command)
        elif word.startswith("--"):
            options = {
                name
                for parameter in command.params
                for name in (*parameter.opts, *parameter.secondary_opts)
            }
            assert word.partition("=")[0] in {*options, "--help"}


def test_each_decision_has_a_number_of_its_own() -> None:
    text = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    numbers = Counter(re.findall(r"^\| (\d+) \|", text, re.MULTILINE))
    assert [number for number, count in numbers.items() if count > 1] == []


def test_make_targets_in_samples_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    used = {
        (str(block), word)
        for block in SHELL
        for command in commands(block)
        if command.startswith("make ")
        for word in shlex.split(command, comments=True)[1:]
        if "=" not in word and not word.startswith("-")
    }
    used |= {
        (named(path), target)
        for path in MARKDOWN
        for target in re.findall(r"`make ([a-z-]+)[^`]*`", prose(path))
    }
    assert sorted(pair for pair in used if pair[1] not in targets) == []


def test_paths_in_samples_exist() -> None:
    """Covers files of the repository that a command reads, not what it writes."""
    folders = "layers|functions|local|deploy|bench|tests|docs|examples"
    pattern = re.compile(rf"(?<![\w./-])((?:{folders})/[\w./-]+)")
    missing = [
        (str(block), name)
        for block in SHELL
        for name in pattern.findall(block.text)
        if not (ROOT / name.rstrip(".")).exists()
    ]
    assert missing == []


def test_the_page_about_templates_shows_the_designs_as_they_are() -> None:
    page = (DOCS / "templates.md").read_text(encoding="utf-8")
    assert with_design_table(page) == page, "Run `make design-thumbnails`."
    assert page.count('/thumbnail.webp"') == 25
