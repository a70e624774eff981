"""What a repeated preview does again: an editor asks for the same pictures many times a minute."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from PIL import Image

from postcard.adapters.memory import MemoryAssetStore
from postcard.canvas.codecs.reencode import reencode_at_size
from postcard.ports import AssetRecord
from postcard.services import source_downscaling
from tests.functions.fake_services import noise_png, solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

JSON = {"accept": "application/json"}
PHOTO = {"type": "image", "default": "asset:one", "example": "asset:two", "allowed_hosts": ["x.eu"]}
FRAME = {"type": "image", "width": 20, "height": 20}
LAYERS = [
    {**FRAME, "source": "{{ photo }}"},
    {**FRAME, "source": "asset:wide", "x": 30},
    {**FRAME, "source": "{{ photo }}", "x": 60},
    {"type": "text", "x": 4, "y": 60, "width": 110, "size": 14, "text": "Hello"},
]


class CountingAssets(MemoryAssetStore):
    """Counts the calls of the table."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Sequence[str]] = []

    def get(self, asset_id: str) -> AssetRecord | None:
        self.calls.append([asset_id])
        return super().get(asset_id)

    def get_many(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRecord]:
        before = [*self.calls]
        found = super().get_many(asset_ids)
        self.calls = [*before, sorted(asset_ids)]
        return found


@pytest.fixture
def assets(empty: InMemoryService) -> CountingAssets:
    """Three pictures, of which one is far larger than its layer."""
    counting = CountingAssets()
    empty.assets = counting
    empty.rebuild()
    for name, body in {
        "one": solid_png(30, 30, (200, 0, 0)),
        "two": noise_png(30, 30),
        "wide": noise_png(900, 900),
    }.items():
        empty.upload_asset(name, body)
        assert empty.call("GET", f"/v1/assets/{name}").json["status"] == "ready"
    counting.calls.clear()
    return counting


def moved(by: int, **more: Any) -> dict[str, Any]:
    """The document with its last layer moved, and what a preview of it asks."""
    layers = [*LAYERS[:-1], {**LAYERS[-1], "x": 4 + by}]
    size = {"width": 1000, "height": 500}  # five times as large is the most there is
    shown = document(fields={"photo": PHOTO}, layers=layers, alt="", format="jpg", **size)
    return {"document": shown, "describe": True, "findings": False, **more}


def preview(world: InMemoryService, body: dict[str, Any]) -> dict[str, Any]:
    reply = world.call("POST", "/v1/previews", body, headers=JSON)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def test_a_moved_layer_reads_decodes_and_downscales_no_picture_again(
    empty: InMemoryService, assets: CountingAssets, monkeypatch: pytest.MonkeyPatch
) -> None:
    downscaled: list[tuple[int, int]] = []

    def counted(body: bytes, size: tuple[int, int]) -> bytes:
        downscaled.append(size)
        return reencode_at_size(body, size)

    monkeypatch.setattr(source_downscaling, "reencode_at_size", counted)
    preview(empty, moved(0))
    assert downscaled == [(100, 100)]
    reads, decodes = empty.store.gets, empty.renderer.image_cache.decode_count
    assets.calls.clear()
    for step in range(1, 4):
        preview(empty, moved(step))
    preview(empty, moved(4, parts=["/layers/3"]))
    preview(empty, moved(4, people=[[], []], describe=False))
    assert assets.calls == [["one", "two", "wide"]] * 4 + [["one", "wide"]]
    assert empty.store.gets == reads
    assert empty.renderer.image_cache.decode_count == decodes + 1  # which only the people show
    assert len(downscaled) == 1


def test_an_asset_that_was_replaced_is_shown_at_once(
    empty: InMemoryService, assets: CountingAssets
) -> None:
    def color() -> Any:
        shown = moved(0, modifications=[{"name": "photo", "image_url": "asset:one"}])
        shown["document"]["format"] = "png"
        shown.pop("describe")
        reply = empty.call("POST", "/v1/previews", shown)
        return Image.open(io.BytesIO(reply.body)).convert("RGB").getpixel((10, 10))

    assert color() == (200, 0, 0)
    body = solid_png(30, 30, (0, 0, 200))
    empty.upload_asset("one", body, replace=True)
    assert color() == (0, 0, 200)


def test_a_person_s_own_picture_is_decoded_for_each_preview(empty: InMemoryService) -> None:
    url = "https://x.eu/me.png"
    empty.web.pictures[url] = noise_png(20, 20)
    layers = [{**FRAME, "source": "{{ photo }}"}] * 2
    shown = document(fields={"photo": {**PHOTO, "default": ""}}, layers=layers, alt="")
    person = [{"name": "photo", "image_url": url}]
    for count in (1, 2):
        preview(empty, {"document": shown, "modifications": person, "findings": False})
        assert empty.renderer.image_cache.decode_count == count
