"""Ties the version of the renderer to the golden pictures.

Publishing stores static layers as pixels. A renderer whose version differs ignores them, so a
change of looks without a new version would mix old pixels with new ones. The pictures of each
version are recorded in renderer_version.json:

    python -m tests.golden.renderer_version
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from postcard.rendering.static_layers import RENDERER_VERSION

FOLDER = Path(__file__).parent
RECORD = FOLDER / "renderer_version.json"
COMMAND = "python -m tests.golden.renderer_version"
Digests = Mapping[str, str]


def golden_digests(folder: Path = FOLDER) -> Digests:
    """A digest of each golden picture's pixels; of a JPEG's bytes, which decoders round."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".jpg"))
    return {path.name: _digest(path) for path in files}


def _digest(path: Path) -> str:
    if path.suffix == ".jpg":
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    with Image.open(path) as image:
        pixels = image.convert("RGBA")
    return hashlib.sha256(repr(pixels.size).encode() + pixels.tobytes()).hexdigest()[:16]


def problem(recorded_version: int, recorded: Digests, version: int, current: Digests) -> str | None:
    """What is to be done about the record; None if it is up to date."""
    changed = [name for name, digest in recorded.items() if current.get(name, digest) != digest]
    if changed and version == recorded_version:
        return (
            f"{', '.join(changed)} changed: raise RENDERER_VERSION in rendering/static_layers.py, "
            f"rename prerendered-layers-{version}.png, then run {COMMAND}"
        )
    if (recorded_version, recorded) != (version, current):
        return f"run {COMMAND}"
    return None


def read_record() -> tuple[int, Digests]:
    """The recorded version and its pictures."""
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    return recorded["version"], recorded["pictures"]


def write_record() -> None:
    """Record the pictures; exits if some changed and the version did not."""
    current = golden_digests()
    if RECORD.exists():
        instruction = problem(*read_record(), RENDERER_VERSION, current)
        if instruction and "RENDERER_VERSION" in instruction:
            sys.exit(instruction)
    record = {"version": RENDERER_VERSION, "pictures": current}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_record()
