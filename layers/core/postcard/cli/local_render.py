"""Draws a template document from disk with the same renderer as the service."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from postcard.adapters.http.fetcher import HttpFetcher
from postcard.assets.font_cache import FontCache
from postcard.canvas.codecs.reencode import reencode
from postcard.cli.local_fonts import load_local_fonts
from postcard.cli.option_faults import naming_options, with_options
from postcard.cli.target import load_fonts
from postcard.cli.template_files import TemplateFile
from postcard.errors import BadRequest, Fault, SourceImageFault
from postcard.image_formats import EncodedImage
from postcard.pipeline.pipeline import RenderResult, bad_request_for
from postcard.pipeline.render_job import OutputOptions, RenderJob, job_for_draft, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.ports import FetchError, TemplateVersion
from postcard.rendering.renderer import ImageSource, PreparedRender, Renderer, RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.publishing import findings_about
from postcard.template.bind import example_value
from postcard.template.compiled import Template
from postcard.template.fields.list_values import parse_flat_name
from postcard.template.validation.parse import parse_document

FETCH_SECONDS = 10.0  # for all remote pictures together


@dataclass(frozen=True, slots=True)
class LocalRenderResult:
    """A picture, its warnings, and the findings about its document."""

    image: EncodedImage
    warnings: Sequence[Fault]
    findings: Sequence[Fault]


def render_file(
    file: TemplateFile,
    modifications: list[dict[str, Any]],
    options: OutputOptions,
    *,
    value_options: Sequence[str],
    example: bool = False,
    lenient: bool = False,
) -> LocalRenderResult:
    """Draw a document; `BadRequest` for faults of the document and, unless `lenient`, of values.

    With `example`, fields without a value take their examples. `value_options` are the options
    that set the modifications.
    """
    text = file.text()
    try:
        document = parse_document(text)
    except BadRequest as problem:
        problem.detail = problem.detail.replace("The body", str(file.path), 1)
        raise
    template = Template.compile(file.id, 1, document)
    if example:
        modifications = [
            *modifications,
            *_example_modifications(template, {entry["name"] for entry in modifications}),
        ]
    loaded = LoadedTemplate(TemplateVersion(file.id, 1, text, 0), template)
    with naming_options(value_options):
        job = job_for_request(
            loaded, modifications, options, on_invalid="default" if lenient else "error"
        )
    try:
        result = _render_job(file, job_for_draft(job, options))
    except RenderFailed as failure:
        raise bad_request_for(failure) from failure
    return replace(result, warnings=with_options(result.warnings, value_options))


def _render_job(file: TemplateFile, job: RenderJob) -> LocalRenderResult:
    renderer, now = Renderer(load_fonts()), time.time()
    custom_fonts = load_local_fonts(file, job.template.document, renderer.fonts)
    # A local variable, because the cache must keep the font files until the picture is drawn.
    font_cache = FontCache(renderer.fonts, custom_fonts.read)
    template = replace(job.template, fonts=font_cache.font_set(custom_fonts.families).fonts)
    prepared = PreparedRender(template, job.values, job.size, now=now)
    fetched_images, source_faults = fetch_images(file, prepared.image_sources())
    rendered = renderer.render(
        prepared,
        fetched_images,
        format=job.format,
        quality=job.quality,
        max_bytes=job.max_bytes,
    )
    # The renderer warns of missing pictures as well; the fault from fetching says more.
    reported = {fault.reference for fault in source_faults}
    warnings = [w for w in rendered.warnings if getattr(w, "reference", None) not in reported]
    drawn = RenderResult(rendered.image, (), rendered.boxes)
    unusable_fonts = {fault.pointer for fault in custom_fonts.faults}
    return LocalRenderResult(
        rendered.image,
        (*job.values.warnings, *custom_fonts.faults, *source_faults, *warnings),
        [
            finding
            for finding in findings_about(template, drawn, renderer, now=now)
            if not (finding.code == "unknown_font" and finding.pointer in unusable_fonts)
        ],
    )


def _example_modifications(template: Template, names: set[str]) -> list[dict[str, Any]]:
    """The examples of the fields that are not in `names`."""
    items = (parse_flat_name(template.fields, name) for name in names)
    set_fields = names | {item.list_name for item in items if item}
    return [
        {"name": name, "value": example}
        for name, field in template.fields.items()
        if (example := example_value(field)) is not None and name not in set_fields
    ]


def fetch_images(
    file: TemplateFile, sources: Sequence[ImageSource]
) -> tuple[dict[str, bytes], list[SourceImageFault]]:
    """Local and remote pictures by reference, and a fault for each that is not available."""
    fetched: dict[str, bytes] = {}
    faults = []
    deadline = time.monotonic() + FETCH_SECONDS
    for source in sources:
        try:
            fetched[source.reference] = _image_bytes(file, source, deadline)
        except (FetchError, ValueError) as error:
            pointer, reference = source.pointer, source.reference
            faults.append(SourceImageFault("image_unavailable", pointer, str(error), reference))
    return fetched, faults


def _image_bytes(file: TemplateFile, source: ImageSource, deadline: float) -> bytes:
    if not source.reference.startswith("asset:"):
        hosts = source.allowed_hosts
        return HttpFetcher().fetch(source.reference, allowed_hosts=hosts, deadline=deadline).body
    name = source.reference.removeprefix("asset:")
    path = file.asset_path(name)
    if path is None:
        folder = file.path.parent / "assets"
        raise ValueError(f"{source.reference} needs a picture file {folder / name}.*.")
    return reencode(path.read_bytes())[0]  # as an upload would store it
