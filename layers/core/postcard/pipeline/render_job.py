"""A render job: everything that one picture's bytes follow from. Requests and links become one."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

from postcard.errors import BadRequest, Fault, raise_faults
from postcard.geometry import DPRS, MAX_PIXELS, MAX_SIDE, OutputSize, output_size
from postcard.image_formats import FORMATS, MAX_PICTURE_BYTES, EncodedImage
from postcard.json_text import canonical_json, json_pointer
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.auto_format import expects_photos
from postcard.template.bind import (
    NO_NAMES,
    BaseValues,
    BindMode,
    BoundValues,
    EveryName,
    bind,
)
from postcard.template.compiled import Template
from postcard.template.modifications import (
    VALUE_KEYS,
    Modifications,
    modifications_from_json,
)
from postcard.template.validation.parse import Document


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A template version, bound values, size, format and quality (None if the format has none).

    `source_pointers` maps an image reference to the JSON pointer where the request gave it.
    `asset_templates`: assets that none of these templates may use count as missing; None stands
    for all templates.
    """

    loaded: LoadedTemplate
    values: BoundValues
    size: OutputSize
    format: str
    quality: int | None
    max_bytes: int | None
    dpr: float = 1
    source_pointers: Mapping[str, str] = field(default_factory=dict)
    asset_templates: Sequence[str] | None = None

    @property
    def template(self) -> Template:
        """The compiled template."""
        return self.loaded.template

    @property
    def alt(self) -> str:
        """The alternative text of the picture."""
        return self.values.alt_text(self.template)

    def canonical(self) -> str:
        """Canonical JSON: two jobs with the same text give the same bytes."""
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
        """The format of the picture that is sent."""
        return self.format or template.format

    def resolve_quality(self, template: Template) -> int | None:
        """The quality; None if the format has none."""
        default = FORMATS[self.resolve_format(template)].default_quality
        return None if default is None else self.quality or template.quality or default

    def resolve_size(self, document: Document) -> tuple[OutputSize, list[Fault]]:
        """The size in pixels, and the faults of what the request asks for."""
        dpr = 1 if self.dpr is None else self.dpr
        default = output_size(document.width, document.height)
        if dpr not in DPRS:
            return default, [Fault("invalid_request", "/dpr", "The dpr is 1, 1.5, 2 or 3.")]
        if self.width is not None and self.width > MAX_SIDE:  # before it is multiplied
            return default, [
                Fault("invalid_request", "/width", f"The width is {MAX_SIDE} at most.")
            ]
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
    """The size for a link: the largest dpr of 3, 2, 1.5, 1 up to `dpr` that is within the limits.

    If the width is too large even at 1, the template's own width is used.
    """
    for display_width in (width, None):
        for ratio in sorted((r for r in DPRS if r <= dpr), reverse=True):
            size = output_size(document.width, document.height, width=display_width, dpr=ratio)
            if size.is_within_limits:
                return size
    return output_size(document.width, document.height)


def job_for_request(
    template: LoadedTemplate,
    modifications: Sequence[Mapping[str, Any]],
    options: OutputOptions,
    *,
    on_invalid: BindMode,
    key_templates: Sequence[str] | None = None,
    other_faults: Sequence[Fault] = (),
    base: BaseValues | None = None,
    may_need_fallback: bool = False,
) -> RenderJob:
    """The job of an API request; `BadRequest` with all its faults, `other_faults` among them.

    `key_templates`: what the API key is limited to. Unless it is None, the values name only assets
    that the template names. `base` are values of fields that the modifications do not name.
    `may_need_fallback`: values that only the fallback picture may be shown for are no fault.
    """
    size, faults = options.resolve_size(template.template.document)
    faults += other_faults
    values = bind_modifications(
        template.template,
        modifications,
        on_invalid=on_invalid,
        restricted=NO_NAMES if key_templates is None else EveryName(),
        faults=faults,
        base=base,
        may_need_fallback=may_need_fallback,
    )
    job = job_for_values(template, values, options, size)
    return replace(job, source_pointers=_source_pointers(modifications))


