"""Draws the static layers at the bottom of a template at publish and stores them as one image.

Only where reading the image costs less than drawing the layers.
"""

from collections.abc import Iterator, Mapping

from postcard.geometry import OutputSize, output_size
from postcard.ports import ObjectStore, StoredObject
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.rendering.static_layers import PrerenderedLayers, size_name
from postcard.runtime.digest import content_digest
from postcard.template.validation.parse import Document

PRERENDERED_DPRS = (1.0, 2.0)  # the sizes that mail uses; others are drawn in full
MAX_PIXELS = 4_000_000  # a process caches several
MAX_PRERENDERED_BYTES = 4_000_000

# The milliseconds on one of Lambda's vCPUs of reading the file, and of the pictures that it spares.
# They were measured once (docs/decisions/prerendered-layers.md).
_FETCH_MS_PER_MB = 12.5  # from the store
_REQUEST_MS = 15.0  # until the store's first byte, where no other picture is fetched from it
_DECODE_SOURCE_MS_PER_MB = 20.0
_DECODE_PRERENDERED_MS = 8.0, 6.0  # per megabyte of the file, and per million of its pixels
_MIN_SPEEDUP = 2.0  # the cost model is made for 16 megapixels and too high for few


def store_prerendered(
    store: ObjectStore, renderer: Renderer, defaults: PreparedRender, images: Mapping[str, bytes]
) -> dict[str, str]:
    """Stores them for each size; size name → key, which ends in a digest of the bytes.

    `defaults` is the template with its default values.
    """
    template, keys = defaults.template, {}
    for size in _sizes(template.document):
        file = _file(renderer, defaults.at_size(size), images)
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
    renderer: Renderer, prepared: PreparedRender, images: Mapping[str, bytes]
) -> bytes | None:
    """The file of the prerendered layers; None if it would not pay."""
    prerendered = renderer.prerender(prepared, images)
    if prerendered is None:
        return None
    file = prerendered.to_bytes()
    pays = is_cheaper_to_read(renderer, prepared, images, prerendered, len(file))
    return file if pays else None


def is_cheaper_to_read(
    renderer: Renderer,
    prepared: PreparedRender,
    images: Mapping[str, bytes],
    prerendered: PrerenderedLayers,
    file_bytes: int,
) -> bool:
    """Whether reading a file of `file_bytes` costs less than drawing its layers.

    Reckoned from sizes alone, so that a document gives the same result wherever it is published.
    """
    sources = prepared.image_sources(has_prerendered=True)
    spared_bytes = [len(images[one.reference]) for one in sources if one.prerendered_only]
    layers = renderer.estimate_cost(prepared, images).milliseconds
    drawing = sum(layers.get(pointer, 0.0) for pointer in prerendered.pointers)
    drawing += sum(spared_bytes) / 1e6 * (_FETCH_MS_PER_MB + _DECODE_SOURCE_MS_PER_MB)
    reading = (
        file_bytes / 1e6 * (_FETCH_MS_PER_MB + _DECODE_PRERENDERED_MS[0])
        + prepared.size.width * prepared.size.height / 1e6 * _DECODE_PRERENDERED_MS[1]
    )
    if not spared_bytes:
        reading += _REQUEST_MS
    return file_bytes <= MAX_PRERENDERED_BYTES and drawing > _MIN_SPEEDUP * reading
