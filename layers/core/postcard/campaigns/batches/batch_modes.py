"""Gives the pictures of a batch their addresses, in each of its modes."""

from collections.abc import Callable, Sequence
from math import inf

from postcard.delivery.picture_service import PictureService
from postcard.delivery.request_context import RequestContext
from postcard.errors import Fault, Problem
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.pipeline.render_job import RenderJob
from postcard.ports import ObjectStore
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.images import Images
from postcard.services.link_minting import LinkMinter

DRAWING_SECONDS = 25.0  # for one picture in mode `warm`


@dataclass(frozen=True, slots=True)
class LinkAddresses:
    """Mode `links`: a signed link. Nothing is stored."""

    minter: LinkMinter
    base_url: str

    def address(self, job: RenderJob) -> tuple[str, Sequence[Fault]]:
        """The link of the job's values."""
        return self.base_url + self.minter.sign(job), ()


@dataclass(frozen=True, slots=True)
class ImageAddresses:
    """Mode `images`: the address of an opaque image, whose record holds the values."""

    images: Images
    now: int
    campaign: str | None = None

    def address(self, job: RenderJob) -> tuple[str, Sequence[Fault]]:
        """The image's address; equal jobs have equal ones."""
        return self.images.create_pending(job, now=self.now, campaign=self.campaign).url, ()


class Pace:
    """Lets at most `rate` things happen a second, by waiting."""

    def __init__(
        self, rate: float, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._interval = 1 / rate
        self._monotonic, self._sleep = monotonic, sleep
        self._next = -inf

    def wait(self) -> None:
        """Wait for the next one's turn."""
        now = self._monotonic()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._interval


@dataclass(frozen=True, slots=True)
class WarmAddresses:
    """Mode `warm`: a signed link whose picture is drawn and stored now, as its first GET would.

    A picture that is stored already is not drawn again. `deadline` is a `time.monotonic()` instant.
    """

    links: LinkAddresses
    keys: LinkKeys
    pictures: PictureService
    stored: ObjectStore
    pace: Pace
    clock: Callable[[], float]
    monotonic: Callable[[], float]

    def address(self, job: RenderJob) -> tuple[str, Sequence[Fault]]:
        """The link, with a warning if its picture could not be drawn now."""
        link = self.links.minter.sign(job)
        path, _, query = link.partition("?")
        key_path = cache_path(self.keys, parse_link(path, query), now=self.clock())
        if self.stored.get(key_path.removeprefix("/")) is None:
            self.pace.wait()
            if (fault := self._draw(key_path, link)) is not None:
                return self.links.base_url + link, (fault,)
        return self.links.base_url + link, ()

    def _draw(self, key_path: str, link: str) -> Fault | None:
        now = self.monotonic()
        deadline = now + DRAWING_SECONDS
        context = RequestContext(self.clock(), deadline, deadline + 2, ahead=True)
        try:
            response = self.pictures.get(key_path, link, context)
        except Problem as problem:
            return Fault("not_drawn", "", f"The picture was not drawn now: {problem.code}.")
        if response.reason is None:
            return None
        detail = f"The picture was not drawn now ({response.reason}): its first GET draws it."
        return Fault("not_drawn", "", detail)
