"""The use cases, put together from ports: what a caller of the API, or an address, stands on."""

import time
from collections.abc import Callable
from dataclasses import field

from postcard import ports
from postcard.assets.service import AssetReader
from postcard.assets.verified_objects import SoundObjects
from postcard.delivery.fallback_chain import Ladder
from postcard.delivery.service import Opening
from postcard.links.signing import LinkKeys
from postcard.pipeline.fallback_images import StandIns
from postcard.pipeline.pipeline import Studio
from postcard.pipeline.source_fetcher import Sources
from postcard.pipeline.template_loader import Library
from postcard.render_budget import MERGE_RENDERS, Budget
from postcard.rendering.renderer import Renderer
from postcard.runtime.lazy_dataclass import dataclass

KeysFor = Callable[[str | None], LinkKeys]


@dataclass(frozen=True, slots=True)
class Outside:
    """What opening an address needs. `keys` gives the link keys, anew if a key's id is unknown."""

    templates: ports.Templates
    images: ports.Images
    assets: ports.Assets
    pictures: ports.Objects
    store: ports.Objects
    fetcher: ports.Fetcher
    counters: ports.Counters
    renderer: Renderer
    keys: KeysFor
    origin: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = time.time
    merge_renders: int = MERGE_RENDERS  # a day, for one merge link
    until: Callable[[float], None] = lambda instant: None


@dataclass(frozen=True, slots=True)
class Room:
    """What all use cases share: one library, one studio."""

    library: Library
    store: SoundObjects
    sources: Sources
    studio: Studio
    budget: Budget

    @classmethod
    def of(cls, outside: Outside, *, settle: bool) -> "Room":
        """With `settle`, uploaded assets are written anew at their first use."""
        store = SoundObjects(outside.store)
        reader = AssetReader(outside.assets, store, settle=settle)
        sources = Sources(store, reader, outside.fetcher)
        studio = Studio(outside.renderer, sources, monotonic=outside.monotonic)
        library = Library(outside.templates, clock=outside.monotonic)
        budget = Budget(outside.counters, merge_renders=outside.merge_renders)
        return cls(library, store, sources, studio, budget)


@dataclass(frozen=True, slots=True)
class ImageService:
    """What the image function does, and the secret that its callers must know.

    `until` tells the monotonic instant at which whatever is waited for is given up.
    """

    opening: Opening
    origin: Callable[[], str]
    until: Callable[[float], None]
    clock: Callable[[], float] = field(default=time.time)
    monotonic: Callable[[], float] = field(default=time.monotonic)


def image_service(outside: Outside) -> ImageService:
    """Opens addresses."""
    room = Room.of(outside, settle=False)
    ladder = Ladder(
        room.library,
        room.studio,
        StandIns(outside.renderer, room.sources),
        outside.pictures,
        room.budget,
        damaged=lambda: room.store.damaged,
        monotonic=outside.monotonic,
    )
    opening = Opening(ladder, outside.images, outside.keys)
    return ImageService(opening, outside.origin, outside.until, outside.clock, outside.monotonic)
