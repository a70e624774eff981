"""Gives the pictures of a batch their addresses, in each of its modes."""

from collections.abc import Callable
from math import inf

from postcard.budgets.money_budget import PictureAllowance
from postcard.budgets.picture_price import PicturePrice
from postcard.campaigns.batches.batch_budget import DrawingBudget
from postcard.campaigns.batches.row_picture import PictureUrl
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
    cost: int = 0

    def address(self, job: RenderJob) -> PictureUrl:
        """The link of the job's values."""
        return PictureUrl(self.base_url + self.minter.sign(job), cost=self.cost)

    def fallback(self, job: RenderJob) -> str:
        """The link of a job with the template's defaults."""
        return self.base_url + self.minter.sign(job)


@dataclass(frozen=True, slots=True)
class ImageAddresses:
    """Mode `images`: the address of an opaque image, whose record holds the values."""

    images: Images
    links: LinkAddresses
    now: int
    cost: int
    campaign: str | None = None

    def address(self, job: RenderJob) -> PictureUrl:
        """The image's address; equal jobs have equal ones."""
        image = self.images.create_pending(job, now=self.now, campaign=self.campaign)
        return PictureUrl(image.url, cost=0 if image.cached else self.cost)

    def fallback(self, job: RenderJob) -> str:
        """The link of a job with the template's defaults: it has no values either."""
        return self.links.fallback(job)


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

    A picture that is stored already is not drawn again, and costs nothing. `budget` None: the
    batch has no `max_usd`.
    """

    links: LinkAddresses
    keys: LinkKeys
    pictures: PictureService
    stored: ObjectStore
    pace: Pace
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    price: PicturePrice
    budget: DrawingBudget | None = None

    def address(self, job: RenderJob) -> PictureUrl:
        """The link, with a warning if its picture could not be drawn now. `BatchRefused`."""
        link = self.links.minter.sign(job)
        path, _, query = link.partition("?")
        key_path = cache_path(self.keys, parse_link(path, query), now=self.clock())
        if self.stored.get(key_path.removeprefix("/")) is not None:
            return PictureUrl(self.links.base_url + link)
        if self.budget is None:
            fault, cost = self._draw(key_path, link, None)
        else:
            allowance = self.budget.reserve()
            if allowance is None:
                return PictureUrl("", is_over_budget=True)
            try:
                fault, _ = self._draw(key_path, link, allowance)
            finally:
                allowance.release()
            cost = allowance.cost
        return PictureUrl(self.links.base_url + link, () if fault is None else (fault,), cost)

    def fallback(self, job: RenderJob) -> str:
        """The link of a job with the template's defaults."""
        return self.links.fallback(job)

    def _draw(
        self, key_path: str, link: str, allowance: PictureAllowance | None
    ) -> tuple[Fault | None, int]:
        """What hindered the drawing, and what the picture costs by its time and its bytes."""
        self.pace.wait()
        now = self.monotonic()
        deadline = now + DRAWING_SECONDS
        context = RequestContext(
            self.clock(), deadline, deadline + 2, allowance=allowance, ahead=True
        )
        try:
            response = self.pictures.get(key_path, link, context)
        except Problem as problem:
            return Fault("not_drawn", "", f"The picture was not drawn now: {problem.code}."), 0
        milliseconds = (self.monotonic() - now) * 1000
        if response.reason is None:
            size = len(response.image.body)
            return None, self.price.cost(milliseconds=milliseconds, picture_bytes=size)
        detail = f"The picture was not drawn now ({response.reason}): its first GET draws it."
        return Fault("not_drawn", "", detail), 0
