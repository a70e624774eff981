"""Draws a document from disk by the same order, and with the same renderer, as the service."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from postcard.adapters.http.fetcher import HttpFetcher
from postcard.assets.font_cache import FontCache
from postcard.canvas.codecs.reencode import reencode
from postcard.cli.local_fonts import load_local_fonts
from postcard.cli.target import fonts_folder
from postcard.cli.template_files import TemplateFile
from postcard.errors import Fault, SourceImageFault
from postcard.formats import EncodedImage
from postcard.pipeline.pipeline import bad_request_for
from postcard.pipeline.render_job import OutputOptions, RenderJob, job_for_draft, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.ports import FetchError, TemplateVersion
from postcard.rendering.renderer import ImageSource, PreparedRender, Renderer, RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import example_value
from postcard.template.compiled import Template
from postcard.template.fields.list_values import parse_flat_name
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts

FETCH_SECONDS = 10.0  # for all pictures from elsewhere together


@dataclass(frozen=True, slots=True)
class LocalRenderResult:
    """A picture, and what was wrong with it."""

    image: EncodedImage
    warnings: Sequence[Fault]


def render_file(
    file: TemplateFile,
    modifications: list[dict[str, Any]],
    options: OutputOptions,
    *,
    example: bool = False,
    lenient: bool = False,
) -> LocalRenderResult:
    """The picture; `BadRequest` for faults of the document and, unless `lenient`, of the values.

    With `example`, fields that are not asked for take their examples.
    """
    text = file.text()
    template = Template.compile(file.id, 1, parse_document(text))
    if example:
        modifications = [
            *modifications,
            *_example_modifications(template, {entry["name"] for entry in modifications}),
        ]
    edition = LoadedTemplate(TemplateVersion(file.id, 1, text, 0), template)
    order = job_for_request(
        edition, modifications, options, on_invalid="default" if lenient else "error"
    )
    try:
        return _render_job(file, job_for_draft(order, options))
    except RenderFailed as failure:
        raise bad_request_for(failure) from failure


def _render_job(file: TemplateFile, job: RenderJob) -> LocalRenderResult:
    renderer, now = Renderer(Fonts.load(fonts_folder())), time.time()
    own = load_local_fonts(file, job.template.document, renderer.fonts)
    typefaces = FontCache(renderer.fonts, own.read)  # keeps files until the picture is drawn
    template = replace(job.template, fonts=typefaces.font_set(own.families).fonts)
    prepared = PreparedRender(template, job.values, job.size, now=now)
    pictures, faults = _fetch_images(file, prepared.image_sources())
    rendered = renderer.render(
        prepared, pictures, format=job.format, quality=job.quality, max_bytes=job.max_bytes
    )
    told = {fault.reference for fault in faults}
    rest = [w for w in rendered.warnings if getattr(w, "reference", None) not in told]
    return LocalRenderResult(rendered.image, (*job.values.warnings, *own.faults, *faults, *rest))


def _example_modifications(template: Template, named: set[str]) -> list[dict[str, Any]]:
    places = (parse_flat_name(template.fields, name) for name in named)
    given = named | {place.list_name for place in places if place}
    return [
        {"name": name, "value": example}
        for name, field in template.fields.items()
        if (example := example_value(field)) is not None and name not in given
    ]


def _fetch_images(
    file: TemplateFile, sources: Sequence[ImageSource]
) -> tuple[dict[str, bytes], list[SourceImageFault]]:
    """Bytes by reference, from beside the document and from elsewhere, and what failed."""
    found: dict[str, bytes] = {}
    faults = []
    deadline = time.monotonic() + FETCH_SECONDS
    for source in sources:
        try:
            found[source.reference] = _image_bytes(file, source, deadline)
        except (FetchError, ValueError) as error:
            where, name = source.pointer, source.reference
            faults.append(SourceImageFault("image_unavailable", where, str(error), name))
    return found, faults


def _image_bytes(file: TemplateFile, source: ImageSource, deadline: float) -> bytes:
    if not source.reference.startswith("asset:"):
        hosts = source.allowed_hosts
        return HttpFetcher().fetch(source.reference, allowed_hosts=hosts, deadline=deadline).body
    name = source.reference.removeprefix("asset:")
    path = file.asset_path(name)
    if path is None:
        folder = file.path.parent / "assets"
        raise ValueError(f"there is no file {folder / name}.* for {source.reference}.")
    return reencode(path.read_bytes())[0]  # as an upload of it would be kept
