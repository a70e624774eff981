"""Verifies fixes: the finding is gone, there is no new one, and all other pixels are the same."""

from collections import Counter
from collections.abc import Sequence

from postcard.canvas.inspection.pixel_difference import equal_outside, largest_difference
from postcard.errors import BadRequest, Fault
from postcard.lint.fixes.examination import Examination, Examiner
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import PatchError, apply_patch
from postcard.lint.fixes.proposals import propose
from postcard.lint.fixes.touched_layers import touched_areas
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.deadline import DeadlineExceeded
from postcard.runtime.lazy_dataclass import dataclass

MAX_TRIES = 60  # of one request: each draws the picture
MAX_SECONDS = 10.0  # of one request's tries
RESERVED_SECONDS = 1.0  # of the time until the deadline, for the response
_MAX_ENLARGED_DIFFERENCE = 16  # of 255


@dataclass(frozen=True, slots=True)
class VerifiedFix:
    """A fix, and the document with it as it was drawn."""

    fix: Fix
    after: Examination


class FixFinder:
    """Finds fixes for the findings of documents, with a limited number of tries in all."""

    def __init__(
        self, examiner: Examiner, *, max_tries: int = MAX_TRIES, max_seconds: float = MAX_SECONDS
    ) -> None:
        self._examiner = examiner
        self._tries_left = max_tries
        self._slowest = 0.0  # seconds of a try
        self._seconds_left = max_seconds

    def find(self, finding: Fault, before: Examination) -> VerifiedFix | None:
        """The first fix that passes; None if none does, or no time or try is left."""
        for fix in propose(finding, before):
            if not self._may_try():
                return None
            self._tries_left -= 1
            started = self._examiner.deadline.remaining()
            try:
                after = self._verify(fix, finding, before)
            except DeadlineExceeded:
                self._tries_left = 0
                return None
            self._count_seconds(started - self._examiner.deadline.remaining())
            if after is not None:
                return VerifiedFix(fix, after)
        return None

    def find_all(self, before: Examination) -> Sequence[tuple[Fault, Fix | None]]:
        """Each finding with its fix, in the order of the findings."""
        found = []
        for finding in before.findings:
            verified = self.find(finding, before)
            found.append((finding, verified.fix if verified else None))
        return found

    def _count_seconds(self, seconds: float) -> None:
        if seconds > 0:  # without a deadline it is NaN, infinity less infinity
            self._slowest = max(self._slowest, seconds)
            self._seconds_left -= seconds

    def _may_try(self) -> bool:
        remaining = self._examiner.deadline.remaining()
        has_time = min(self._seconds_left, remaining - RESERVED_SECONDS) > 2 * self._slowest
        return self._tries_left > 0 and has_time

    def _verify(self, fix: Fix, finding: Fault, before: Examination) -> Examination | None:
        try:
            document = apply_patch(before.document, fix.patch)
            after = self._examiner.examine_patched(document, before)
        except (BadRequest, PatchError, RenderFailed):
            return None
        if not _resolves(finding, before, after):
            return None
        if fix.scale is not None:
            larger = self._examiner.examine(
                before.document, scale=fix.scale, file_bytes=before.file_bytes
            )
            difference = largest_difference(larger.surface, after.surface)
            return after if difference <= _MAX_ENLARGED_DIFFERENCE else None
        return after if leaves_rest_equal(fix, before, after) else None


def leaves_rest_equal(fix: Fix, before: Examination, after: Examination) -> bool:
    """Whether all pixels outside the layers that a fix touches are as before."""
    areas = touched_areas(fix.patch, before, after)
    return areas is None or equal_outside(before.surface, after.surface, areas)


def _resolves(finding: Fault, before: Examination, after: Examination) -> bool:
    """Whether the finding is gone and no other has come."""
    now = Counter((one.code, one.pointer) for one in after.findings)
    earlier = Counter((one.code, one.pointer) for one in before.findings)
    return (finding.code, finding.pointer) not in now and not now - earlier
