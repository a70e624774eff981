"""The files of the corpus: hostile images, addresses, strings and signing vectors.

README.md says what they are. A file that is missing raises `FileNotFoundError`.
"""

import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
IMAGES = FOLDER / "images"
MANIFEST = IMAGES / "generated" / "MANIFEST.tsv"


@dataclass(frozen=True)
class CorpusImage:
    """A hostile or unusual image. `name` is without the `.xz` of a packed file."""

    name: str
    path: Path

    def read(self) -> bytes:
        body = self.path.read_bytes()
        return lzma.decompress(body) if self.path.suffix == ".xz" else body


def images() -> list[CorpusImage]:
    """Every image, in the order of the paths."""
    paths = sorted(path for path in IMAGES.rglob("*") if path.is_file() and path != MANIFEST)
    return [CorpusImage(path.name.removesuffix(".xz"), path) for path in paths]


def ssrf_cases() -> list[dict[str, str]]:
    """Addresses (`url`), each with its class (`cls`) and the expected result (`expect`)."""
    cases: list[dict[str, str]] = _json("ssrf/urls.json")
    return cases


def problematic_strings() -> list[str]:
    """The Big List of Naughty Strings, and texts of CSV and template injections."""
    texts: list[str] = _json("strings/blns.json")
    for name in ("csv-injection.txt", "template-injection.txt"):
        texts += (FOLDER / "strings" / name).read_text(encoding="utf-8").splitlines()
    return texts


def signing_vectors(name: str) -> dict[str, Any]:
    """A file of `vectors`, for example `imgproxy.json`."""
    vectors: dict[str, Any] = _json(f"vectors/{name}")
    return vectors


def _json(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
