"""Two who publish one version at one instant: what stays is all of one, nothing of the other."""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from postcard.adapters.memory import MemoryAssetStore
from postcard.assets.service import AssetReader
from postcard.errors import Conflict
from postcard.pipeline.fallback_images import fallback_key
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.ports import FetchedImage, FetchError, TemplateRecord, TemplateVersion
from postcard.rendering.renderer import Renderer
from postcard.services.publishing import Publisher
from postcard.text.fonts import Fonts
from tests.adapters.conftest import PortImplementations

NOW = 1_795_341_600.0
INKS = {"#ff0000": (255, 0, 0), "#0000ff": (0, 0, 255)}


class Offline:
    """No host answers."""

    def fetch(self, url: str, *, allowed_hosts: object, deadline: float) -> FetchedImage:
        raise FetchError("there is no host")


class Together:
    """Templates whose readers wait for each other: both see what was there before either wrote."""

    def __init__(self, world: PortImplementations, readers: int) -> None:
        self._world = world
        self._read = threading.Barrier(readers, timeout=30)
        self._written = threading.Barrier(readers, timeout=30)

    def record(self, template_id: str) -> TemplateRecord | None:
        found = self._world.templates.record(template_id)
        self._read.wait()
        return found

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        return self._world.templates.version(template_id, version)

    def publish(self, record: TemplateRecord, version: TemplateVersion) -> None:
        self._written.wait()  # everything of both is in the store by now
        self._world.templates.publish(record, version)

    def __getattr__(self, name: str) -> object:
        return getattr(self._world.templates, name)


def published(world: PortImplementations, templates: object, color: str) -> str | None:
    """The colour, if its document became the version."""
    reader = AssetReader(MemoryAssetStore(), world.objects, normalize=True)
    sources = SourceFetcher(world.objects, reader, Offline())
    studio = RenderPipeline(Renderer(Fonts.load(Path("layers/fonts"))), sources)
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
    publishing = Publisher(templates, world.objects, studio)  # type: ignore[arg-type]
    try:
        publishing.publish("raced", text, now=NOW, deadline=1e12)
    except Conflict:
        return None
    return color


def seen(world: PortImplementations, key: str) -> object:
    stored = world.objects.get(key)
    assert stored is not None
    with Image.open(io.BytesIO(stored.body)) as image:
        return image.convert("RGB").getpixel((5, 5))


def test_the_pictures_of_who_came_second_never_stand_in_for_the_first(
    world: PortImplementations,
) -> None:
    together = Together(world, len(INKS))
    with ThreadPoolExecutor(len(INKS)) as pool:
        outcomes = list(pool.map(lambda color: published(world, together, color), INKS))
    (winner,) = [color for color in outcomes if color]
    version = world.templates.version("raced", 1)
    assert version is not None and json.loads(version.document)["background"] == winner
    for kind in ("fallback", "ended"):
        assert seen(world, version.fallbacks[kind]) == INKS[winner]
        assert seen(world, fallback_key("raced", 1, kind)) == INKS[winner]
