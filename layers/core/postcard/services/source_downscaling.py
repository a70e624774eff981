"""Downscales a document's own images to the most pixels that any size of it can show."""

import math
from collections.abc import Iterator, Mapping

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.codecs.reencode import reencode_at_size
from postcard.geometry import MAX_PIXELS, MAX_SIDE
from postcard.rendering.drawing_context import TargetPixels, target_pixels
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.template.compiled import Template
from postcard.template.image_references import default_images
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.model import walk_all_layers
from postcard.template.validation.parse import Document

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
