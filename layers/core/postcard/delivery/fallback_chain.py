"""A GET never shows a broken picture: what can be drawn is drawn, else the first that works of

1. the picture without what could not be fetched, by its layer's `on_error`;
2. the template with every field at its default;
3. its `fallback` (or `ended`), drawn at publish;
4. a plain card.

What follows from the link and the template alone is a success; only what follows from the moment
is marked, kept for a minute and never stored. While the table is away, a process draws what it
knows from before: kept for a minute too, since it may have been taken back.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from postcard.canvas.codecs.picture import PictureError
from postcard.delivery.picture_request import Wanted
from postcard.delivery.response import FAILURE, LATEST, TIMED, Answer, Reason, keep_for
from postcard.errors import Forbidden, Problem, TimedOut, Unavailable
from postcard.formats import EncodedImage
from postcard.pipeline.fallback_images import (
    SIZE_OF_THE_UNKNOWN,
    Frame,
    StandIns,
    stand_in_key,
    stand_in_keys,
)
from postcard.pipeline.pipeline import Drawing, Steps, Studio
from postcard.pipeline.render_job import MOST_BYTES, Order
from postcard.pipeline.template_loader import Edition, Library, effective
from postcard.ports import Objects, StoredObject, TemplateRecord
from postcard.render_budget import Budget
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import defaults
from postcard.template.fields.list_values import may_open


@dataclass
class Visit:
    """One GET at work: until when it may draw, and what its log line will say."""

    now: float
    deadline: float
    steps: Steps = field(default_factory=Steps)
    noted: dict[str, object] = field(default_factory=dict)


class Ladder:
    """Answers what is wanted with the best picture there is."""

    def __init__(
        self,
        library: Library,
        studio: Studio,
        stand_ins: StandIns,
        pictures: Objects,
        budget: Budget,
        *,
        damaged: Callable[[], int] = lambda: 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._damaged = damaged
        self._library = library
        self._studio = studio
        self._stand_ins = stand_ins
        self._pictures = pictures
        self._budget = budget
        self._monotonic = monotonic

    def answer(self, wanted: Wanted, visit: Visit) -> Answer:
        """A picture in any case; `Forbidden` if the link opens a field that is closed."""
        before = self._damaged()
        try:
            return self._answered(wanted, visit)
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)
            return self._plain(wanted, "dependency")
        except Problem:
            raise
        except Exception as failure:  # the last step of the ladder holds whatever broke above
            visit.noted["failure"] = place(failure)
            return self._plain(wanted, "render")
        finally:
            visit.noted["damaged"] = self._damaged() - before

    def _answered(self, wanted: Wanted, visit: Visit) -> Answer:
        visit.noted |= {"template": wanted.template_id, **wanted.noted}
        try:
            record, away = self._library.record_or_last(wanted.template_id)
            if away is not None:
                visit.noted["failure"] = str(away)
                wanted = replace(wanted, key=None, keeping=keep_for(FAILURE))
            edition = self._edition(record, wanted.version)
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)
            return self._instead(wanted, None, "dependency", visit)
        visit.steps.done("template")
        if record is None:
            return self._instead(wanted, None, "unknown", visit)
        if edition is None:
            latest = self._edition(record, None)
            return self._instead(wanted, latest, "erased" if record.erased else "unknown", visit)
        visit.noted["version"] = edition.number
        _refuse_opening(edition, wanted.opened)
        return self._of_edition(wanted, record, edition, visit)

    def blank(self, format: str) -> Answer:
        """For an image of which nothing can be read now: a plain card."""
        return _failure(self._stand_ins.card(Frame(SIZE_OF_THE_UNKNOWN, format)), "dependency")

    def _plain(self, wanted: Wanted, reason: Reason) -> Answer:
        return _failure(self._stand_ins.card(wanted.frame(None)), reason)

    def _of_edition(
        self, wanted: Wanted, record: TemplateRecord, edition: Edition, visit: Visit
    ) -> Answer:
        if record.erased or wanted.erased:
            return self._instead(wanted, edition, "erased", visit)
        if wanted.ended:
            image = self._stand_in(wanted, edition, ("ended", "fallback"), visit)
            return Answer(image, keep_for(LATEST), "stored")
        if record.paused:
            return self._instead(wanted, edition, "paused", visit, ("ended", "fallback"))
        try:
            order = wanted.order(edition, self._library)
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)
            return self._instead(wanted, edition, "dependency", visit)
        visit.steps.done("values")
        visit.noted["left_out"] = order.bound.counted
        if order.bound.missing_required:
            visit.noted["required"] = len(order.bound.missing_required)
            image = self._stand_in(wanted, edition, ("fallback",), visit)
            return self._kept(wanted, edition, Answer(image, wanted.keeping, "drawn"), visit)
        if not self._budget.spend(record, now=visit.now, merge=wanted.merge):
            return self._instead(wanted, edition, "budget", visit)
        return self._drawn(wanted, order, visit)

    def _edition(self, record: TemplateRecord | None, version: int | None) -> Edition | None:
        if record is None:
            return None
        number = effective(record, version or record.latest)
        return self._library.edition(record.template_id, number)

    def _drawn(self, wanted: Wanted, order: Order, visit: Visit) -> Answer:
        outcome = self._attempt(order, visit)
        if isinstance(outcome, Drawing):
            return self._of_drawing(wanted, order, outcome, visit)
        plain = replace(order, bound=defaults(order.template))
        if outcome == "render" and not plain.bound.missing_required and self._time_left(visit):
            second = self._attempt(plain, visit)
            if isinstance(second, Drawing):
                return _failure(second.image, outcome)
        return self._instead(wanted, order.edition, outcome, visit)

    def _of_drawing(self, wanted: Wanted, order: Order, drawing: Drawing, visit: Visit) -> Answer:
        visit.noted["missing_glyphs"] = drawing.missing_glyphs
        if drawing.degraded:
            return _failure(drawing.image, "source")
        if order.template.timed:
            return Answer(drawing.image, keep_for(TIMED), "drawn")
        drawn = Answer(drawing.image, wanted.keeping, "drawn")
        return self._kept(wanted, order.edition, drawn, visit)

    def _attempt(self, order: Order, visit: Visit) -> Drawing | Reason:
        """The drawing, or why there is none: the one place where any failure is an answer."""
        visit.noted["renders"] = 1
        try:
            drawing = self._studio.draw(
                order, now=visit.now, deadline=visit.deadline, steps=visit.steps
            )
        except RenderFailed:
            return "source"
        except TimedOut:
            return "timeout"
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)
            return "dependency"
        except Exception as failure:
            visit.noted["failure"] = place(failure)
            return "render"
        return drawing if len(drawing.image.body) <= MOST_BYTES else "render"

    def _kept(self, wanted: Wanted, edition: Edition, answer: Answer, visit: Visit) -> Answer:
        """Store what may be stored; a store that is down costs one more drawing, no more.

        What was taken back meanwhile is removed again: whoever takes back says so before the
        stored pictures are deleted, so one of the two sees the other. Where that cannot be asked
        the picture is shown, but not kept.
        """
        if wanted.key is None:
            return answer
        self._store(wanted.key, answer, visit)
        reason = self._taken_back(wanted, edition, visit)
        if reason is not None:
            self._remove(wanted.key, visit)
        visit.steps.done("store")
        if reason == "dependency":
            return replace(answer, keeping=keep_for(FAILURE))
        return self._instead(wanted, edition, reason, visit) if reason else answer

    def _store(self, key: str, answer: Answer, visit: Visit) -> None:
        image, keeping = answer.image, answer.keeping
        stored = StoredObject(
            image.body,
            image.content_type,
            cache_control=keeping.cache_control,
            expires=keeping.expires,
        )
        try:
            visit.noted["found"] = not self._pictures.add(key, stored)
        except Unavailable as failure:
            visit.noted |= {"unstored": True, "failure": str(failure)}

    def _remove(self, key: str, visit: Visit) -> None:
        try:
            self._pictures.delete([key])
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)

    def _taken_back(self, wanted: Wanted, edition: Edition, visit: Visit) -> Reason | None:
        """Why this is not what is drawn there now, or cannot be known to be."""
        try:
            record = self._library.record(wanted.template_id)
            if record is None or record.erased or not wanted.stands():
                return "erased"
        except Unavailable as failure:
            visit.noted["failure"] = str(failure)
            return "dependency"
        stands = effective(record, wanted.version or record.latest) == edition.number
        return None if stands else "erased"

    def _instead(
        self,
        wanted: Wanted,
        edition: Edition | None,
        reason: Reason,
        visit: Visit,
        kinds: Sequence[str] = ("fallback",),
    ) -> Answer:
        return _failure(self._stand_in(wanted, edition, kinds, visit), reason)

    def _stand_in(
        self, wanted: Wanted, edition: Edition | None, kinds: Sequence[str], visit: Visit
    ) -> EncodedImage:
        """The first of `kinds` that was stored at publish, else a plain card."""
        frame = wanted.frame(edition.template if edition else None)
        found = None
        try:
            found = self._stand_ins.fitted(_keys(wanted, edition, kinds), frame)
        except (Unavailable, PictureError) as failure:
            visit.noted["failure"] = place(failure)
        visit.steps.done("fallback")
        return found or self._stand_ins.card(frame)

    def _time_left(self, visit: Visit) -> bool:
        return self._monotonic() < visit.deadline


def _keys(wanted: Wanted, edition: Edition | None, kinds: Sequence[str]) -> list[str]:
    """Where stand-ins lie: as the version says, or where they must be if it cannot be read."""
    if edition is not None:
        return stand_in_keys(edition.stored, kinds)
    if wanted.version is None:
        return []
    return [stand_in_key(wanted.template_id, wanted.version, kind) for kind in kinds]


def _failure(image: EncodedImage, reason: Reason) -> Answer:
    return Answer(image, keep_for(FAILURE), "fallback", reason)


def _refuse_opening(edition: Edition, opened: Sequence[str]) -> None:
    fields = edition.template.document.fields
    closed = [name for name in opened if not may_open(fields, name)]
    if closed:
        raise Forbidden(
            f"The template keeps {', '.join(closed)} closed: sign the value.", code="bad_signature"
        )


def place(failure: BaseException) -> str:
    """The kind of a failure and where it happened; never its text, which may hold values."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    return type(failure).__name__ + where
