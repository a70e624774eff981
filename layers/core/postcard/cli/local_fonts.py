"""Loads custom fonts from the `assets` folder next to a document, by `asset:ID` or family name."""

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
    """A document's custom families and font files, and a fault for each that cannot be used."""

    families: FontKeysByFamily
    font_files: Mapping[str, bytes]
    faults: Sequence[Fault]

    def read(self, digest: str, deadline: float | None) -> bytes | None:
        """The sanitized font file with this digest, for a `FontCache`."""
        return self.font_files.get(digest)


def load_local_fonts(file: TemplateFile, document: Document, shipped: Fonts) -> LocalFonts:
    """The fonts that a document uses and Postcard does not ship, sanitized like uploaded fonts."""
    paths_by_family, faults = font_files(file, document, shipped)
    files_by_family = {
        name: [sanitized_font(path) for path in paths] for name, paths in paths_by_family.items()
    }
    return LocalFonts(
        {
            name: [content_digest(body) for body in bodies]
            for name, bodies in files_by_family.items()
        },
        {content_digest(body): body for bodies in files_by_family.values() for body in bodies},
        faults,
    )


def font_files(
    file: TemplateFile, document: Document, shipped: Fonts
) -> tuple[dict[str, list[Path]], list[Fault]]:
    """The font files of each custom family that a document uses, and a fault for each bad one."""
    paths_by_family: dict[str, list[Path]] = {}
    faults: list[Fault] = []
    for pointer, name in used_families(document):
        if shipped.has_family(name) or name in paths_by_family:
            continue
        try:
            paths_by_family[name] = _family_files(file, name)
        except FontError as error:
            paths_by_family[name] = []
            faults.append(Fault("invalid_value", pointer, str(error)))
    return {name: paths for name, paths in paths_by_family.items() if paths}, faults


def font_id(path: Path) -> str:
    """The asset id of an uploaded font file: its name, with only characters that an id may have.

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
            expected = file.path.parent / "assets" / name.removeprefix(ASSET_PREFIX)
            suffixes = ", ".join(FONT_TYPES)
            raise FontError(f"{name} needs a font file {expected}.* ({suffixes}).")
        sanitized_font(path)
        return [path]
    paths = (p for p in sorted((file.path.parent / "assets").glob("*")) if p.suffix in FONT_TYPES)
    return [path for path in paths if read_metadata(sanitized_font(path)).family == name]


@cache
def sanitized_font(path: Path) -> bytes:
    """The font as an upload would store it."""
    try:
        return sanitize_in_subprocess(path.read_bytes())
    except FontError as error:
        raise FontError(f"{path} is not a usable font: {error}.") from error
