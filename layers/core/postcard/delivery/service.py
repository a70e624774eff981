"""Opening an address: what the image function is called with becomes a picture."""

from collections.abc import Callable
from dataclasses import replace

from postcard import ports
from postcard.delivery.fallback_chain import Ladder, Visit
from postcard.delivery.picture_request import by_link, by_record
from postcard.delivery.response import (
    DAY,
    LATEST,
    NEVER,
    Answer,
    Keeping,
    image_key,
    keep_for,
    keep_until,
)
from postcard.errors import NotFound, Unavailable
from postcard.formats import FORMATS
from postcard.links import verify as links
from postcard.links.signing import LinkKeys

KeysFor = Callable[[str | None], LinkKeys]


class Opening:
    """Both kinds of address, verified once more, answered by the ladder."""

    def __init__(self, ladder: Ladder, images: ports.Images, keys: KeysFor) -> None:
        self._ladder = ladder
        self._images = images
        self._keys = keys

    def open(self, path: str, link_header: str, visit: Visit) -> Answer:
        """The picture of a path; `BadRequest`, `Forbidden`, `NotFound`: no picture, `no-store`."""
        if path.startswith("/renders/"):
            return self._open_link(path, link_header, visit)
        return self._open_image(path, visit)

    def _open_link(self, path: str, link_header: str, visit: Visit) -> Answer:
        link = links.read(*link_header.partition("?")[::2])
        keys = self._keys(link.kid)
        called = links.open_called(keys, path, link_header, now=visit.now)
        visit.steps.done("verify")
        storable = called.klass == "version" and not called.unverified
        wanted = by_link(
            link,
            keeping=_keeping_of(called),
            key=path.removeprefix("/") if storable else None,
            ended=called.klass == "ended",
            digest=path.rpartition("/")[2].partition(".")[0],
        )
        answer = self._ladder.answer(wanted, visit)
        return replace(answer, keeping=NEVER) if called.unverified else answer

    def _open_image(self, path: str, visit: Visit) -> Answer:
        image_id, _, extension = path.removeprefix("/images/").partition(".")
        if extension not in FORMATS or not links.is_image_id(self._keys(None), image_id):
            raise NotFound("There is no such picture.")
        key = image_key(image_id, extension)
        visit.steps.done("verify")
        try:
            record = self._images.get(image_id)
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)
            return self._ladder.blank(extension)
        if record is None or record.format != extension:
            raise NotFound("There is no such picture.")

        def stands() -> bool:
            now = self._images.get(image_id)
            return now is not None and not now.erased

        wanted = by_record(record, keeping=keep_for(DAY), key=key, stands=stands)
        return self._ladder.answer(wanted, visit)


def _keeping_of(called: links.Called) -> Keeping:
    if called.klass == "version" and called.link.expires is not None:
        return keep_until(called.link.expires)
    return keep_for(DAY if called.klass == "version" else LATEST)
