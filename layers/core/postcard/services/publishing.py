"""Publishing: parse → compile → fetch images → draw the example → store images → store the version.

The version is written last, so that whoever reads it finds everything that it needs.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from postcard import ports
from postcard.assets.font_cache import FontKeysByFamily
from postcard.canvas.inspection.visibility import dark_share
from postcard.errors import (
    Fault,
    Gone,
    ServiceUnavailable,
    SourceImageFault,
    faults_to_json,
    raise_faults,
)
from postcard.events.event_ids import event_id
from postcard.events.event_types import TEMPLATE_PUBLISHED
from postcard.events.image_events import codes_and_pointers
from postcard.geometry import Box, OutputSize, output_size
from postcard.json_text import json_pointer, parse_json
from postcard.lint.checks import check_rendered, check_template, check_texts
from postcard.lint.dark_mode import DARK_LEVEL, is_transparent
from postcard.lint.drawing_time import check_drawing_time
from postcard.pipeline.fallback_images import (
    KINDS,
    store_fallbacks,
    store_fallbacks_at_fixed_keys,
    stored_size,
)
from postcard.pipeline.pipeline import RenderPipeline, RenderResult, bad_request_for
from postcard.pipeline.render_job import (
    OutputOptions,
    RenderJob,
    check_size,
    job_for_draft,
    job_for_values,
)
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.ports import JsonObject, StoredObject, TemplateRecord, TemplateVersion
from postcard.rendering.renderer import (
    FallbackKind,
    ImageSource,
    PreparedRender,
    Renderer,
    RenderFailed,
)
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.preconditions import (
    check_draft_if_match,
    check_if_match,
    check_if_none_match,
)
from postcard.services.prerendering import store_prerendered
from postcard.services.source_downscaling import downscale
from postcard.template.auto_format import guess_format
from postcard.template.bind import bind_defaults, bind_examples
from postcard.template.compiled import Template
from postcard.template.image_references import default_images
from postcard.template.validation.parse import Document, parse_document
from postcard.timestamps import format_rfc3339

ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
MAX_EXAMPLE_CHARACTERS = 1000  # of the names and values that a template's record holds


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """A template, ready to be drawn with its defaults, its fetched images, and its findings."""

    template: Template
    defaults: PreparedRender
    sources: Mapping[str, bytes]
    findings: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class PublishedTemplate:
    """A template and its latest version, for the response."""

    record: TemplateRecord
    version: TemplateVersion
    name: str
    format: str


class Publisher:
    """Publishes templates: each document that differs from the latest is a new version."""

    def __init__(
        self,
        templates: ports.TemplateStore,
        store: ports.ObjectStore,
        pipeline: RenderPipeline,
        *,
        drafts: ports.DraftStore,
        outbox: ports.Outbox,
        choose: Callable[[str], str] = secrets.choice,
    ) -> None:
        self._templates = templates
        self._store = store
        self._pipeline = pipeline
        self._drafts = drafts
        self._outbox = outbox
        self._choose = choose

    def new_id(self) -> str:
        """A new template id: `tmpl_` and ten random characters."""
        return "tmpl_" + "".join(self._choose(ID_ALPHABET) for _ in range(10))

    def publish(
        self,
        template_id: str,
        text: str,
        *,
        now: float,
        deadline: float,
        if_match: str | None = None,
        if_none_match: str | None = None,
        draft: str | None = None,
        note: str = "",
        by: str | None = None,
    ) -> PublishedTemplate:
        """Publish a document as a new version, unless it equals the latest version.

        `draft` is the entity tag of a draft of the template, which is deleted with the publication.
        `note` and `by` are stored with a new version. `BadRequest`, `Gone`, `PreconditionFailed`.
        """
        record = self._templates.record(template_id)
        if record is not None and (record.deleted or record.erased):
            raise Gone(f'The template "{template_id}" was deleted: choose another id.')
        check_if_match(if_match, record)
        check_if_none_match(if_none_match, record)
        draft_revision = self._draft_revision(template_id, draft, now)
        document = parse_document(text)
        latest = self._templates.version(template_id, record.latest) if record else None
        name = document.name or template_id
        if record and latest and parse_json(latest.document) == parse_json(text):
            if draft_revision is not None:
                self._drafts.delete(template_id, revision=draft_revision)
            return PublishedTemplate(record, latest, name, latest.format or guess_format(document))
        version_number = record.latest + 1 if record else 1
        template = Template.compile(template_id, version_number, document)
        families = self._pipeline.custom_font_keys(
            document, templates=(template_id,), deadline=deadline
        )
        template = self._with_fonts(template, families, deadline)
        with self._pipeline.until(deadline) as drawing_deadline:
            checked = self.check(template, now=now, deadline=drawing_deadline)
            fallbacks = {
                str(kind): self._draw_fallback(checked, kind, drawing_deadline)
                for kind in _fallback_kinds(document)
            }
            version = self._store_version(checked, text, int(now), fallbacks, families)
        version = replace(version, note=note, by=by)
        record = _record(record, version, name, template)
        self._store_with_event(record, version, draft_revision, now)
        store_fallbacks_at_fixed_keys(self._store, template_id, version_number, fallbacks)
        return PublishedTemplate(record, version, name, checked.template.format)

    def _store_with_event(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        draft_revision: int | None,
        now: float,
    ) -> None:
        deliveries = self._outbox.deliveries(
            TEMPLATE_PUBLISHED,
            event_id(TEMPLATE_PUBLISHED, record.template_id, version.version, at=now),
            template_event(record, version),
            now=now,
        )
        if draft_revision is None:
            self._templates.publish(record, version, deliveries)
        else:
            self._drafts.publish(record, version, deliveries, revision=draft_revision)
        self._outbox.announce(deliveries)

    def _draft_revision(self, template_id: str, tag: str | None, now: float) -> int | None:
        """The revision of the draft with this entity tag; `PreconditionFailed`."""
        if tag is None:
            return None
        draft = self._drafts.get(template_id)
        draft = None if draft is None or draft.is_expired(now) else draft
        check_draft_if_match(tag, draft)
        return draft.revision if draft else None

    def _store_version(
        self,
        checked: CheckedTemplate,
        text: str,
        now: int,
        fallbacks: Mapping[str, bytes],
        families: FontKeysByFamily,
    ) -> TemplateVersion:
        """Stores images, fonts and fallback pictures, and returns the version that names them."""
        template, renderer = checked.template, self._pipeline.renderer
        return TemplateVersion(
            template.id,
            template.version,
            text,
            now,
            faults_to_json(checked.findings),
            self._store_sources(checked),
            store_fallbacks(self._store, template.id, template.version, fallbacks),
            fonts=self._store_fonts(template, families),
            prerendered=store_prerendered(self._store, renderer, checked.defaults, checked.sources),
            format=template.format,
        )

    def check(self, template: Template, *, now: float, deadline: Deadline) -> CheckedTemplate:
        """Fetches every image that the document names and draws the example; `BadRequest`.

        A document whose layers take too long to draw is refused before it is drawn.
        """
        defaults, examples = prepare_own_values(template, now=now, deadline=deadline)
        sources = needed_sources(template, [defaults, examples])
        images, faults = self._pipeline.sources.fetch_all(
            sources, {}, templates=(template.id,), deadline=deadline.instant
        )
        renderer = self._pipeline.renderer
        raise_faults(faults)
        images = downscale(template, images, deadline)
        raise_faults(
            check_drawing_time(
                renderer, template, examples.values, images, now=now, deadline=deadline
            )
        )
        result = self._draw_example(examples, images)
        raise_faults([each for each in result.warnings if isinstance(each, SourceImageFault)])
        check_size(result.image)
        findings = findings_about(template, result, renderer, now=now)
        template = replace(template, format=result.image.format)
        return CheckedTemplate(template, defaults, images, findings)

    def _draw_example(self, prepared: PreparedRender, images: Mapping[str, bytes]) -> RenderResult:
        job = _example_job(prepared)
        try:
            rendered = self._pipeline.render_with(job, prepared, images)
        except RenderFailed as failure:
            if failure.reference in images:  # it was fetched, and cannot be decoded
                pointer, detail = f"{failure.pointer}/source", f"No picture: {failure}."
                raise_faults([Fault("image_unavailable", pointer, detail)])
            raise bad_request_for(failure) from failure
        return RenderResult(rendered.image, rendered.warnings, rendered.boxes)

    def _store_sources(self, checked: CheckedTemplate) -> dict[str, str]:
        """Stores the document's own images; reference → key."""
        template, keys = checked.template, {}
        for reference in template.image_references:
            body = checked.sources[reference]
            keys[reference] = (
                f"templates/{template.id}/{template.version}/sources/{content_digest(body)}"
            )
            self._store.put(keys[reference], StoredObject(body, "application/octet-stream"))
        return keys

    def _store_fonts(self, template: Template, families: FontKeysByFamily) -> FontKeysByFamily:
        """Stores the version's own copies of the fonts; family → keys, which end in digests."""
        stored_keys: dict[str, list[str]] = {}
        for name, keys in families.items():
            for key in keys:
                body = self._pipeline.sources.read_uncached(key)
                if body is None:
                    raise ServiceUnavailable(
                        f"The font {name} was replaced meanwhile: publish again."
                    )
                digest = content_digest(body)
                stored_key = f"templates/{template.id}/{template.version}/sources/{digest}"
                self._store.put(stored_key, StoredObject(body, "application/octet-stream"))
                stored_keys.setdefault(name, []).append(stored_key)
        return stored_keys

    def _with_fonts(
        self, template: Template, families: FontKeysByFamily, deadline: float
    ) -> Template:
        template, warnings = self._pipeline.with_fonts(template, families, deadline=deadline)
        if warnings:
            raise ServiceUnavailable(f"{warnings[0].detail} Publish again.")
        return template

    def _draw_fallback(
        self, checked: CheckedTemplate, kind: FallbackKind, deadline: Deadline
    ) -> bytes:
        template, images = checked.template, checked.sources
        size = stored_size(template.document)
        rendered = self._pipeline.renderer.render_fallback(
            template, kind, size, format="png", fetched_images=images, deadline=deadline
        )
        return rendered.image.body


