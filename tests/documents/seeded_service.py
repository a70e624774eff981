"""The seeded gallery in a service in memory, as its first start finds it."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from postcard.ports import StoredObject
from tests.documents.people import Values
from tests.functions.in_memory_service import InMemoryService

SEED = Path("local/seed")
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}
DOCUMENTS = (
    "event-ticket",
    "loyalty-card",
    "abandoned-cart",
    "countdown-banner",
    "og-card",
    "certificate-arabic",
)


@cache
def document(template: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SEED / f"{template}.json").read_text(encoding="utf-8"))
    return read


def seeded_service() -> InMemoryService:
    """A service with every asset; nothing is published."""
    world = InMemoryService()
    world.key = world.new_api_key(rate=10_000)  # the clock stands still
    for path in sorted((SEED / "assets").iterdir()):
        body, kind = path.read_bytes(), TYPES[path.suffix]
        upload_request = {"id": path.stem, "content_type": kind, "bytes": len(body)}
        upload = world.call("POST", "/v1/assets", upload_request).json["upload"]
        world.store.put(upload["fields"]["key"], StoredObject(body, kind))
    return world


@dataclass(frozen=True, slots=True)
class PreviewResult:
    """A preview: its pixels, and its boxes and warnings."""

    body: bytes
    boxes: Mapping[str, Mapping[str, float]]
    warnings: list[tuple[str, str]]

    @property
    def image(self) -> Image.Image:
        image = Image.open(io.BytesIO(self.body))
        image.load()
        return image.convert("RGB")


def preview(
    world: InMemoryService, document: Mapping[str, Any], values: Values, **more: Any
) -> PreviewResult:
    """What the API draws of a document; warnings as code and pointer."""
    named = [{"name": name, "value": value} for name, value in values.items()]
    body = {"document": document, "modifications": named, "format": "png", **more}
    reply = world.call("POST", "/v1/previews", body, headers={"accept": "application/json"})
    assert reply.status == 200, reply.body
    result = reply.json
    return PreviewResult(
        base64.b64decode(result["image"].partition(",")[2]),
        {box["pointer"]: box for box in result["boxes"]},
        [(each["code"], each["pointer"]) for each in result["warnings"]],
    )


def examples(template: str) -> Values:
    fields = document(template)["fields"]
    return {name: field["example"] for name, field in fields.items() if "example" in field}


def matches_asset(body: bytes, asset: str) -> bool:
    """Whether a picture shows an asset, at its own size."""
    shown = _on_white(Image.open(io.BytesIO(body)))
    (path,) = (SEED / "assets").glob(f"{asset}.*")
    expected = _on_white(Image.open(path)).resize(shown.size)
    difference = ImageChops.difference(shown, expected).reduce(8)
    return all(band.getextrema()[1] <= 24 for band in difference.split())  # type: ignore[operator]


def _on_white(image: Image.Image) -> Image.Image:
    seen = image.convert("RGBA")
    backdrop = Image.new("RGBA", seen.size, "white")
    backdrop.alpha_composite(seen)
    return backdrop.convert("RGB")
