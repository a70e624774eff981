"""The template that a command checks a table with: a document on disk, or one that is published."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from postcard.assets.font_cache import FontCache
from postcard.cli.local_fonts import load_local_fonts
from postcard.cli.local_render import fetch_images
from postcard.cli.target import ServiceTarget, load_fonts
from postcard.cli.template_files import TemplateFile, find_template_file
from postcard.errors import Problem
from postcard.image_formats import EncodedImage
from postcard.pipeline.pipeline import bad_request_for
from postcard.pipeline.render_job import OutputOptions, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.pipeline.timings import Timings
from postcard.ports import TemplateVersion
from postcard.rendering.renderer import PreparedRender, Renderer, RenderFailed
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document

_DRAWING_SECONDS = 20.0  # of one picture
Modifications = Sequence[Mapping[str, Any]]


class TemplateSource(Protocol):
    """A compiled template with its fonts, and pictures of it."""

    template: Template
    renderer: Renderer

    def draw(self, modifications: Modifications, options: OutputOptions) -> EncodedImage:
        """A picture; bad values show defaults. `Problem` if there is none."""


class TemplateOnDisk:
    """A document with its pictures and fonts in the folder `assets` beside it."""

    def __init__(self, file: TemplateFile) -> None:
        text = file.text()
        template = Template.compile(file.id, 1, parse_document(text))
        self._file, self.renderer = file, Renderer(load_fonts())
        custom = load_local_fonts(file, template.document, self.renderer.fonts)
        self._font_cache = FontCache(self.renderer.fonts, custom.read)  # keeps the font files
        fonts = self._font_cache.font_set(custom.families).fonts
        self._loaded = LoadedTemplate(TemplateVersion(file.id, 1, text, 0), template)
        self.template = replace(template, fonts=fonts)
        self._fetched: dict[str, bytes] = {}

    def draw(self, modifications: Modifications, options: OutputOptions) -> EncodedImage:
        """A picture; bad values show defaults. `Problem` if there is none."""
        job = job_for_request(self._loaded, modifications, options, on_invalid="default")
        prepared = PreparedRender(self.template, job.values, job.size, now=time.time())
        sources = [s for s in prepared.image_sources() if s.reference not in self._fetched]
        fetched, _ = fetch_images(self._file, sources)
        own = {s.reference for s in sources if s.from_document}
        self._fetched |= {name: body for name, body in fetched.items() if name in own}
        try:
            return self.renderer.render(
                prepared,
                {**self._fetched, **fetched},
                format=job.format,
                quality=job.quality,
                max_bytes=job.max_bytes,
            ).image
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure


class PublishedTemplate:
    """The latest version of a template in an installation."""

    def __init__(self, target: ServiceTarget, template_id: str) -> None:
        from postcard import wiring

        services = wiring.drawing_services(target.settings())
        self._pipeline = services.pipeline
        self.renderer = services.pipeline.renderer
        record = services.templates.usable_record(template_id)
        self._loaded = services.templates.load_effective(record, None)
        self.template, _ = self._pipeline.with_fonts(
            self._loaded.template,
            self._loaded.stored.fonts,
            deadline=time.monotonic() + _DRAWING_SECONDS,
        )

    def draw(self, modifications: Modifications, options: OutputOptions) -> EncodedImage:
        """A picture; bad values show defaults. `Problem` if there is none."""
        job = job_for_request(self._loaded, modifications, options, on_invalid="default")
        deadline = time.monotonic() + _DRAWING_SECONDS
        try:
            result = self._pipeline.draw(job, now=time.time(), deadline=deadline, timings=Timings())
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        return result.image


def template_source(target: ServiceTarget, name: str) -> TemplateSource:
    """The document at a path or in the folder `templates`, else the published template."""
    folder = Path("templates")
    if name.endswith(".json") or (folder / f"{name}.json").is_file():
        return TemplateOnDisk(find_template_file(folder, name))
    return PublishedTemplate(target, name)


def try_to_draw(
    source: TemplateSource, modifications: Modifications, options: OutputOptions
) -> EncodedImage | None:
    """A picture; None if the values have none."""
    try:
        return source.draw(modifications, options)
    except Problem:
        return None
