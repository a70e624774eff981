"""Finds QR codes and barcodes whose stated colours have too little contrast to scan everywhere.

The renderer warns (`unscannable`) of codes that scanners cannot read, by the pixels that it drew.
This asks for more: what a phone reads off a dim screen, or off paper in a dark hall.
"""

from collections.abc import Iterator

from postcard.color import Color, composite, parse_color
from postcard.errors import Fault
from postcard.lint.contrast import (
    LayerBoxes,
    contrast_ratio,
    hex_color,
    is_lighter,
    layers_on_backgrounds,
)
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.model import Document
from postcard.template.schema.validators import has_liquid

MIN_CODE_CONTRAST = 4.5


def low_contrast_code(document: Document, boxes: LayerBoxes) -> Iterator[Fault]:
    """`low_contrast_code` for every drawn code that is faint, or light on dark."""
    reported: set[str] = set()
    for pointer, color, background in code_colors(document, boxes):
        if pointer not in reported and (detail := _message(color, background)):
            reported.add(pointer)
            yield Fault("low_contrast_code", pointer, detail)


def code_colors(
    document: Document, boxes: LayerBoxes, behind: Color | None = None
) -> Iterator[tuple[str, Color, Color]]:
    """Each code's pointer, and the colours that its modules and their background are seen in.

    Only where both are known. `behind` is what shows through a transparent document.
    """
    for drawn, backdrop in layers_on_backgrounds(document, boxes, behind):
        layer = drawn.layer
        if not isinstance(layer, QrLayer | BarcodeLayer):
            continue
        if has_liquid(layer.color) or has_liquid(layer.background):
            continue
        own = parse_color(layer.background)
        if backdrop is None and (own[3] < 255 or layer.opacity < 1):
            continue
        backdrop = backdrop or own
        background = composite(own, backdrop)
        color = composite(parse_color(layer.color), background)
        yield (
            drawn.pointer,
            composite(color, backdrop, layer.opacity),
            composite(background, backdrop, layer.opacity),
        )


def scans_well(color: Color, background: Color) -> bool:
    """Whether a code of these colours is dark on light, with enough contrast."""
    return is_lighter(background, color) and contrast_ratio(color, background) >= MIN_CODE_CONTRAST


def _message(color: Color, background: Color) -> str | None:
    if scans_well(color, background):
        return None
    pair = f"{hex_color(color)} on {hex_color(background)}"
    if is_lighter(color, background):
        return f"The code is light on dark ({pair}), which many scanners do not read: swap them."
    ratio = contrast_ratio(color, background)
    return (
        f"The code is faint ({pair}): its contrast is {ratio:.1f}, and {MIN_CODE_CONTRAST} scans "
        "in bad light too."
    )
