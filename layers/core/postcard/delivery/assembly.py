"""Puts the picture service together from ports, with what the API's services share with it."""

import time
from collections.abc import Callable
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from postcard import ports
from postcard.assets.reader import AssetReader
from postcard.assets.verified_object_store import VerifiedObjectStore
from postcard.budgets.render_budget import RenderBudget
from postcard.delivery.picture_service import LinkKeysById, PictureService
from postcard.pipeline.fallback_images import FallbackImages
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.pipeline.template_loader import TemplateLoader
from postcard.rendering.renderer import Renderer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Caches
from postcard.settings import DEFAULT_MERGE_RENDERS, DEFAULT_REGION
from postcard.usage.counter import UsageCounter

if TYPE_CHECKING:
    from postcard.budgets.money_budget import MoneyBudgets
    from postcard.budgets.template_budgets import TemplateBudgets


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The outside world of the picture service: stores, fetcher, clocks, keys.

    `keys` gives the link keys; asked for an unknown key id it reads them again. `set_deadline`
    receives the `time.monotonic()` instant at which every wait on a store is given up.
    """

    templates: ports.TemplateStore
    images: ports.ImageStore
    assets: ports.AssetStore
    pictures: ports.ObjectStore
    store: ports.ObjectStore
    fetcher: ports.Fetcher
    counters: ports.Counters
    budgets: ports.BudgetStore
    budget_notices: ports.BudgetNoticeStore
    renderer: Renderer
    keys: LinkKeysById
    origin: Callable[[], str]
    usage: UsageCounter
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = time.time
    merge_renders: int = DEFAULT_MERGE_RENDERS  # a day, for one merge link
    region: str = DEFAULT_REGION  # whose list prices count
    stores_renders: bool = True  # False: the CDN alone keeps the pictures of links
    set_deadline: Callable[[float], None] = lambda instant: None
    caches: Caches = field(default_factory=Caches)


@dataclass(frozen=True, slots=True)
class SharedServices:
    """The parts that the picture service and the API's services have in common."""

    templates: TemplateLoader
    store: VerifiedObjectStore
    sources: SourceFetcher
    pipeline: RenderPipeline
    budget: RenderBudget
    money: "Callable[[], MoneyBudgets]"
    template_budgets: "Callable[[], TemplateBudgets]"

    @classmethod
    def build(cls, dependencies: Dependencies, *, normalize_uploads: bool) -> "SharedServices":
        """With `normalize_uploads`, uploaded assets are checked and rewritten at first use."""
        monotonic, caches = dependencies.monotonic, dependencies.caches
        store = VerifiedObjectStore(dependencies.store)
        decode = dependencies.renderer.image_cache.decode_untrusted

        @cache  # imported only where a budget in money is set
        def money() -> "MoneyBudgets":
            from postcard.budgets.money_budget import MoneyBudgets
            from postcard.budgets.money_notices import MoneyNotices

            notices = MoneyNotices(dependencies.budget_notices)
            return MoneyBudgets(dependencies.budgets, notices, monotonic=monotonic)

        @cache
        def template_budgets() -> "TemplateBudgets":
            from postcard.budgets.picture_price import picture_price
            from postcard.budgets.template_budgets import TemplateBudgets

            region = dependencies.region
            price = picture_price(region, stored=dependencies.stores_renders)
            return TemplateBudgets(money(), price, picture_price(region))

        assets = AssetReader(
            dependencies.assets,
            store,
            decode,
            normalize=normalize_uploads,
            monotonic=monotonic,
            caches=caches,
        )
        sources = SourceFetcher(
            store, assets, dependencies.fetcher, decode, monotonic=monotonic, caches=caches
        )
        return cls(
            templates=TemplateLoader(dependencies.templates, clock=monotonic, caches=caches),
            store=store,
            sources=sources,
            pipeline=RenderPipeline(
                dependencies.renderer, sources, monotonic=monotonic, caches=caches
            ),
            budget=RenderBudget(
                dependencies.counters,
                dependencies.budget_notices,
                merge_renders=dependencies.merge_renders,
                clock=monotonic,
            ),
            money=money,
            template_budgets=template_budgets,
        )


@dataclass(frozen=True, slots=True)
class ImageService:
    """What the image function calls, and the origin secret that its callers must send.

    `finish_usage` waits for counts that are being written, until a `time.monotonic()` instant.
    """

    pictures: PictureService
    origin: Callable[[], str]
    set_deadline: Callable[[float], None]
    finish_usage: Callable[[float], None]
    clock: Callable[[], float] = field(default=time.time)
    monotonic: Callable[[], float] = field(default=time.monotonic)


def image_service(dependencies: Dependencies) -> ImageService:
    """The service of the image function."""
    shared = SharedServices.build(dependencies, normalize_uploads=False)
    pictures = PictureService(
        shared.templates,
        dependencies.images,
        dependencies.pictures,
        shared.pipeline,
        FallbackImages(dependencies.renderer, shared.sources),
        shared.budget,
        shared.template_budgets,
        dependencies.keys,
        dependencies.usage,
        corrupted_objects=lambda: shared.store.corrupt_count,
        take_unsealed_decodes=dependencies.renderer.image_cache.take_unsealed_files,
        monotonic=dependencies.monotonic,
        stores_renders=dependencies.stores_renders,
    )
    return ImageService(
        pictures,
        dependencies.origin,
        dependencies.set_deadline,
        dependencies.usage.finish,
        dependencies.clock,
        dependencies.monotonic,
    )
