"""Applies fixes one after another until none of the remaining findings has one."""

from collections.abc import Callable
from typing import Any

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import apply_patch
from postcard.lint.fixes.verification import FixFinder
from postcard.runtime.lazy_dataclass import dataclass

MAX_FIXES = 200  # in one document
Place = tuple[str, str]  # the code and the pointer of a finding
FoundFixes = tuple[tuple[Fault, Fix | None], ...]


@dataclass(frozen=True, slots=True)
class FixedDocument:
    """A document after its fixes: each with the finding that it resolved, and the other findings.

    `left` are those that have no fix, or whose fix was declined.
    """

    document: Any
    applied: tuple[tuple[Fault, Fix], ...]
    left: tuple[Fault, ...]


def fix_all(
    document: Any,
    find: Callable[[Any, frozenset[Place]], FoundFixes],
    accept: Callable[[Fault, Fix], bool] = lambda finding, fix: True,
) -> FixedDocument:
    """The document once nothing more can be fixed; `accept` decides about each fix.

    `find` returns the findings of a document, at least the first fixable one with its fix; it may
    leave out the fixes of the places that it is given, which were declined.
    """
    applied: list[tuple[Fault, Fix]] = []
    declined: set[Place] = set()
    while True:
        found = find(document, frozenset(declined))
        fixable = next(
            ((one, fix) for one, fix in found if fix and place(one) not in declined), None
        )
        if fixable is None or len(applied) == MAX_FIXES:
            return FixedDocument(document, tuple(applied), tuple(one for one, _ in found))
        finding, fix = fixable
        if accept(finding, fix):
            document = apply_patch(document, fix.patch)
            applied.append((finding, fix))
        else:
            declined.add(place(finding))


class NextFix:
    """Finds the first fix of a document: the `find` of `fix_all` that draws on this machine."""

    def __init__(self, examine: Callable[[Any], Examination], finder: FixFinder) -> None:
        self._examine = examine
        self._finder = finder
        self._latest: Examination | None = None  # of the last fix, which was drawn to verify it

    def __call__(self, document: Any, declined: frozenset[Place]) -> FoundFixes:
        """The findings, of which the first that can be fixed has its fix."""
        latest = self._latest
        examined = latest if latest and latest.document == document else self._examine(document)
        found: list[tuple[Fault, Fix | None]] = [(one, None) for one in examined.findings]
        for index, finding in enumerate(examined.findings):
            if place(finding) in declined:
                continue
            if verified := self._finder.find(finding, examined):
                found[index] = finding, verified.fix
                self._latest = verified.after
                break
        return tuple(found)


def place(finding: Fault) -> Place:
    """The code and the pointer of a finding, which identify it."""
    return finding.code, finding.pointer
