"""An order: what to draw, how large, and in which format. Requests and links both become one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from postcard.errors import BadRequest, Fault, raise_faults
from postcard.formats import FORMATS, MAX_PICTURE_BYTES, EncodedImage
from postcard.geometry import DPRS, MAX_PIXELS, MAX_SIDE, OutputSize, output_size
from postcard.json_text import canonical_json, json_pointer
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.auto_format import expects_photos
from postcard.template.bind import BindMode, BoundValues, bind
from postcard.template.compiled import Template
from postcard.template.modifications import VALUE_KEYS, modifications_from_json
from postcard.template.validation.parse import Document


@dataclass(frozen=True, slots=True)
class RenderJob:
    """All that a picture follows from. `quality` is None where the format knows none.

    `pointers` says where a request named a picture: reference → JSON pointer.
    """

    loaded: LoadedTemplate
    values: BoundValues
    size: OutputSize
    format: str
    quality: int | None
    max_bytes: int | None
    dpr: float = 1
    source_pointers: Mapping[str, str] = field(default_factory=dict)

    @property
    def template(self) -> Template:
        """The compiled template."""
        return self.loaded.template

    @property
    def alt(self) -> str:
        """The text beside the picture."""
        return self.values.alt_text(self.template)

    def canonical(self) -> str:
        """The one spelling of this request: the same picture, the same text."""
        return canonical_json(
            {
                "template": self.loaded.stored.template_id,
                "version": self.loaded.version,
                "values": self.values.to_canonical_json(),
                "format": self.format,
                "width": self.size.display_width,
                "dpr": self.dpr,
                "quality": self.quality,
                "max_bytes": self.max_bytes,
            }
        )


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """The size and format that a request asks for; None is the template's own."""

    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    max_bytes: int | None = None

    def resolve_format(self, template: Template) -> str:
        """The format that goes out."""
        return self.format or template.format

    def resolve_quality(self, template: Template) -> int | None:
        """The quality, if the format knows one."""
        standard = FORMATS[self.resolve_format(template)].default_quality
        return None if standard is None else self.quality or template.quality or standard

    def resolve_size(self, document: Document) -> tuple[OutputSize, list[Fault]]:
        """The size, and what is wrong with it."""
        dpr = 1 if self.dpr is None else self.dpr
        usual = output_size(document.width, document.height)
        if dpr not in DPRS:
            return usual, [Fault("invalid_request", "/dpr", "The dpr is 1, 1.5, 2 or 3.")]
        if self.width is not None and self.width > MAX_SIDE:  # too much to reckon with, perhaps
            return usual, [Fault("invalid_request", "/width", f"The width is {MAX_SIDE} at most.")]
        size = output_size(document.width, document.height, width=self.width, dpr=dpr)
        if not size.is_within_limits:
            pointer = "/width" if self.width is not None else "/dpr"
            detail = (
                f"The picture would be {size.width} × {size.height} pixels: at most {MAX_SIDE} a "
                f"side and {MAX_PIXELS // 1_000_000} million in all. Make width or dpr smaller."
            )
            return size, [Fault("invalid_request", pointer, detail)]
        return size, []


def capped_size(document: Document, width: int | None, dpr: float) -> OutputSize:
    """The size for a link: the greatest dpr of 3 2 1.5 1 that is allowed, up to the one asked for.

    A width that is too large even so gives way to the template's own.
    """
    for shown in (width, None):
        for ratio in sorted((r for r in DPRS if r <= dpr), reverse=True):
            size = output_size(document.width, document.height, width=shown, dpr=ratio)
            if size.is_within_limits:
                return size
    return output_size(document.width, document.height)


def job_for_request(
    edition: LoadedTemplate,
    modifications: Sequence[Mapping[str, Any]],
    looks: OutputOptions,
    *,
    on_invalid: BindMode,
    found: Sequence[Fault] = (),
) -> RenderJob:
    """What a request asks for; `BadRequest` with all its faults, those `found` before included."""
    size, faults = looks.resolve_size(edition.template.document)
    faults += found
    bound = bind_modifications(
        edition.template, modifications, on_invalid=on_invalid, faults=faults
    )
    return replace(
        job_for_values(edition, bound, looks, size), source_pointers=_source_pointers(modifications)
    )


