"""What a GET wants, whichever kind of address it came by."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC
from typing import Any

from postcard.delivery.response import CachePolicy
from postcard.formats import FORMATS, MAX_PICTURE_BYTES
from postcard.geometry import OutputSize, output_size
from postcard.json_text import parse_json
from postcard.links.parse import Link
from postcard.pipeline.fallback_images import DEFAULT_SIZE, FallbackOptions, background_color
from postcard.pipeline.render_job import OutputOptions, RenderJob, capped_size, job_for_values
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import ImageRecord
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues, bind
from postcard.template.compiled import Template
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import default_value
from postcard.template.fields.values import value_to_json
from postcard.template.modifications import Modifications, modifications_from_link


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """A picture that was asked for by an address that is right.

    `version` None: the latest. `key`: where to store it, None if it may not be. `size` None: what
    the template makes of `width` and `dpr`. `opened`: the fields whose values nobody signed;
    `merge`: the signature of the link that opens them. `stands` looks whether it was erased since.
    """

    template_id: str
    version: int | None
    format: str
    cache_policy: CachePolicy
    key: str | None
    values: Callable[[LoadedTemplate, TemplateLoader], BoundValues]
    width: int | None = None
    dpr: float = 1
    quality: int | None = None
    max_bytes: int | None = None
    size: OutputSize | None = None
    open_fields: tuple[str, ...] = ()
    merge_signature: str | None = None
    ended: bool = False
    erased: bool = False
    log_fields: Mapping[str, object] = field(default_factory=dict)
    is_current: Callable[[], bool] = lambda: True

    def render_job(self, edition: LoadedTemplate, library: TemplateLoader) -> RenderJob:
        """The order, its weight bounded by what a Lambda can answer."""
        most = min(
            self.max_bytes or edition.template.max_bytes or MAX_PICTURE_BYTES, MAX_PICTURE_BYTES
        )
        looks = OutputOptions(self.format, quality=self.quality, max_bytes=most)
        bound = self.values(edition, library)
        return job_for_values(edition, bound, looks, self.size_for(edition.template))

    def size_for(self, template: Template) -> OutputSize:
        """The size that goes out."""
        return self.size or capped_size(template.document, self.width, self.dpr)

    def fallback_options(self, template: Template | None) -> FallbackOptions:
        """What a picture that stands in must look like."""
        quality = self.quality or FORMATS[self.format].default_quality
        if template is not None:
            background = background_color(template.document)
            return FallbackOptions(self.size_for(template), self.format, quality, background)
        return FallbackOptions(
            self.size or self._guessed_size(), self.format, quality, size_is_guess=self.size is None
        )

    def _guessed_size(self) -> OutputSize:
        usual = DEFAULT_SIZE
        size = output_size(usual.width, usual.height, width=self.width, dpr=self.dpr)
        return size if size.is_within_limits else usual


def from_link(
    link: Link, *, keeping: CachePolicy, key: str | None, ended: bool, digest: str
) -> PictureRequest:
    """What a verified link wants."""

    def values(edition: LoadedTemplate, library: TemplateLoader) -> BoundValues:
        changes = modifications_from_link(edition.template, link.fields)
        return bind(edition.template, changes, mode="link")

    return PictureRequest(
        template_id=link.template,
        version=link.version,
        format=link.format,
        cache_policy=keeping,
        key=key,
        values=values,
        width=link.width,
        dpr=link.dpr,
        quality=link.quality,
        open_fields=link.open_fields,
        merge_signature=link.signature if link.open_fields else None,
        ended=ended,
        log_fields={"digest": digest, **({"campaign": link.campaign} if link.campaign else {})},
    )


def from_image_record(
    record: ImageRecord, *, keeping: CachePolicy, key: str, stands: Callable[[], bool]
) -> PictureRequest:
    """What the address of an opaque image wants."""

    def values(edition: LoadedTemplate, library: TemplateLoader) -> BoundValues:
        if edition.version == record.version:
            return BoundValues.from_canonical_json(edition.template, record.values)
        return _values_for_replacement(record, edition.template, library)

    size = OutputSize(record.display_width, record.display_height, record.width, record.height)
    return PictureRequest(
        template_id=record.template_id,
        version=record.version,
        format=record.format,
        cache_policy=keeping,
        key=key,
        values=values,
        quality=record.quality,
        max_bytes=record.max_bytes,
        size=size,
        erased=record.erased,
        log_fields={"image_id": record.image_id},
        is_current=stands,
    )


def _explicit_value(spec: AnyField | None, kept: Any) -> Any:
    """A kept value; of a list's items what differs from their defaults."""
    if not isinstance(spec, ListField):
        return kept
    usual = {key: value_to_json(default_value(inner, UTC)) for key, inner in spec.items.items()}
    return [{k: v for k, v in item.items() if v != usual.get(k)} or item for item in kept]


def _values_for_replacement(
    record: ImageRecord, template: Template, library: TemplateLoader
) -> BoundValues:
    """The values of a recalled version's image; its defaults give way to the new version's."""
    kept = parse_json(record.values)
    old = library.load_version(record.template_id, record.version)
    defaults = BoundValues.from_canonical_json(old.template, record.values).values if old else {}
    usual = old.template.default_values if old else {}
    fields = {
        name: _explicit_value(old.template.fields.get(name), value) if old else value
        for name, value in kept["values"].items()
        if name in template.document.fields and not (old and defaults.get(name) == usual.get(name))
    }
    layers = {
        name: {
            k: v
            for k, v in given.items()
            if k == "visible" or k in template.addressable_layers[name].modifiable
        }
        for name, given in kept["layers"].items()
        if name in template.addressable_layers
    }
    return bind(template, Modifications(fields, layers), mode="link")
