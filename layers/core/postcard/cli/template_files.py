"""Template documents on disk: `templates/<id>.json`, with pictures and fonts in `assets/`."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from postcard.cli.output import CommandError
from postcard.identifiers import ID_PATTERN
from postcard.runtime.lazy_dataclass import dataclass

TEMPLATE_ID = re.compile(ID_PATTERN)
ASSET_REFERENCE = re.compile(rf"asset:({ID_PATTERN})(?![a-z0-9_{{-])")
FONT_TYPES = {".ttf": "font/ttf", ".otf": "font/otf", ".woff2": "font/woff2"}
CONTENT_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    **FONT_TYPES,
}


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One document on disk; the file name is the template's id."""

    path: Path

    @property
    def id(self) -> str:
        """The template's id."""
        return self.path.stem

    def text(self) -> str:
        """The document's text."""
        try:
            return self.path.read_text(encoding="utf-8-sig")  # without a byte order mark
        except UnicodeDecodeError as error:
            raise CommandError(
                f"{self.path} is not UTF-8 ({error.reason}). Save it as UTF-8."
            ) from error

    def asset_path(self, asset_id: str) -> Path | None:
        """The file of `asset:ID`: `assets/ID.*` in the document's folder; None if there is none."""
        folder = self.path.parent / "assets"
        candidates = [folder / f"{asset_id}{suffix}" for suffix in CONTENT_TYPES]
        return next((path for path in candidates if path.is_file()), None)


def find_template_files(folder: Path, names: Sequence[str]) -> list[TemplateFile]:
    """The documents called `names` (ids or paths), or all in `folder`."""
    if names:
        return [find_template_file(folder, name) for name in names]
    files = [TemplateFile(path) for path in sorted(folder.glob("*.json"))]
    if not files:
        raise CommandError(f"There is no template in {folder}/. Name a file, or set --folder.")
    return files


def find_template_file(folder: Path, name: str) -> TemplateFile:
    """A document by its path, or by its id in `folder`."""
    path = Path(name) if name.endswith(".json") else folder / f"{name}.json"
    if Path(name).is_dir():
        raise CommandError(f"{name} is a folder. Name a template document in it.")
    if not path.is_file():
        raise CommandError(f"The file {path} does not exist.")
    if not TEMPLATE_ID.fullmatch(path.stem):
        raise CommandError(
            f"{path}: the file name is the template's id. Rename it to lower-case letters, digits,"
            " - and _ (at most 64 characters)."
        )
    return TemplateFile(path)


def asset_ids(document: str) -> list[str]:
    """The ids of the assets that a document names, each once, in order.

    >>> asset_ids('{"layers": [{"source": "asset:hero"}, {"source": "asset:hero"}]}')
    ['hero']
    """
    texts = json_strings(json.loads(document))
    return list(dict.fromkeys(name for text in texts for name in ASSET_REFERENCE.findall(text)))


def is_same_json(text: str | bytes, other: str | bytes) -> bool:
    """Whether two texts are the same JSON, in the same order of keys."""
    try:
        return json.dumps(json.loads(text)) == json.dumps(json.loads(other))
    except ValueError:
        return False


def json_strings(part: object) -> Iterator[str]:
    """All strings in a JSON value."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from json_strings(value)
    elif isinstance(part, list):
        for value in part:
            yield from json_strings(value)