def job_for_values(
    edition: LoadedTemplate, bound: BoundValues, looks: OutputOptions, size: OutputSize
) -> RenderJob:
    """Values that are bound, with the looks asked for."""
    template = edition.template
    return RenderJob(
        loaded=edition,
        values=bound,
        size=size,
        format=looks.resolve_format(template),
        quality=looks.resolve_quality(template),
        max_bytes=looks.max_bytes or template.max_bytes,
        dpr=1 if looks.dpr is None else looks.dpr,
    )


def job_for_draft(order: RenderJob, asked: OutputOptions) -> RenderJob:
    """The order as a draft is drawn: `auto` for `format: auto`, so that drawing decides.

    A canvas for pictures that are not known yet is drawn as the jpg that it will be.
    """
    if order.template.document.format != "auto" or asked.format is not None:
        return order
    format = "jpg" if expects_photos(order.template.document) else "auto"
    return replace(order, format=format, quality=order.template.quality)


def bind_modifications(
    template: Template,
    modifications: Sequence[Mapping[str, Any]],
    *,
    on_invalid: BindMode,
    faults: list[Fault],
) -> BoundValues:
    """The values of a request; `BadRequest` with their faults and those found before."""
    try:
        changes = modifications_from_json(template, modifications)
        bound = bind(template, changes, mode=on_invalid)
    except BadRequest as bad:
        more = _faults_in_other_entries(template, modifications, bad.errors, on_invalid)
        raise_faults([*bad.errors, *more, *faults])
        raise
    lacking = [
        Fault(
            "missing_value",
            changes.pointer_to_link_name(name, template.fields),
            f"{name} is required and has no default.",
        )
        for name in bound.missing_required
    ]
    raise_faults([*lacking, *faults])
    return bound


def _faults_in_other_entries(
    template: Template,
    modifications: Sequence[Mapping[str, Any]],
    known: Sequence[Fault],
    on_invalid: BindMode,
) -> list[Fault]:
    """What is wrong with the entries that were not refused already, so that all is told at once."""
    places = [json_pointer("modifications", index) for index in range(len(modifications))]
    refused = {place for place in places for fault in known if _within(fault.pointer, place)}
    if not refused:
        return []
    rest = [index for index, place in enumerate(places) if place not in refused]
    try:
        entries = [modifications[index] for index in rest]
        bind(template, modifications_from_json(template, entries), mode=on_invalid)
    except BadRequest as bad:
        return [moved for fault in bad.errors if (moved := _with_entry_index(fault, rest))]
    return []


def _within(place: str, entry: str) -> bool:
    return place == entry or place.startswith(f"{entry}/")


def _with_entry_index(fault: Fault, indices: Sequence[int]) -> Fault | None:
    """The fault where its entry stands in the whole list; None if it is about no entry."""
    steps = fault.pointer.split("/")
    if len(steps) < 3:
        return None
    steps[2] = str(indices[int(steps[2])])
    return replace(fault, pointer="/".join(steps))


def _source_pointers(modifications: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Where each text was given, as it will be asked for if it is a picture's address."""
    return {
        text.strip(): f"{json_pointer('modifications', index, key)}{where}"
        for index, entry in enumerate(modifications)
        for key in VALUE_KEYS
        for text, where in _texts(entry.get(key))
    }


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """A text, or those of a list's items, each with its pointer."""
    if isinstance(value, str):
        yield value, ""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        for key, text in item.items() if isinstance(item, dict) else ():
            if isinstance(text, str):
                yield text, json_pointer(index, key)


def check_size(image: EncodedImage) -> None:
    """`BadRequest` for a picture that could not be sent."""
    size = len(image.body)
    if size <= MAX_PICTURE_BYTES:
        return
    detail = f"The picture is {size:,} bytes, {MAX_PICTURE_BYTES:,} can be sent: ask for less, or max_bytes."
    raise BadRequest(detail, errors=[Fault("invalid_request", "/max_bytes", detail)])
