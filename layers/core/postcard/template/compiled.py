"""A template made ready to draw: names found, defaults read, Liquid parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from postcard.template.base import BaseLayer
from postcard.template.document import Document
from postcard.template.values import Value


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One version of a template.

    `named` are the layers that a request may address. `timed`: it shows the time of drawing.
    `format`, `quality`, `max_bytes` are what a request gets that does not say. `references` are
    the pictures that the document itself names (`asset:hero`, `https://…`).
    """

    id: str
    version: int
    document: Document
    named: Mapping[str, BaseLayer]
    defaults: Mapping[str, Value | None]
    zone: tzinfo
    timed: bool
    format: str
    quality: int | None
    max_bytes: int | None
    references: tuple[str, ...]

    @classmethod
    def compile(cls, template_id: str, version: int, document: Document) -> "Template":
        """Ready to draw; `BadRequest` with the pointers of what does not fit together."""
        raise NotImplementedError

    def unknown(self, name: str, *, layers_only: bool = False) -> str:
        """A sentence for a name that there is not, with the names that there are."""
        raise NotImplementedError

    def alt(self, values: Mapping[str, Value | None]) -> str:
        """The text beside the picture."""
        raise NotImplementedError
