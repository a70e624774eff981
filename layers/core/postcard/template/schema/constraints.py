"""Bounds of written numbers and lengths, asked at the door only.

They stand for `annotated_types`' own, which a picture would wait for and never ask: pydantic takes
these apart by that package's protocol.
"""

from collections.abc import Iterator

from postcard.runtime.lazy_dataclass import dataclass


class _Constraint:
    __is_annotated_types_grouped_metadata__ = True

    def __iter__(self) -> Iterator[object]:
        """What it is to pydantic."""
        import annotated_types

        one = type(self)
        values = (getattr(self, name) for name in one.__dataclass_fields__)  # type: ignore[attr-defined]
        yield getattr(annotated_types, one.__name__)(*values)


@dataclass(frozen=True)
class Ge(_Constraint):
    """At least `least`."""

    ge: float


@dataclass(frozen=True)
class Gt(_Constraint):
    """Over `floor`."""

    gt: float


@dataclass(frozen=True)
class Le(_Constraint):
    """At most `most`."""

    le: float


@dataclass(frozen=True)
class Len(_Constraint):
    """Between `least` and `most` letters or items, both among them."""

    min_length: int
    max_length: int
