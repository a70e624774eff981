"""The use cases of the JSON API, put together from ports."""

from collections.abc import Callable, Mapping, Sequence

from postcard import ports
from postcard.assets.service import Assets
from postcard.delivery.assembly import Outside, Room
from postcard.keys.api_keys import Keys
from postcard.links.signing import LinkKeys
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.health import states
from postcard.services.images import Images
from postcard.services.links import Minting
from postcard.services.previews import Previews
from postcard.services.publishing import Publishing
from postcard.services.recalls import Recalls
from postcard.services.templates import Catalogue


@dataclass(frozen=True, slots=True)
class ApiOutside:
    """What the API needs beside what opening an address needs."""

    outside: Outside
    api_keys: ports.ApiKeys
    limiter: ports.RateLimiter
    idempotency: ports.Idempotency
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
    minting: Minting
    templates: Catalogue
    publishing: Publishing
    recalls: Recalls
    previews: Previews
    assets: Assets
    fonts: Callable[[float], Sequence[Mapping[str, object]]]
    health: Callable[[], Mapping[str, str]]
    keys: Keys
    limiter: ports.RateLimiter
    counters: ports.Counters
    idempotency: ports.Idempotency
    until: Callable[[float], None]
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    cors_origins: Sequence[str] = ()


def api_service(api: ApiOutside) -> ApiService:
    """Answers the API's calls."""
    outside = api.outside
    room = Room.of(outside, settle=True)

    def keys() -> LinkKeys:
        return outside.keys(None)

    minting = Minting(room.library, room.studio, keys, base_url=api.base_url)
    recalls = _recalls(api, room, keys)
    return ApiService(
        images=_images(api, room, minting, keys),
        minting=minting,
        templates=Catalogue(outside.templates, room.library, minting, recalls),
        publishing=Publishing(outside.templates, outside.store, room.studio),
        recalls=recalls,
        previews=Previews(room.library, room.studio),
        assets=Assets(outside.assets, outside.store, api.uploads),
        fonts=lambda deadline: [*api.fonts(), *_own_fonts(room, deadline)],
        health=lambda: _health(outside),
        keys=Keys(api.api_keys),
        limiter=api.limiter,
        counters=outside.counters,
        idempotency=api.idempotency,
        until=outside.until,
        clock=outside.clock,
        monotonic=outside.monotonic,
        cors_origins=api.cors_origins,
    )


def _recalls(api: ApiOutside, room: Room, keys: Callable[[], LinkKeys]) -> Recalls:
    outside = api.outside
    return Recalls(
        outside.templates,
        room.library,
        outside.images,
        outside.pictures,
        api.cdn,
        keys,
        monotonic=outside.monotonic,
    )


def _images(api: ApiOutside, room: Room, minting: Minting, keys: Callable[[], LinkKeys]) -> Images:
    return Images(
        room.library,
        room.studio,
        minting,
        api.outside.images,
        api.outside.pictures,
        api.cdn,
        room.budget,
        keys,
        base_url=api.base_url,
    )


def _own_fonts(room: Room, deadline: float) -> Sequence[Mapping[str, object]]:
    """The sender's own fonts; new ones are checked while there is time."""
    return room.studio.shelf().told(room.studio.renderer.fonts, deadline=deadline)


def _health(outside: Outside) -> Mapping[str, str]:
    nothing = "healthcheck"
    return states(
        {
            "table": lambda: outside.templates.record(nothing),
            "pictures": lambda: outside.pictures.get(f"errors/{nothing}"),
            "store": lambda: outside.store.get(f"assets/{nothing}"),
            "keys": lambda: outside.keys(None),
        }
    )
