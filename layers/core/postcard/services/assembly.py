"""The use cases of the JSON API, put together from ports."""

from collections.abc import Callable, Mapping, Sequence

from postcard import ports
from postcard.assets.service import AssetService
from postcard.delivery.assembly import Dependencies, SharedServices
from postcard.keys.api_keys import ApiKeyService
from postcard.links.signing import LinkKeys
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.health import check_all
from postcard.services.images import Images
from postcard.services.links import LinkService
from postcard.services.previews import Previews
from postcard.services.publishing import Publisher
from postcard.services.recalls import Recalls
from postcard.services.templates import TemplateCatalog


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """What the API needs beside what opening an address needs."""

    dependencies: Dependencies
    api_keys: ports.ApiKeyStore
    limiter: ports.RateLimiter
    idempotency: ports.IdempotencyStore
    uploads: ports.Uploads
    cdn: ports.Cdn
    fonts: Callable[[], Sequence[Mapping[str, object]]]
    base_url: str
    cors_origins: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ApiService:
    """Everything that the API's handlers call.

    `until` tells the monotonic instant at which whatever is waited for is given up.
    """

    images: Images
    links: LinkService
    templates: TemplateCatalog
    publisher: Publisher
    recalls: Recalls
    previews: Previews
    assets: AssetService
    fonts: Callable[[float], Sequence[Mapping[str, object]]]
    health: Callable[[], Mapping[str, str]]
    keys: ApiKeyService
    limiter: ports.RateLimiter
    counters: ports.Counters
    idempotency: ports.IdempotencyStore
    set_deadline: Callable[[float], None]
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    cors_origins: Sequence[str] = ()


def api_service(api: ApiDependencies) -> ApiService:
    """Answers the API's calls."""
    outside = api.dependencies
    room = SharedServices.build(outside, settle=True)

    def keys() -> LinkKeys:
        return outside.keys(None)

    minting = LinkService(room.templates, room.pipeline, keys, base_url=api.base_url)
    recalls = _recalls(api, room, keys)
    return ApiService(
        images=_images(api, room, minting, keys),
        links=minting,
        templates=TemplateCatalog(outside.templates, room.templates, minting, recalls),
        publisher=Publisher(outside.templates, outside.store, room.pipeline),
        recalls=recalls,
        previews=Previews(room.templates, room.pipeline),
        assets=AssetService(outside.assets, outside.store, api.uploads),
        fonts=lambda deadline: [*api.fonts(), *_custom_fonts(room, deadline)],
        health=lambda: _health(outside),
        keys=ApiKeyService(api.api_keys),
        limiter=api.limiter,
        counters=outside.counters,
        idempotency=api.idempotency,
        set_deadline=outside.set_deadline,
        clock=outside.clock,
        monotonic=outside.monotonic,
        cors_origins=api.cors_origins,
    )


def _recalls(api: ApiDependencies, room: SharedServices, keys: Callable[[], LinkKeys]) -> Recalls:
    outside = api.dependencies
    return Recalls(
        outside.templates,
        room.templates,
        outside.images,
        outside.pictures,
        api.cdn,
        keys,
        monotonic=outside.monotonic,
    )


def _images(
    api: ApiDependencies, room: SharedServices, minting: LinkService, keys: Callable[[], LinkKeys]
) -> Images:
    return Images(
        room.templates,
        room.pipeline,
        minting,
        api.dependencies.images,
        api.dependencies.pictures,
        api.cdn,
        room.budget,
        keys,
        base_url=api.base_url,
    )


def _custom_fonts(room: SharedServices, deadline: float) -> Sequence[Mapping[str, object]]:
    """The sender's own fonts; new ones are checked while there is time."""
    return room.pipeline.custom_fonts().describe_fonts(
        room.pipeline.renderer.fonts, deadline=deadline
    )


def _health(outside: Dependencies) -> Mapping[str, str]:
    nothing = "healthcheck"
    return check_all(
        {
            "table": lambda: outside.templates.record(nothing),
            "pictures": lambda: outside.pictures.get(f"errors/{nothing}"),
            "store": lambda: outside.store.get(f"assets/{nothing}"),
            "keys": lambda: outside.keys(None),
        }
    )