def template_event(record: TemplateRecord, version: TemplateVersion) -> JsonObject:
    """The `data` of `template.published`: neither the document nor texts that quote it."""
    return {
        "id": version.template_id,
        "version": version.version,
        "name": record.name,
        "created_at": format_rfc3339(record.created_at),
        "published_at": format_rfc3339(version.published_at),
        "paused": record.paused,
        "width": record.width,
        "height": record.height,
        "format": version.format,
        "note": version.note,
        "by": version.by,
        "findings": codes_and_pointers(version.findings),
    }


def findings_about(
    template: Template, result: RenderResult, renderer: Renderer, *, now: float
) -> tuple[Fault, ...]:
    """Findings about the document and about its rendered example. `now` is in Unix seconds."""
    fonts = template.fonts or renderer.fonts
    families = [family.name for family in fonts.families()]
    boxes = [(one.pointer, Box(one.x, one.y, one.width, one.height)) for one in result.boxes]
    body = result.image.body
    rendered_findings = check_rendered(
        template,
        fonts,
        boxes,
        len(body),
        now=now,
        warnings=result.warnings,
        dark_share=dark_share(body, DARK_LEVEL) if is_transparent(template.document) else 0.0,
    )
    return (*check_template(template, families), *rendered_findings)


def findings_about_document(
    template: Template, renderer: Renderer, *, now: float
) -> tuple[Fault, ...]:
    """Findings about the document, whatever is drawn. `now` is in Unix seconds."""
    fonts = template.fonts or renderer.fonts
    families = [family.name for family in fonts.families()]
    return (*check_template(template, families), *check_texts(template, fonts, now=now))


