"""Publishing: a document is read, drawn, its pictures stored, and only then a version."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from postcard import ports
from postcard.assets.font_cache import FontKeysByFamily
from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.errors import (
    Fault,
    Gone,
    PreconditionFailed,
    ServiceUnavailable,
    faults_to_json,
    raise_faults,
)
from postcard.geometry import Box, output_size
from postcard.json_text import json_pointer, parse_json
from postcard.lint.checks import check_rendered
from postcard.lint.checks import check_template as findings_of
from postcard.lint.drawing_time import check_drawing_time
from postcard.pipeline.fallback_images import (
    KINDS,
    store_fallbacks,
    store_fallbacks_at_fixed_keys,
    stored_size,
)
from postcard.pipeline.pipeline import RenderPipeline, RenderResult, bad_request_for, prepare
from postcard.pipeline.render_job import (
    OutputOptions,
    RenderJob,
    check_size,
    job_for_draft,
    job_for_values,
)
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.ports import StoredObject, TemplateRecord, TemplateVersion
from postcard.rendering.renderer import (
    FallbackKind,
    ImageSource,
    PreparedRender,
    Renderer,
    RenderFailed,
)
from postcard.runtime.deadline import Deadline
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.prerendering import store_prerendered
from postcard.services.source_downscaling import downscale
from postcard.template.auto_format import guess_format
from postcard.template.bind import bind_defaults, bind_examples
from postcard.template.compiled import Template
from postcard.template.image_references import default_images
from postcard.template.validation.parse import Document, parse_document

ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """A template whose pictures are at hand and whose example could be drawn."""

    template: Template
    sources: Mapping[str, bytes]
    findings: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class PublishedTemplate:
    """A template and its latest version, with what a response says of them."""

    record: TemplateRecord
    version: TemplateVersion
    name: str
    format: str


class Publisher:
    """Makes templates and versions."""

    def __init__(
        self,
        templates: ports.TemplateStore,
        store: ports.ObjectStore,
        studio: RenderPipeline,
        *,
        choose: Callable[[str], str] = secrets.choice,
    ) -> None:
        self._templates = templates
        self._store = store
        self._studio = studio
        self._choose = choose

    def new_id(self) -> str:
        """`tmpl_` and ten."""
        return "tmpl_" + "".join(self._choose(ID_ALPHABET) for _ in range(10))

    def publish(
        self,
        template_id: str,
        text: str,
        *,
        now: float,
        deadline: float,
        if_match: str | None = None,
    ) -> PublishedTemplate:
        """Publish a document as a new version, unless it equals the latest version."""
        record = self._templates.record(template_id)
        _check_if_match(template_id, record, if_match)
        document = parse_document(text)
        latest = self._templates.version(template_id, record.latest) if record else None
        name = document.name or template_id
        if record and latest and parse_json(latest.document) == parse_json(text):
            return PublishedTemplate(record, latest, name, latest.format or guess_format(document))
        number = record.latest + 1 if record else 1
        template = Template.compile(template_id, number, document)
        families = self._studio.custom_font_keys(document, deadline=deadline)
        template = self._with_fonts(template, families, deadline)
        with self._studio.until(deadline) as drawing_deadline:
            checked = self.check(template, now=now, deadline=drawing_deadline)
            stand_ins = {
                str(kind): self._draw_fallback(checked, kind, drawing_deadline)
                for kind in _fallback_kinds(document)
            }
            version = self._store_version(
                checked, text, int(now), stand_ins, families, drawing_deadline
            )
        record = _record(record, version, name)
        self._templates.publish(record, version)
        store_fallbacks_at_fixed_keys(self._store, template_id, number, stand_ins)
        return PublishedTemplate(record, version, name, checked.template.format)

    def _store_version(
        self,
        checked: CheckedTemplate,
        text: str,
        now: int,
        stand_ins: Mapping[str, bytes],
        families: FontKeysByFamily,
        deadline: Deadline,
    ) -> TemplateVersion:
        """The version, everything that drawing it needs stored."""
        template, renderer = checked.template, self._studio.renderer
        return TemplateVersion(
            template.id,
            template.version,
            text,
            now,
            faults_to_json(checked.findings),
            self._store_sources(checked),
            store_fallbacks(self._store, template.id, template.version, stand_ins),
            fonts=self._store_fonts(template, families),
            prerendered=store_prerendered(
                self._store, renderer, template, checked.sources, deadline
            ),
            format=template.format,
        )

    def check(self, template: Template, *, now: float, deadline: Deadline) -> CheckedTemplate:
        """Bring every picture that the document names and draw the example; `BadRequest`.

        A document whose layers take too long to draw is refused before it is drawn.
        """
        wanted = needed_sources(template, now=now)
        pictures, faults = self._studio.sources.fetch_all(wanted, {}, deadline=deadline.instant)
        raise_faults([*faults, *_undecodable(wanted, pictures)])
        pictures = downscale(template, pictures)
        renderer = self._studio.renderer
        size = output_size(template.width, template.height)
        renders = [
            PreparedRender(template, values, size, now=now, deadline=deadline)
            for values in (bind_defaults(template), bind_examples(template))
        ]
        raise_faults(check_drawing_time(renderer, renders, pictures))
        drawing = self._draw_example(template, pictures, now=now, deadline=deadline)
        check_size(drawing.image)
        findings = findings_about(template, drawing, renderer, now=now)
        return CheckedTemplate(replace(template, format=drawing.image.format), pictures, findings)

    def _draw_example(
        self,
        template: Template,
        pictures: Mapping[str, bytes],
        *,
        now: float,
        deadline: Deadline,
    ) -> RenderResult:
        order = example_job(template)
        try:
            prepared = prepare(order, now=now, deadline=deadline)
            rendered = self._studio.render_with(order, prepared, pictures)
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        return RenderResult(rendered.image, rendered.warnings, rendered.boxes)

    def _store_sources(self, checked: CheckedTemplate) -> dict[str, str]:
        """Store the document's own pictures; reference → key."""
        template, own = checked.template, {}
        for reference in template.image_references:
            body = checked.sources[reference]
            own[reference] = (
                f"templates/{template.id}/{template.version}/sources/{content_digest(body)}"
            )
            self._store.put(own[reference], StoredObject(body, "application/octet-stream"))
        return own

    def _store_fonts(self, template: Template, families: FontKeysByFamily) -> FontKeysByFamily:
        """Store the version's own copy of the fonts; family → keys, which end in digests."""
        own: dict[str, list[str]] = {}
        for name, keys in families.items():
            for key in keys:
                body = self._studio.sources.read_uncached(key)
                if body is None:
                    raise ServiceUnavailable(
                        f"The font {name} was replaced meanwhile: publish again."
                    )
                kept = f"templates/{template.id}/{template.version}/sources/{content_digest(body)}"
                self._store.put(kept, StoredObject(body, "application/octet-stream"))
                own.setdefault(name, []).append(kept)
        return own

    def _with_fonts(
        self, template: Template, families: FontKeysByFamily, deadline: float
    ) -> Template:
        dressed, lost = self._studio.with_fonts(template, families, deadline=deadline)
        if lost:
            raise ServiceUnavailable(f"{lost[0].detail} Publish again.")
        return dressed

    def _draw_fallback(
        self, checked: CheckedTemplate, kind: FallbackKind, deadline: Deadline
    ) -> bytes:
        template, pictures = checked.template, checked.sources
        size = stored_size(template.document)
        drawn = self._studio.renderer.render_fallback(
            template, kind, size, format="png", fetched_images=pictures, deadline=deadline
        )
        return drawn.image.body


