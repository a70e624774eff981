"""What a GET wants, whichever kind of address it came by."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC
from typing import Any

from postcard.delivery.response import Keeping
from postcard.formats import FORMATS
from postcard.geometry import OutputSize, output_size
from postcard.json_text import read_json
from postcard.links.parse import Link
from postcard.pipeline.fallback_images import SIZE_OF_THE_UNKNOWN, Frame, plain_background
from postcard.pipeline.render_job import MOST_BYTES, Looks, Order, capped_size, placed
from postcard.pipeline.template_loader import Edition, Library
from postcard.ports import ImageRecord
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import Bound, bind
from postcard.template.compiled import Template
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import default_of
from postcard.template.fields.values import written
from postcard.template.modifications import Changes, changes_from_link


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that was asked for by an address that is right.

    `version` None: the latest. `key`: where to store it, None if it may not be. `size` None: what
    the template makes of `width` and `dpr`. `opened`: the fields whose values nobody signed;
    `merge`: the signature of the link that opens them. `stands` looks whether it was erased since.
    """

    template_id: str
    version: int | None
    format: str
    keeping: Keeping
    key: str | None
    values: Callable[[Edition, Library], Bound]
    width: int | None = None
    dpr: float = 1
    quality: int | None = None
    max_bytes: int | None = None
    size: OutputSize | None = None
    opened: tuple[str, ...] = ()
    merge: str | None = None
    ended: bool = False
    erased: bool = False
    noted: Mapping[str, object] = field(default_factory=dict)
    stands: Callable[[], bool] = lambda: True

    def order(self, edition: Edition, library: Library) -> Order:
        """The order, its weight bounded by what a Lambda can answer."""
        most = min(self.max_bytes or edition.template.max_bytes or MOST_BYTES, MOST_BYTES)
        looks = Looks(self.format, quality=self.quality, max_bytes=most)
        bound = self.values(edition, library)
        return placed(edition, bound, looks, self.size_for(edition.template))

    def size_for(self, template: Template) -> OutputSize:
        """The size that goes out."""
        return self.size or capped_size(template.document, self.width, self.dpr)

    def frame(self, template: Template | None) -> Frame:
        """What a picture that stands in must look like."""
        quality = self.quality or FORMATS[self.format].quality
        if template is not None:
            background = plain_background(template.document)
            return Frame(self.size_for(template), self.format, quality, background)
        return Frame(self.size or self._guess(), self.format, quality, guessed=self.size is None)

    def _guess(self) -> OutputSize:
        usual = SIZE_OF_THE_UNKNOWN
        size = output_size(usual.width, usual.height, width=self.width, dpr=self.dpr)
        return size if size.allowed else usual


def by_link(link: Link, *, keeping: Keeping, key: str | None, ended: bool, digest: str) -> Wanted:
    """What a verified link wants."""

    def values(edition: Edition, library: Library) -> Bound:
        changes = changes_from_link(edition.template, link.fields)
        return bind(edition.template, changes, mode="link")

    return Wanted(
        template_id=link.template,
        version=link.version,
        format=link.format,
        keeping=keeping,
        key=key,
        values=values,
        width=link.width,
        dpr=link.dpr,
        quality=link.quality,
        opened=link.open,
        merge=link.signature if link.open else None,
        ended=ended,
        noted={"digest": digest, **({"campaign": link.campaign} if link.campaign else {})},
    )


def by_record(
    record: ImageRecord, *, keeping: Keeping, key: str, stands: Callable[[], bool]
) -> Wanted:
    """What the address of an opaque image wants."""

    def values(edition: Edition, library: Library) -> Bound:
        if edition.number == record.version:
            return Bound.restore(edition.template, record.values)
        return _carried_over(record, edition.template, library)

    size = OutputSize(record.display_width, record.display_height, record.width, record.height)
    return Wanted(
        template_id=record.template_id,
        version=record.version,
        format=record.format,
        keeping=keeping,
        key=key,
        values=values,
        quality=record.quality,
        max_bytes=record.max_bytes,
        size=size,
        erased=record.erased,
        noted={"image": record.image_id},
        stands=stands,
    )


def _own(spec: AnyField | None, kept: Any) -> Any:
    """A kept value; of a list's items what differs from their defaults."""
    if not isinstance(spec, ListField):
        return kept
    usual = {key: written(default_of(inner, UTC)) for key, inner in spec.items.items()}
    return [{k: v for k, v in item.items() if v != usual.get(k)} or item for item in kept]


def _carried_over(record: ImageRecord, template: Template, library: Library) -> Bound:
    """The values of a recalled version's image; its defaults give way to the new version's."""
    kept = read_json(record.values)
    old = library.edition(record.template_id, record.version)
    defaults = Bound.restore(old.template, record.values).values if old else {}
    usual = old.template.defaults if old else {}
    fields = {
        name: _own(old.template.fields.get(name), value) if old else value
        for name, value in kept["values"].items()
        if name in template.document.fields and not (old and defaults.get(name) == usual.get(name))
    }
    layers = {
        name: {k: v for k, v in given.items() if k == "visible" or k in template.named[name].takes}
        for name, given in kept["layers"].items()
        if name in template.named
    }
    return bind(template, Changes(fields, layers), mode="link")
