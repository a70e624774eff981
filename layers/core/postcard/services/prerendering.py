"""Draws the static layers at the bottom of a template at publish and stores them as one image.

Only where reading the image costs less than drawing the layers.
"""

from collections.abc import Iterator, Mapping

from postcard.geometry import OutputSize, output_size
from postcard.ports import ObjectStore, StoredObject
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.rendering.static_layers import (
    PrerenderedLayers,
    should_prerender,
    size_name,
)
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.digest import content_digest
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import Document

PRERENDERED_DPRS = (1.0, 2.0)  # the sizes that mail uses; others are drawn in full
MAX_PIXELS = 4_000_000  # a process caches several


def store_prerendered(
    store: ObjectStore,
    renderer: Renderer,
    template: Template,
    images: Mapping[str, bytes],
    deadline: Deadline = NO_DEADLINE,
) -> dict[str, str]:
    """Stores them for each size; size name → key, which ends in a digest of the bytes."""
    keys = {}
    for size in _sizes(template.document):
        file = _file(renderer, template, size, images, deadline)
        if file is not None:
            folder = f"templates/{template.id}/{template.version}/static-layers"
            key = f"{folder}/{size_name(size)}-{content_digest(file)}"
            store.put(key, StoredObject(file, "application/octet-stream"))
            keys[size_name(size)] = key
    return keys


def _sizes(document: Document) -> Iterator[OutputSize]:
    for dpr in PRERENDERED_DPRS:
        size = output_size(document.width, document.height, dpr=dpr)
        if size.is_within_limits and size.width * size.height <= MAX_PIXELS:
            yield size


def _file(
    renderer: Renderer,
    template: Template,
    size: OutputSize,
    images: Mapping[str, bytes],
    deadline: Deadline,
) -> bytes | None:
    """The file of the prerendered layers; None if it would not pay."""
    prepared = PreparedRender(template, bind_defaults(template), size, deadline=deadline)
    prerendered = renderer.prerender(prepared, images)
    if prerendered is None:
        return None
    file = prerendered.to_bytes()
    return file if is_cheaper_to_read(prepared, images, prerendered, len(file)) else None


def is_cheaper_to_read(
    prepared: PreparedRender,
    images: Mapping[str, bytes],
    prerendered: PrerenderedLayers,
    file_size: int,
) -> bool:
    """Whether reading a file of `file_size` bytes costs less than drawing its layers."""
    sources, size = prepared.image_sources(has_prerendered=True), prepared.size
    spared_sizes = [len(images[one.reference]) for one in sources if one.prerendered_only]
    return should_prerender(
        prepared.template.document,
        dict(prerendered.boxes),
        spared_sizes,
        (size.width, size.height),
        file_size,
    )