def findings_about(
    template: Template, drawing: RenderResult, renderer: Renderer, *, now: float
) -> tuple[Fault, ...]:
    """What its publisher should hear: of the document itself, and of its example as drawn.

    `now`, in Unix seconds, is when it was drawn.
    """
    fonts = template.fonts or renderer.fonts
    families = [family.name for family in fonts.families()]
    boxes = [(one.pointer, Box(one.x, one.y, one.width, one.height)) for one in drawing.boxes]
    seen = check_rendered(template, fonts, boxes, len(drawing.image.body), now=now)
    return (*findings_of(template, families), *seen, *drawing.warnings)


def _fallback_kinds(document: Document) -> list[FallbackKind]:
    """The stand-ins that a document has."""
    return [kind for kind in KINDS if getattr(document, kind) is not None]


def needed_sources(template: Template, *, now: float) -> list[ImageSource]:
    """Everything that the document itself may show, its examples, and its stand-ins' pictures.

    `now` is in Unix seconds: a countdown may decide what is shown.
    """
    size = output_size(template.document.width, template.document.height)
    shown = [
        source
        for bound in (bind_defaults(template), bind_examples(template))
        for source in PreparedRender(template, bound, size, now=now).image_sources()
    ]
    named = {source.reference for source in shown}
    rest = [reference for reference in template.image_references if reference not in named]
    unseen = [
        ImageSource(
            _source_pointer(template, reference), reference, None, "hide", 0, 0, from_document=True
        )
        for reference in rest
    ]
    return [*shown, *unseen]


def _source_pointer(template: Template, reference: str) -> str:
    """Where the document names a picture that no layer shows at publish."""
    document = template.document
    for kind in KINDS:
        stand_in = getattr(document, kind)
        if stand_in is not None and stand_in.source == reference:
            return json_pointer(kind, "source")
    return next((where for named, where in default_images(document) if named == reference), "")


def _undecodable(wanted: Sequence[ImageSource], brought: Mapping[str, bytes]) -> Iterator[Fault]:
    """What could be had and is no picture: a version shows all that its document names."""
    places = {source.reference: source.pointer for source in wanted}
    for reference, body in brought.items():
        try:
            DecodedImage.decode(body, target_pixels=(1, 1))
        except ImageDecodeError as error:
            yield Fault("image_unavailable", places[reference], f"No picture: {error}.")


def example_job(template: Template) -> RenderJob:
    """The template as it is drawn at publish: each field at its example, or else its default."""
    edition = LoadedTemplate(TemplateVersion(template.id, template.version, "", 0), template)
    size = output_size(template.document.width, template.document.height)
    return job_for_draft(
        job_for_values(edition, bind_examples(template), OutputOptions(), size), OutputOptions()
    )


def _check_if_match(template_id: str, record: TemplateRecord | None, if_match: str | None) -> None:
    if record is not None and (record.deleted or record.erased):
        raise Gone(f'The template "{template_id}" was deleted: choose another id.')
    if if_match is None:
        return
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    if record is None or not tags & {"*", str(record.latest)}:
        latest = record.latest if record else "none"
        raise PreconditionFailed(
            f"The latest version is {latest}, not the one you read: read it again."
        )


def _record(known: TemplateRecord | None, version: TemplateVersion, name: str) -> TemplateRecord:
    if known is None:
        return TemplateRecord(version.template_id, name, version.version, version.published_at)
    return replace(known, name=name, latest=version.version, revision=known.revision + 1)
