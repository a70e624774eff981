"""Bounds of numbers and lengths as annotations, which pydantic checks at publish.

They have the names of `annotated_types`' constraints and unpack into those, so that rendering,
which checks no bounds, need not import that package.
"""

from collections.abc import Iterator

from postcard.runtime.lazy_dataclass import dataclass


class _Constraint:
    __is_annotated_types_grouped_metadata__ = True

    def __iter__(self) -> Iterator[object]:
        """The constraint of `annotated_types`, as its protocol for grouped metadata asks."""
        import annotated_types

        cls = type(self)
        values = (getattr(self, name) for name in cls.__dataclass_fields__)  # type: ignore[attr-defined]
        yield getattr(annotated_types, cls.__name__)(*values)


@dataclass(frozen=True)
class Ge(_Constraint):
    """Greater than or equal to `ge`."""

    ge: float


@dataclass(frozen=True)
class Gt(_Constraint):
    """Greater than `gt`."""

    gt: float


@dataclass(frozen=True)
class Le(_Constraint):
    """Less than or equal to `le`."""

    le: float


@dataclass(frozen=True)
class Len(_Constraint):
    """From `min_length` to `max_length` characters or items, both included."""

    min_length: int
    max_length: int