def job_for_values(
    template: LoadedTemplate, values: BoundValues, options: OutputOptions, size: OutputSize
) -> RenderJob:
    """The job for values that are bound already."""
    compiled = template.template
    return RenderJob(
        loaded=template,
        values=values,
        size=size,
        format=options.resolve_format(compiled),
        quality=options.resolve_quality(compiled),
        max_bytes=options.max_bytes or compiled.max_bytes,
        dpr=1 if options.dpr is None else options.dpr,
        asset_templates=(compiled.id,),
    )


def job_for_draft(job: RenderJob, requested: OutputOptions) -> RenderJob:
    """The job with format `auto` if a draft says `format: auto`: encoding then chooses png or jpg.

    A template whose photos come with the request is drawn as jpg, which it will be when they do.
    """
    document = job.template.document
    if document.format != "auto" or requested.format is not None:
        return job
    format = "jpg" if expects_photos(document) else "auto"
    return replace(job, format=format, quality=job.template.quality)


def bind_modifications(
    template: Template,
    modifications: Sequence[Mapping[str, Any]],
    *,
    on_invalid: BindMode,
    restricted: Container[str],
    faults: list[Fault],
    base: BaseValues | None = None,
    may_need_fallback: bool = False,
) -> BoundValues:
    """The bound values of a request; `BadRequest` with their faults and those found before."""
    bind_parsed = partial(bind, template, mode=on_invalid, restricted=restricted, base=base)
    try:
        parsed = modifications_from_json(template, modifications)
        values = bind_parsed(parsed)
    except BadRequest as bad:
        more = _faults_in_other_entries(template, modifications, bad.errors, bind_parsed)
        raise_faults([*bad.errors, *more, *faults])
        raise
    if may_need_fallback:
        raise_faults(faults)
        return values
    missing = [
        Fault(
            "missing_value",
            parsed.pointer_to_link_name(name, template.fields),
            f"{name} is required and has no default.",
        )
        for name in values.missing_required
    ]
    raise_faults([*missing, *values.rejected, *faults])
    return values


def _faults_in_other_entries(
    template: Template,
    modifications: Sequence[Mapping[str, Any]],
    known: Sequence[Fault],
    bind_parsed: Callable[[Modifications], BoundValues],
) -> list[Fault]:
    """Faults of the entries that have none yet, so that the caller gets all faults at once."""
    pointers = [json_pointer("modifications", index) for index in range(len(modifications))]
    faulty = {entry for entry in pointers for fault in known if _is_at(fault.pointer, entry)}
    if not faulty:
        return []
    rest = [index for index, entry in enumerate(pointers) if entry not in faulty]
    try:
        entries = [modifications[index] for index in rest]
        bind_parsed(modifications_from_json(template, entries))
    except BadRequest as bad:
        return [found for fault in bad.errors if (found := _with_entry_index(fault, rest))]
    return []


def _is_at(pointer: str, entry: str) -> bool:
    return pointer == entry or pointer.startswith(f"{entry}/")


def _with_entry_index(fault: Fault, indices: Sequence[int]) -> Fault | None:
    """The fault with its entry's index in the whole list; None if it is about no entry."""
    steps = fault.pointer.split("/")
    if len(steps) < 3:
        return None
    steps[2] = str(indices[int(steps[2])])
    return replace(fault, pointer="/".join(steps))


def _source_pointers(modifications: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """JSON pointer of each given text: an image's reference is one of them."""
    return {
        text.strip(): f"{json_pointer('modifications', index, key)}{inner}"
        for index, entry in enumerate(modifications)
        for key in VALUE_KEYS
        for text, inner in _texts(entry.get(key))
    }


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """A text, or the texts of a list's items, each with its pointer within the value."""
    if isinstance(value, str):
        yield value, ""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        for key, text in item.items() if isinstance(item, dict) else ():
            if isinstance(text, str):
                yield text, json_pointer(index, key)


def check_size(image: EncodedImage) -> None:
    """`BadRequest` for a picture that a Lambda response cannot hold."""
    size = len(image.body)
    if size <= MAX_PICTURE_BYTES:
        return
    detail = (
        f"The picture is {size:,} bytes, {MAX_PICTURE_BYTES:,} can be sent: ask for less, "
        "or max_bytes."
    )
    raise BadRequest(detail, errors=[Fault("invalid_request", "/max_bytes", detail)])
