"""Writes the gallery in docs/: each property of a document with a picture that shows it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from local.seed import SEED_FOLDER
from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, RenderedPicture, Renderer
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "gallery"
PAGE = ROOT / "docs" / "gallery.md"
RENDER_TIME = 1_795_348_800.0  # 22 November 2026, 12:00 UTC: the `now` of all these pictures
DPR = 2.0
MAX_LINE_LENGTH = 96  # characters of a line of JSON


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """One picture, with its file's name, a description, its document and its modifications."""

    name: str
    title: str
    description: str
    overrides: Mapping[str, Any]
    base: Mapping[str, Any]
    modifications: Sequence[Mapping[str, Any]] = ()
    shows: Literal["picture", "fallback", "ended"] = "picture"
    dpr: float = DPR

    @property
    def document(self) -> dict[str, Any]:
        """The complete document."""
        return {**self.base, **self.overrides}

    @property
    def format(self) -> str:
        """The picture's format, which is also its file's extension."""
        format = self.document.get("format", "png")
        return "png" if format == "auto" else str(format)

    @property
    def file(self) -> str:
        """The name of the picture's file."""
        return f"{self.name}.{self.format}"

    @property
    def json_fragment(self) -> str:
        """The part of the document that the page shows."""
        return "\n".join(_compact_json(dict(self.overrides)))


@dataclass(frozen=True, slots=True)
class GallerySection:
    """Entries about one subject."""

    title: str
    description: str
    entries: tuple[GalleryEntry, ...]


def load_sections(path: Path = FOLDER / "entries.json") -> list[GallerySection]:
    """The sections of the gallery, in order."""
    source = json.loads(path.read_text(encoding="utf-8"))
    return [
        GallerySection(
            part["title"], part["description"], tuple(_entries(part["entries"], source["base"]))
        )
        for part in source["sections"]
    ]


def _entries(items: list[dict[str, Any]], base: dict[str, Any]) -> Iterator[GalleryEntry]:
    for one in items:
        rest = {key: value for key, value in one.items() if key != "document"}
        yield GalleryEntry(overrides=one["document"], base=base, **rest)


def render_entry(entry: GalleryEntry) -> RenderedPicture:
    """Draws the picture of an entry."""
    template = Template.compile(entry.name, 1, parse_document(json.dumps(entry.document)))
    document = template.document
    size = output_size(template.width, template.height, width=None, dpr=entry.dpr)
    options: dict[str, Any] = {
        "format": entry.format,
        "quality": document.quality,
        "max_bytes": document.max_bytes,
    }
    if entry.shows != "picture":
        return _renderer().render_fallback(
            template, entry.shows, size, fetched_images=_pictures(), now=RENDER_TIME, **options
        )
    bound = bind(template, modifications_from_json(template, entry.modifications), mode="error")
    prepared = PreparedRender(template, bound, size, now=RENDER_TIME)
    return _renderer().render(prepared, _pictures(), **options)


@cache
def _renderer() -> Renderer:
    return Renderer(Fonts.load(ROOT / "layers" / "fonts"))


@cache
def _pictures() -> dict[str, bytes]:
    """The seed's assets by reference."""
    return {f"asset:{path.stem}": path.read_bytes() for path in (SEED_FOLDER / "assets").iterdir()}


def gallery_markdown(sections: list[GallerySection]) -> str:
    """The gallery in Markdown."""
    base = json.dumps(dict(sections[0].entries[0].base), ensure_ascii=False)
    top = (ROOT / "docs" / "gallery" / "opening.md").read_text(encoding="utf-8")
    contents = "\n".join(f"- [{part.title}](#{_anchor(part.title)})" for part in sections)
    body = "\n\n".join(_section_markdown(part) for part in sections)
    return f"{top.replace('BASE', base).rstrip()}\n\n{contents}\n\n{body}\n"


def _section_markdown(section: GallerySection) -> str:
    return "\n\n".join(
        [f"## {section.title}", section.description, *map(_entry_markdown, section.entries)]
    )


def _entry_markdown(entry: GalleryEntry) -> str:
    width = entry.document["width"]
    picture = f'<img src="gallery/{entry.file}" width="{width}" alt="{entry.title}">'
    parts = [
        f"### {entry.title}",
        entry.description,
        picture,
        f"```json\n{entry.json_fragment}\n```",
    ]
    if entry.modifications:
        request = "\n".join(_compact_json({"modifications": list(entry.modifications)}))
        parts.append(f"Requested with:\n\n```json\n{request}\n```")
    return "\n\n".join(parts)


def _anchor(title: str) -> str:
    words = title.lower().replace(" ", "-")
    return "".join(each for each in words if each.isalnum() or each == "-")


def _compact_json(value: object, indent: int = 0, before: str = "") -> list[str]:
    """JSON in few lines: a value that fits stays on one."""
    space = " " * indent
    flat = space + before + json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(flat) <= MAX_LINE_LENGTH:
        return [flat]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    members = (
        [(f"{json.dumps(name)}: ", each) for name, each in value.items()]
        if isinstance(value, dict)
        else [("", each) for each in value]
    )
    inner = [_compact_json(each, indent + 2, name) for name, each in members]
    lines = [line for part in inner[:-1] for line in (*part[:-1], f"{part[-1]},")]
    return [f"{space}{before}{opening}", *lines, *inner[-1], f"{space}{closing}"]


def main() -> None:
    """Draws all pictures, writes the page and deletes pictures that it does not show."""
    parts = load_sections()
    entries = [entry for part in parts for entry in part.entries]
    for entry in entries:
        rendered = render_entry(entry)
        for warning in rendered.warnings:
            print(f"{entry.name}: {warning.pointer}: {warning.detail}")
        (FOLDER / entry.file).write_bytes(rendered.image.body)
    shown = {"entries.json", "opening.md", *(entry.file for entry in entries)}
    for path in FOLDER.iterdir():
        if path.name not in shown:
            path.unlink()
    PAGE.write_text(gallery_markdown(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
