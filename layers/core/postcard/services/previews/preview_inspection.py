"""Describes a preview's picture: the geometry of its layers, its parts, the carets of a text."""

import base64
from collections.abc import Sequence
from hashlib import sha256

from postcard.canvas.codecs.encode import encode
from postcard.geometry import Box
from postcard.image_formats import MAX_PICTURE_BYTES, EncodedImage
from postcard.pipeline.pipeline import RenderResult
from postcard.pipeline.render_job import RenderJob
from postcard.ports import JsonObject
from postcard.rendering.inspection.inspection import Inspection
from postcard.rendering.inspection.layer_geometry import LayerGeometry, TextGeometry
from postcard.rendering.inspection.layer_parts import NoParts
from postcard.rendering.inspection.text_carets import Caret, NoCarets
from postcard.rendering.renderer import Renderer
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.evaluator import render_alt

_DECIMALS = 3  # of lengths in CSS pixels


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """What to find out about a picture.

    `describe`: the geometry of each layer. `parts`: pointers of the layers to separate from those
    below and above them. `carets`: the pointer of a text layer.
    """

    describe: bool
    parts: Sequence[str] | None
    carets: str | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find out."""
        return not self.describe and self.parts is None and self.carets is None


def inspect_picture(
    request: InspectionRequest,
    renderer: Renderer,
    job: RenderJob,
    result: RenderResult,
    deadline: Deadline,
) -> JsonObject:
    """The results, as properties of the response. Layout and drawing end at the deadline."""
    inspection = None
    if result.prepared is not None:
        inspection = Inspection(renderer, result.prepared, result.fetched_images)
    properties: JsonObject = {}
    if request.describe:
        properties |= _describe(inspection, job, result.image)
    if request.parts is not None:
        properties |= _parts(inspection, request.parts, result.image, deadline)
    if request.carets is not None:
        properties |= _carets(inspection, request.carets)
    return properties


def _describe(inspection: Inspection | None, job: RenderJob, image: EncodedImage) -> JsonObject:
    layers = inspection.layers() if inspection else []
    hidden = inspection.hidden_layers() if inspection else []
    return {
        "layers": [_layer_json(layer) for layer in layers],
        "hidden": [{"pointer": one.pointer, "reason": one.reason} for one in hidden],
        "alt": render_alt(job.template, job.values.values),
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "bytes": len(image.body),
        "sha256": sha256(image.body).hexdigest(),
    }


def _layer_json(layer: LayerGeometry) -> JsonObject:
    return {
        "pointer": layer.pointer,
        "rotation": layer.rotation,
        **_box_json(layer.box),
        "corners": [(_rounded(x), _rounded(y)) for x, y in layer.corners],
        "ink": _box_json(layer.ink) if layer.ink else None,
        "text": _text_json(layer.text) if layer.text else None,
    }


def _text_json(text: TextGeometry) -> JsonObject:
    lines = [{**_box_json(line.box), "baseline": _rounded(line.baseline)} for line in text.lines]
    return {
        "lines": lines,
        "size": _rounded(text.size),
        "shrink": text.shrunk,
        "cut": text.cut,
        "missing": "".join(text.missing),
    }


def _parts(
    inspection: Inspection | None,
    pointers: Sequence[str],
    image: EncodedImage,
    deadline: Deadline,
) -> JsonObject:
    """The parts as PNG files, which no format that is as fast to write keeps as exactly."""
    if inspection is None:
        return {"parts": None, "reason": "hidden"}
    try:
        parts = inspection.parts(pointers)
    except NoParts as none:
        return {"parts": None, "reason": none.reason}
    below, layer, above = (
        encode(surface, "png", exact=True, deadline=deadline).image if surface else None
        for surface in (parts.below, parts.layer, parts.above)
    )
    total = sum(len(one.body) for one in (image, below, layer, above) if one)
    if total > MAX_PICTURE_BYTES:
        return {"parts": None, "reason": "too_large"}
    return {
        "parts": {
            "below": below and inline_image(below),
            "layer": {"image": layer and inline_image(layer), **_box_json(parts.layer_box)},
            "above": above and inline_image(above),
        }
    }


def _carets(inspection: Inspection | None, pointer: str) -> JsonObject:
    if inspection is None:
        return {"carets": None, "reason": "hidden"}
    try:
        return {"carets": [_caret_json(caret) for caret in inspection.carets(pointer)]}
    except NoCarets as none:
        return {"carets": None, "reason": none.reason}


def _caret_json(caret: Caret) -> JsonObject:
    position = caret.position
    return {
        "span": caret.span,
        "offset": caret.offset,
        "x": _rounded(position.x),
        "top": _rounded(position.top),
        "bottom": _rounded(position.bottom),
        "rtl": position.rtl,
    }


def _box_json(box: Box) -> JsonObject:
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return {name: _rounded(side) for name, side in sides.items()}


def _rounded(length: float) -> float:
    return round(length, _DECIMALS) + 0.0  # never -0


def inline_image(image: EncodedImage) -> str:
    """A picture as a data URI."""
    return f"data:{image.content_type};base64,{base64.b64encode(image.body).decode()}"
