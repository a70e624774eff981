"""A document's own fonts: files in `assets/` beside it, by `asset:ID` or by their family's name."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from postcard.assets.font_cache import FontKeysByFamily
from postcard.cli.template_files import FONT_TYPES, TEMPLATE_ID, TemplateFile
from postcard.errors import Fault
from postcard.font_sanitizer.subprocess_client import sanitize_in_subprocess
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.model import Document
from postcard.template.used_fonts import used_families
from postcard.text.font_file import FontError, read_metadata
from postcard.text.fonts import Fonts

ASSET_PREFIX = "asset:"


@dataclass(frozen=True, slots=True)
class LocalFonts:
    """A document's own families by the digests of their files, and what is wrong with others."""

    families: FontKeysByFamily
    font_files: Mapping[str, bytes]
    faults: Sequence[Fault]

    def read(self, digest: str, deadline: float | None) -> bytes | None:
        """A font as an upload of it would be kept."""
        return self.font_files.get(digest)


def load_local_fonts(file: TemplateFile, document: Document, shipped: Fonts) -> LocalFonts:
    """What a document names beside ours, each checked as at an upload."""
    named, faults = font_files(file, document, shipped)
    bodies = {name: [_sanitized_font(path) for path in paths] for name, paths in named.items()}
    return LocalFonts(
        {name: [content_digest(body) for body in found] for name, found in bodies.items()},
        {content_digest(body): body for found in bodies.values() for body in found},
        faults,
    )


def font_files(
    file: TemplateFile, document: Document, shipped: Fonts
) -> tuple[dict[str, list[Path]], list[Fault]]:
    """The files of each family that a document names and that does not ship, all of them good."""
    found: dict[str, list[Path]] = {}
    faults: list[Fault] = []
    for where, name in used_families(document):
        if shipped.has_family(name) or name in found:
            continue
        try:
            found[name] = _family_files(file, name)
        except FontError as error:
            found[name] = []
            faults.append(Fault("invalid_value", where, str(error)))
    return {name: paths for name, paths in found.items() if paths}, faults


def font_id(path: Path) -> str:
    """The id under which a file is uploaded: its name, in the letters that an id may have.

    >>> font_id(Path("assets/Kite Bold.ttf"))
    'kite-bold'
    """
    return (
        path.stem
        if TEMPLATE_ID.fullmatch(path.stem)
        else _INVALID_ID_CHARACTERS.sub("-", path.stem.lower())[:64]
    )


_INVALID_ID_CHARACTERS = re.compile("[^a-z0-9]+")


def _family_files(file: TemplateFile, name: str) -> list[Path]:
    if name.startswith(ASSET_PREFIX):
        path = file.asset_path(name.removeprefix(ASSET_PREFIX))
        if path is None or path.suffix not in FONT_TYPES:
            wanted = file.path.parent / "assets" / name.removeprefix(ASSET_PREFIX)
            raise FontError(f"There is no font {wanted}.* for {name}.")
        _sanitized_font(path)
        return [path]
    paths = (p for p in sorted((file.path.parent / "assets").glob("*")) if p.suffix in FONT_TYPES)
    return [path for path in paths if read_metadata(_sanitized_font(path)).family == name]


@cache
def _sanitized_font(path: Path) -> bytes:
    """As an upload of it would be kept."""
    try:
        return sanitize_in_subprocess(path.read_bytes())
    except FontError as error:
        raise FontError(f"{path} is no font we take: {error}.") from error
