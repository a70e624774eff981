"""Findings with patches: of a document, or of a template's latest version."""

from collections.abc import Mapping, Sequence
from typing import Any

from postcard.assets.font_cache import FontKeysByFamily
from postcard.errors import Fault, bounded_detail, faults_to_json
from postcard.json_text import canonical_json, parse_json
from postcard.lint.fixes.examination import Examiner
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.verification import FixFinder
from postcard.pipeline.pipeline import RenderPipeline, bad_request_for
from postcard.pipeline.template_loader import TemplateLoader
from postcard.ports import JsonObject
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.publishing import needed_sources, prepare_own_values
from postcard.template.compiled import Template
from postcard.template.validation.parse import validate_document

MAX_PATCH_CHARACTERS = 65_536  # of a patch in a response, which has up to a hundred
Findings = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DocumentSources:
    """Where a document's own fonts and pictures are.

    `families`: the keys of its custom fonts. `stored_images`: reference → key of the copy that
    publishing stored. `templates`: whose assets may be used; None: all.
    """

    families: FontKeysByFamily
    stored_images: Mapping[str, str]
    templates: Sequence[str] | None


class TemplateFixes:
    """Finds what is likely wrong with a document, and a verified patch for each finding."""

    def __init__(self, templates: TemplateLoader, pipeline: RenderPipeline) -> None:
        self._templates = templates
        self._pipeline = pipeline

    def of_template(self, template_id: str, *, now: float, deadline: float) -> JsonObject:
        """The findings of the latest version, as its example is drawn now, each with its fix."""
        record = self._templates.usable_record(template_id)
        stored = self._templates.load_exact(record, record.latest).stored
        sources = DocumentSources(stored.fonts, stored.sources, (template_id,))
        document = parse_json(stored.document)
        findings = self._find(document, sources, now=now, deadline=deadline)
        return {"template_id": template_id, "version": record.latest, "findings": findings}

    def of_draft(self, template_id: str, text: str, *, now: float, deadline: float) -> JsonObject:
        """The same of a draft's document; `BadRequest` for a draft that cannot be published."""
        findings = self.of_document(
            parse_json(text), key_templates=(template_id,), now=now, deadline=deadline
        )
        return {"template_id": template_id, "version": None, "findings": findings}

    def of_document(
        self,
        document: JsonObject,
        *,
        key_templates: Sequence[str] | None = None,
        now: float,
        deadline: float,
    ) -> Findings:
        """The findings of a document as its example is drawn, each with its fix; `BadRequest`."""
        sources = self._draft_sources(document, key_templates, deadline)
        return self._find(document, sources, now=now, deadline=deadline)

    def examiner(self, document: JsonObject, *, now: float, deadline: Deadline) -> Examiner:
        """Draws a document, and others that name no more fonts and pictures, as `now` has them."""
        sources = self._draft_sources(document, None, deadline.instant)
        return self._examiner(document, sources, now, deadline)

    def _draft_sources(
        self, document: JsonObject, key_templates: Sequence[str] | None, deadline: float
    ) -> DocumentSources:
        families = self._pipeline.custom_font_keys(
            validate_document(document), templates=key_templates, deadline=deadline
        )
        return DocumentSources(families, {}, key_templates)

    def _find(
        self, document: JsonObject, sources: DocumentSources, *, now: float, deadline: float
    ) -> Findings:
        with self._pipeline.until(deadline) as drawing_deadline:
            examiner = self._examiner(document, sources, now, drawing_deadline)
            try:
                examined = examiner.examine(document)
            except RenderFailed as failure:
                raise bad_request_for(failure) from failure
            return findings_to_json(FixFinder(examiner).find_all(examined))

    def _examiner(
        self, document: JsonObject, sources: DocumentSources, now: float, deadline: Deadline
    ) -> Examiner:
        template = Template.compile("draft", 1, validate_document(document))
        template, _ = self._pipeline.with_fonts(
            template, sources.families, deadline=deadline.instant
        )
        renders = prepare_own_values(template, now=now, deadline=deadline)
        images, _ = self._pipeline.sources.fetch_all(
            needed_sources(template, renders),
            sources.stored_images,
            templates=sources.templates,
            deadline=deadline.instant,
        )
        renderer = self._pipeline.renderer
        fonts = template.fonts or renderer.fonts
        return Examiner(renderer, fonts, images, now=now, deadline=deadline)


def findings_to_json(found: Sequence[tuple[Fault, Fix | None]]) -> list[JsonObject]:
    """Findings as JSON, with `fix` and `fix_detail` where there is a fix."""
    findings = faults_to_json([finding for finding, _ in found])
    return [
        {**finding, **fix_to_json(fix)}
        for finding, (_, fix) in zip(findings, found[: len(findings)], strict=True)
    ]


def fix_to_json(fix: Fix | None) -> JsonObject:
    """The patch and what it does; nothing for a patch that is too large to send."""
    if fix is None or len(canonical_json(list(fix.patch))) > MAX_PATCH_CHARACTERS:
        return {}
    patch = [dict(operation) for operation in fix.patch]
    return {"fix": patch, "fix_detail": bounded_detail(fix.detail)}
