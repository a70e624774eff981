"""The use cases, put together from ports: what a caller of the API, or an address, stands on."""

import time
from collections.abc import Callable
from dataclasses import field

from postcard import ports
from postcard.assets.service import AssetReader
from postcard.assets.verified_objects import VerifiedObjectStore
from postcard.delivery.fallback_chain import FallbackChain
from postcard.delivery.service import PictureService
from postcard.links.signing import LinkKeys
from postcard.pipeline.fallback_images import FallbackImages
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.pipeline.template_loader import TemplateLoader
from postcard.render_budget import RenderBudget
from postcard.rendering.renderer import Renderer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.settings import DEFAULT_MERGE_RENDERS

LinkKeysById = Callable[[str | None], LinkKeys]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What opening an address needs. `keys` gives the link keys, anew if a key's id is unknown."""

    templates: ports.TemplateStore
    images: ports.ImageStore
    assets: ports.AssetStore
    pictures: ports.ObjectStore
    store: ports.ObjectStore
    fetcher: ports.Fetcher
    counters: ports.Counters
    renderer: Renderer
    keys: LinkKeysById
    origin: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = time.time
    merge_renders: int = DEFAULT_MERGE_RENDERS  # a day, for one merge link
    set_deadline: Callable[[float], None] = lambda instant: None


@dataclass(frozen=True, slots=True)
class SharedServices:
    """What all use cases share: one library, one studio."""

    templates: TemplateLoader
    store: VerifiedObjectStore
    sources: SourceFetcher
    pipeline: RenderPipeline
    budget: RenderBudget

    @classmethod
    def build(cls, outside: Dependencies, *, settle: bool) -> "SharedServices":
        """With `settle`, uploaded assets are written anew at their first use."""
        store = VerifiedObjectStore(outside.store)
        reader = AssetReader(outside.assets, store, normalize=settle)
        sources = SourceFetcher(store, reader, outside.fetcher)
        studio = RenderPipeline(outside.renderer, sources, monotonic=outside.monotonic)
        library = TemplateLoader(outside.templates, clock=outside.monotonic)
        budget = RenderBudget(
            outside.counters, merge_renders=outside.merge_renders, clock=outside.monotonic
        )
        return cls(library, store, sources, studio, budget)


@dataclass(frozen=True, slots=True)
class ImageService:
    """What the image function does, and the secret that its callers must know.

    `until` tells the monotonic instant at which whatever is waited for is given up.
    """

    pictures: PictureService
    origin: Callable[[], str]
    set_deadline: Callable[[float], None]
    clock: Callable[[], float] = field(default=time.time)
    monotonic: Callable[[], float] = field(default=time.monotonic)


def image_service(outside: Dependencies) -> ImageService:
    """Opens addresses."""
    room = SharedServices.build(outside, settle=False)
    ladder = FallbackChain(
        room.templates,
        room.pipeline,
        FallbackImages(outside.renderer, room.sources),
        outside.pictures,
        room.budget,
        damaged=lambda: room.store.corrupt_count,
        monotonic=outside.monotonic,
    )
    opening = PictureService(ladder, outside.images, outside.keys)
    return ImageService(
        opening, outside.origin, outside.set_deadline, outside.clock, outside.monotonic
    )
