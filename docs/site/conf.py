"""Sphinx settings for the docs site: `make docs` builds docs/ into build/docs."""

import os
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
REPOSITORY = os.environ.get("POSTCARD_REPOSITORY", "").rstrip("/")  # https://host/owner/name

project = "Postcard"
author = "The Postcard authors"
copyright = f"{author}, Apache-2.0"  # Sphinx reads this name
language = "en"

root_doc = "index"
extensions = ["myst_parser"]
exclude_patterns = ["gallery/opening.md", "site"]
myst_enable_extensions = ["html_image"]  # <img width=…> as in GitHub's Markdown
myst_heading_anchors = 4  # the anchors that GitHub makes
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # samples are shortened: "…", no HTTP/1.1

html_theme = "furo"
html_title = "Postcard"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "default"

_FENCE = re.compile(r"^ {0,3}```.*?^ {0,3}```\s*?$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
_PAGE_LINK = re.compile(r"\]\(([\w/-]+\.md)\)")


def _outside_links(folder: Path, text: str) -> str:
    """Links to files that are not in docs/ go to the repository, or become plain text."""

    def replaced(match: re.Match[str]) -> str:
        target = (folder / match[2]).resolve()
        is_folder = target.is_dir()
        if not target.exists() or (target.is_relative_to(DOCS) and not is_folder):
            return match[0]  # Sphinx resolves it, or warns
        if not REPOSITORY:
            return match[1]
        kind = "tree" if is_folder else "blob"
        path = target.relative_to(ROOT).as_posix()
        return f"[{match[1]}]({REPOSITORY}/{kind}/main/{path}{match[3] or ''})"

    pieces, end = [], 0
    for fence in _FENCE.finditer(text):
        pieces += [_LINK.sub(replaced, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, _LINK.sub(replaced, text[end:])])


def _toctree(pages: list[str], caption: str = "") -> str:
    lines = [":hidden:", *([f":caption: {caption}"] if caption else []), "", *pages]
    return "\n".join(["", "```{toctree}", *lines, "```", ""])


def _index_toctrees(text: str) -> str:
    """The sidebar: the pages that index.md links, in its order, under its headings."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return "".join(
        _toctree(list(dict.fromkeys(pages)), caption)
        for caption, body in zip(parts[1::2], parts[2::2], strict=True)
        if (pages := _PAGE_LINK.findall(body))
    )


def _read(app: Any, docname: str, source: list[str]) -> None:
    path = DOCS / f"{docname}.md"
    text = _outside_links(path.parent, source[0])
    if docname == root_doc:
        text += _index_toctrees(source[0])
    if docname in ("decisions/README", "email/README"):
        pages = sorted(page.name for page in path.parent.glob("*.md") if page != path)
        text += _toctree(pages)
    source[0] = text


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _read)
