"""Downscales a document's own images to the most pixels that any size of it can show."""

import math
from collections.abc import Iterator, Mapping

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.canvas.codecs.reencode import reencode_at_size
from postcard.geometry import MAX_PIXELS, MAX_SIDE
from postcard.rendering.drawing_context import TargetPixels, target_pixels
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.digest import content_digest
from postcard.runtime.lru_cache import Caches, SizedLruCache
from postcard.template.compiled import Template
from postcard.template.image_references import default_images
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.model import walk_all_layers
from postcard.template.validation.parse import Document

CACHE_BYTES = 48_000_000  # of the downscaled images of drafts
_ENTRY_BYTES = 500  # of a key and the objects around it
_UNCHANGED = b""
_MIN_SAVING = 0.7  # of a side: an image nearer to its size is left as it is


def downscale(
    template: Template, pictures: Mapping[str, bytes], deadline: Deadline = NO_DEADLINE
) -> dict[str, bytes]:
    """Images by reference; those far larger than their boxes are made smaller.

    Raises `DeadlineExceeded` between two images.
    """
    boxes, downscaled = dict(_largest_sizes(template.document)), {}
    for name, body in pictures.items():
        deadline.check()
        downscaled[name] = _downscale_one(body, boxes.get(name))
    return downscaled


class CachedDownscaling:
    """Downscales the images of drafts as publishing will, each once while it is cached."""

    def __init__(self, caches: Caches | None = None) -> None:
        images: SizedLruCache[tuple[str, TargetPixels], bytes] = SizedLruCache(
            CACHE_BYTES, lambda body: len(body) + _ENTRY_BYTES
        )
        self._images = (caches or Caches()).add("downscaled images", images)

    def downscale(
        self, template: Template, images: Mapping[str, bytes], deadline: Deadline
    ) -> dict[str, bytes]:
        """Images by reference; those that the document names are no larger than it can show."""
        boxes = dict(_largest_sizes(template.document))
        return {
            name: self._downscale(body, boxes[name], deadline) if name in boxes else body
            for name, body in images.items()
        }

    def _downscale(self, body: bytes, box: TargetPixels, deadline: Deadline) -> bytes:
        if box is None:
            return body
        key = (content_digest(body), box)
        smaller = self._images.get(key)
        if smaller is None:
            deadline.check()
            try:
                smaller = _downscale_one(body, box)
            except ImageDecodeError:  # drawing says what is wrong with it
                return body
            smaller = _UNCHANGED if smaller == body else smaller
            self._images.put(key, smaller)
        return smaller or body


def max_scale(document: Document) -> float:
    """Device pixels per CSS pixel of the largest picture of a document.

    >>> from postcard.template.validation.parse import load_published
    >>> max_scale(load_published('{"width": 2500, "height": 100, "layers": []}'))
    2.0
    """
    width, height = document.width, document.height
    return min(MAX_SIDE / max(width, height), math.sqrt(MAX_PIXELS / (width * height)))


def _downscale_one(body: bytes, box: TargetPixels) -> bytes:
    if box is None:
        return body
    picture = DecodedImage.decode(body, target_pixels=(1, 1))
    share = max(box[0] / picture.width, box[1] / picture.height)
    if share > _MIN_SAVING:
        return body
    smaller = reencode_at_size(
        body, (math.ceil(picture.width * share), math.ceil(picture.height * share))
    )
    return min(smaller, body, key=len)


def _largest_sizes(document: Document) -> Iterator[tuple[str, TargetPixels]]:
    """Device pixels that each image needs; None for images drawn in their own size."""
    needed: dict[str, TargetPixels] = {}
    for reference, box in _boxes(document):
        known = needed.get(reference, (1, 1))
        both = (
            None if box is None or known is None else (max(box[0], known[0]), max(box[1], known[1]))
        )
        needed[reference] = both
    yield from needed.items()


def _boxes(document: Document) -> Iterator[tuple[str, TargetPixels]]:
    scale = max_scale(document)
    whole = math.ceil(document.width * scale), math.ceil(document.height * scale)
    yield from ((reference, None) for reference, _ in default_images(document))
    for kind in ("fallback", "ended"):
        picture = getattr(document, kind)
        if picture is not None and picture.source:
            yield picture.source, whole
    for layer, _, _ in walk_all_layers(document):
        if isinstance(layer, QrLayer) and layer.logo:
            yield layer.logo, None
        elif isinstance(layer, ImageLayer):
            grows = layer.fit == "none" or "fill" in (layer.width, layer.height)
            yield layer.source, None if grows else target_pixels(layer, document, scale)
