"""Applies fixes one after another until no finding is left that has one."""

from collections.abc import Callable

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.verification import FixFinder
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FixedDocument:
    """A document with fixes applied, and each of them with the finding that it mends."""

    examined: Examination
    applied: tuple[tuple[Fault, Fix], ...]


def fix_all(
    finder: FixFinder,
    examined: Examination,
    accept: Callable[[Fault, Fix], bool] = lambda finding, fix: True,
) -> FixedDocument:
    """The document once nothing more can be fixed; `accept` decides about each fix.

    A finding without a fix is tried again after others are fixed, which may be what kept it.
    """
    applied: list[tuple[Fault, Fix]] = []
    left_alone: set[tuple[str, str]] = set()  # declined, or without a fix as things are
    declined: set[tuple[str, str]] = set()
    while finding := _next_finding(examined, left_alone):
        key = (finding.code, finding.pointer)
        verified = finder.find(finding, examined)
        if verified is None:
            left_alone.add(key)
        elif not accept(finding, verified.fix):
            left_alone.add(key)
            declined.add(key)
        else:
            examined = verified.after
            applied.append((finding, verified.fix))
            left_alone = set(declined)
    return FixedDocument(examined, tuple(applied))


def _next_finding(examined: Examination, left_alone: set[tuple[str, str]]) -> Fault | None:
    return next(
        (one for one in examined.findings if (one.code, one.pointer) not in left_alone), None
    )
