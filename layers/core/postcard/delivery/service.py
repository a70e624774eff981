"""Opening an address: what the image function is called with becomes a picture."""

from collections.abc import Callable
from dataclasses import replace

from postcard import ports
from postcard.delivery.fallback_chain import FallbackChain, RequestContext
from postcard.delivery.picture_request import from_image_record, from_link
from postcard.delivery.response import (
    DAY_SECONDS,
    LATEST_SECONDS,
    NO_STORE,
    CachePolicy,
    PictureResponse,
    cache_for,
    cache_until,
    image_key,
)
from postcard.errors import NotFound, ServiceUnavailable
from postcard.formats import FORMATS
from postcard.links.image_ids import is_valid_image_id
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import VerifiedLink, verify_request

LinkKeysById = Callable[[str | None], LinkKeys]


class PictureService:
    """Both kinds of address, verified once more, answered by the ladder."""

    def __init__(self, ladder: FallbackChain, images: ports.ImageStore, keys: LinkKeysById) -> None:
        self._ladder = ladder
        self._images = images
        self._keys = keys

    def get(self, path: str, link_header: str, visit: RequestContext) -> PictureResponse:
        """The picture of a path; `BadRequest`, `Forbidden`, `NotFound`: no picture, `no-store`."""
        if path.startswith("/renders/"):
            return self._open_link(path, link_header, visit)
        return self._open_image(path, visit)

    def _open_link(self, path: str, link_header: str, visit: RequestContext) -> PictureResponse:
        link = parse_link(*link_header.partition("?")[::2])
        keys = self._keys(link.kid)
        called = verify_request(keys, path, link, now=visit.now)
        visit.timings.lap("verify")
        storable = called.kind == "version" and not called.unverified
        wanted = from_link(
            link,
            keeping=_keeping_of(called),
            key=path.removeprefix("/") if storable else None,
            ended=called.kind == "ended",
            digest=path.rpartition("/")[2].partition(".")[0],
        )
        answer = self._ladder.answer(wanted, visit)
        return replace(answer, cache_policy=NO_STORE) if called.unverified else answer

    def _open_image(self, path: str, visit: RequestContext) -> PictureResponse:
        image_id, _, extension = path.removeprefix("/images/").partition(".")
        if extension not in FORMATS or not is_valid_image_id(self._keys(None), image_id):
            raise NotFound("There is no such picture.")
        key = image_key(image_id, extension)
        visit.timings.lap("verify")
        try:
            record = self._images.get(image_id)
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)
            return self._ladder.blank(extension)
        if record is None or record.format != extension:
            raise NotFound("There is no such picture.")

        def stands() -> bool:
            now = self._images.get(image_id)
            return now is not None and not now.erased

        wanted = from_image_record(record, keeping=cache_for(DAY_SECONDS), key=key, stands=stands)
        return self._ladder.answer(wanted, visit)


def _keeping_of(called: VerifiedLink) -> CachePolicy:
    if called.kind == "version" and called.link.expires is not None:
        return cache_until(called.link.expires)
    return cache_for(DAY_SECONDS if called.kind == "version" else LATEST_SECONDS)
