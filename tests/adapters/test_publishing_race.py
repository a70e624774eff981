"""Of two concurrent publications of one version, everything stored is of one of them."""

import io
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from postcard.adapters.memory import MemoryAssetStore
from postcard.assets.reader import AssetReader
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.errors import Conflict
from postcard.events.outbox import NoOutbox
from postcard.pipeline.fallback_images import fallback_key
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.ports import (
    DeliveryRecord,
    FetchedImage,
    FetchError,
    TemplateRecord,
    TemplateVersion,
)
from postcard.rendering.renderer import Renderer
from postcard.services.publishing import Publisher
from postcard.text.fonts import Fonts
from tests.adapters.conftest import PortImplementations

NOW = 1_795_341_600.0
COLORS = {"#ff0000": (255, 0, 0), "#0000ff": (0, 0, 255)}


class OfflineFetcher:
    """Fails for every URL."""

    def fetch(self, url: str, *, allowed_hosts: object, deadline: float) -> FetchedImage:
        raise FetchError("there is no host")


class SynchronizedTemplates:
    """Templates whose readers wait for each other, so that all read before any writes."""

    def __init__(self, adapters: PortImplementations, readers: int) -> None:
        self._adapters = adapters
        self._read = threading.Barrier(readers, timeout=300)
        self._written = threading.Barrier(readers, timeout=300)

    def record(self, template_id: str, *, consistent: bool = True) -> TemplateRecord | None:
        record = self._adapters.templates.record(template_id)
        self._read.wait()
        return record

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        return self._adapters.templates.version(template_id, version)

    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: Sequence[DeliveryRecord],
    ) -> None:
        self._written.wait()  # the files of both are stored by now
        self._adapters.templates.publish(record, version, deliveries)

    def __getattr__(self, name: str) -> object:
        return getattr(self._adapters.templates, name)


def publish(adapters: PortImplementations, templates: object, color: str) -> str | None:
    """Publish a document with a background; returns the colour unless it was a conflict."""
    reader = AssetReader(MemoryAssetStore(), adapters.objects, DecodedImage.decode, normalize=True)
    sources = SourceFetcher(adapters.objects, reader, OfflineFetcher(), DecodedImage.decode)
    pipeline = RenderPipeline(Renderer(Fonts.load(Path("layers/fonts"))), sources)
    text = json.dumps(
        {
            "width": 20,
            "height": 10,
            "background": color,
            "layers": [],
            "fallback": {"layers": []},
            "ended": {"layers": []},
        }
    )
    publisher = Publisher(
        templates,  # type: ignore[arg-type]
        adapters.objects,
        pipeline,
        drafts=adapters.drafts,
        outbox=NoOutbox(),
    )
    try:
        publisher.publish("raced", text, now=NOW, deadline=1e12)
    except Conflict:
        return None
    return color


def stored_color(adapters: PortImplementations, key: str) -> object:
    stored = adapters.objects.get(key)
    assert stored is not None
    with Image.open(io.BytesIO(stored.body)) as image:
        return image.convert("RGB").getpixel((5, 5))


def test_the_fallbacks_of_a_version_are_those_of_its_document(
    adapters: PortImplementations,
) -> None:
    templates = SynchronizedTemplates(adapters, len(COLORS))
    with ThreadPoolExecutor(len(COLORS)) as pool:
        outcomes = list(pool.map(lambda color: publish(adapters, templates, color), COLORS))
    (winner,) = [color for color in outcomes if color]
    version = adapters.templates.version("raced", 1)
    assert version is not None and json.loads(version.document)["background"] == winner
    for kind in ("fallback", "ended"):
        assert stored_color(adapters, version.fallbacks[kind]) == COLORS[winner]
        assert stored_color(adapters, fallback_key("raced", 1, kind)) == COLORS[winner]
