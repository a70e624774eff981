"""Grounds stored at publish: what lies under the layers that change, where reading it pays."""

from collections.abc import Iterator, Mapping

from postcard.geometry import OutputSize, output_size
from postcard.ports import ObjectStore, StoredObject
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.rendering.static_layers import (
    PrerenderedLayers,
    digest_of,
    should_prerender,
    size_name,
)
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import Document

PRERENDERED_DPRS = (1.0, 2.0)  # what mail asks for; another size is drawn as it comes
MAX_PIXELS = 4_000_000  # a warm process holds several


def store_prerendered(
    store: ObjectStore, renderer: Renderer, template: Template, pictures: Mapping[str, bytes]
) -> dict[str, str]:
    """Store a version's grounds; the device pixels of each → its key, which ends in its digest."""
    kept = {}
    for size in _sizes(template.document):
        file = _file(renderer, template, size, pictures)
        if file is not None:
            folder = f"templates/{template.id}/{template.version}/grounds"
            key = f"{folder}/{size_name(size)}-{digest_of(file)}"
            store.put(key, StoredObject(file, "application/octet-stream"))
            kept[size_name(size)] = key
    return kept


def _sizes(document: Document) -> Iterator[OutputSize]:
    for dpr in PRERENDERED_DPRS:
        size = output_size(document.width, document.height, dpr=dpr)
        if size.is_within_limits and size.width * size.height <= MAX_PIXELS:
            yield size


def _file(
    renderer: Renderer, template: Template, size: OutputSize, pictures: Mapping[str, bytes]
) -> bytes | None:
    """The file of a ground; None if it were not worth it."""
    prepared = PreparedRender(template, bind_defaults(template), size)
    laid = renderer.prerender(prepared, pictures)
    if laid is None:
        return None
    file = laid.to_bytes()
    return file if is_worth_storing(prepared, pictures, laid, len(file)) else None


def is_worth_storing(
    prepared: PreparedRender,
    pictures: Mapping[str, bytes],
    laid: PrerenderedLayers,
    weight: int,
) -> bool:
    """Whether a ground of `weight` bytes is worth storing, beside its pictures."""
    sources, size = prepared.image_sources(has_prerendered=True), prepared.size
    spared = [len(pictures[one.reference]) for one in sources if one.prerendered_only]
    pixels = size.width, size.height
    return should_prerender(prepared.template.document, dict(laid.boxes), spared, pixels, weight)