def _fallback_kinds(document: Document) -> list[FallbackKind]:
    """The kinds of fallback pictures that a document has."""
    return [kind for kind in KINDS if getattr(document, kind) is not None]


def _own_size(template: Template) -> OutputSize:
    return output_size(template.width, template.height)


def prepare_own_values(
    template: Template, *, now: float, deadline: Deadline = NO_DEADLINE
) -> tuple[PreparedRender, PreparedRender]:
    """A template with its defaults, and with its examples, ready to be drawn in its own size.

    `now` is in Unix seconds: a countdown may decide which layers are shown.
    """
    size = _own_size(template)
    defaults, examples = (
        PreparedRender(template, values, size, now=now, deadline=deadline)
        for values in (bind_defaults(template), bind_examples(template))
    )
    return defaults, examples


def needed_sources(template: Template, renders: Sequence[PreparedRender]) -> list[ImageSource]:
    """All images that these renders show, and all others that the document names."""
    shown = [source for prepared in renders for source in prepared.image_sources()]
    shown_references = {source.reference for source in shown}
    unseen = [
        ImageSource(
            _source_pointer(template, reference), reference, None, "hide", 0, 0, from_document=True
        )
        for reference in template.image_references
        if reference not in shown_references
    ]
    return [*shown, *unseen]


def _source_pointer(template: Template, reference: str) -> str:
    """JSON pointer of an image that the document names and no layer of the example shows."""
    document = template.document
    for kind in KINDS:
        picture = getattr(document, kind)
        if picture is not None and picture.source == reference:
            return json_pointer(kind, "source")
    defaults = default_images(document)
    return next((pointer for image, pointer in defaults if image == reference), "")


def _example_job(prepared: PreparedRender) -> RenderJob:
    """The job that publishing draws."""
    template = prepared.template
    loaded = LoadedTemplate(TemplateVersion(template.id, template.version, "", 0), template)
    job = job_for_values(loaded, prepared.values, OutputOptions(), prepared.size)
    return job_for_draft(job, OutputOptions())


def _record(
    current: TemplateRecord | None, version: TemplateVersion, name: str, template: Template
) -> TemplateRecord:
    document = template.document
    if current is None:
        current = TemplateRecord(
            version.template_id, name, version.version, version.published_at, revision=0
        )
    return replace(
        current,
        name=name,
        latest=version.version,
        revision=current.revision + 1,
        width=document.width,
        height=document.height,
        published_at=version.published_at,
        examples=_short_examples(template),
    )


def _short_examples(template: Template) -> Mapping[str, str]:
    """The examples as a link has them, or none: each GET reads the record that holds them."""
    examples = bind_examples(template).link_fields()
    characters = sum(len(name) + len(value) for name, value in examples.items())
    return examples if characters <= MAX_EXAMPLE_CHARACTERS else {}
