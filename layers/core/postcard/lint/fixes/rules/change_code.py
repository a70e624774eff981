"""Makes QR codes and barcodes large enough, and dark enough on a light background, to scan."""

from collections.abc import Iterator

from postcard.color import WHITE, Color
from postcard.errors import Fault
from postcard.lint.contrast import hex_color
from postcard.lint.faint_codes import MIN_CODE_CONTRAST, code_colors, scans_well
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer
from postcard.lint.fixes.json_patch import Operation, set_value, value_at
from postcard.lint.fixes.oklch import nearest_passing_color
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.qr import QrLayer, min_side
from postcard.template.model import walk_layers

_FACTORS = (1.25, 1.5, 2, 3, 4, 6, 8, 12)
_SURE_CONTRAST = 7.0  # for codes of which scanners see too little at the least contrast


def enlarge_code(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Three times the pixels that its shortest value needs; else just these."""
    layer = next(
        layer
        for layer, pointer, _ in walk_layers(examined.template.document.layers)
        if pointer == finding.pointer
    )
    if isinstance(layer, QrLayer):
        least = min_side(layer)
    elif isinstance(layer, BarcodeLayer):
        least = layer.min_modules
    else:
        return
    sides = ("width", "height") if isinstance(layer, QrLayer) else ("width",)
    for pixels in (3 * least, 2 * least, least):
        yield from _with_sides(finding, examined, dict.fromkeys(sides, pixels))


def make_scannable(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Darker modules, black on white, a larger code, or both."""
    recolored = list(recolor_code(finding, examined))
    yield from recolored
    enlarged = list(_enlarged(finding, examined))
    yield from enlarged
    for fix in enlarged[2:]:
        color = recolored[0]
        detail = f"{color.detail.removesuffix('.')}, and {fix.detail[0].lower()}{fix.detail[1:]}"
        yield Fix((*color.patch, *fix.patch), detail)


def _enlarged(finding: Fault, examined: Examination) -> Iterator[Fix]:
    for box in [box for where, box in examined.boxes if where == finding.pointer][:1]:
        for factor in _FACTORS:
            sides = {"width": round(box.width * factor), "height": round(box.height * factor)}
            yield from _with_sides(finding, examined, sides)


def darker_code(
    document: object, pointer: str, color: Color, background: Color, minimum: float
) -> tuple[Operation, str] | None:
    """The operation that gives a code the nearest darker colour that scans, and that colour."""
    darker = nearest_passing_color(color, background, minimum, only_darker=True)
    if darker is None or not scans_well(darker, background):
        return None
    return set_value(document, f"{pointer}/color", hex_color(darker)), hex_color(darker)


def recolor_code(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The nearest darker colour; else black on white."""
    document, pointer = examined.document, finding.pointer
    words = describe_layer(document, pointer)
    seen = [
        (color, background)
        for where, color, background in code_colors(examined.template.document, examined.boxes)
        if where == pointer
    ]
    for color, background in seen[:1]:
        for minimum in (MIN_CODE_CONTRAST, _SURE_CONTRAST):
            if darker := darker_code(document, pointer, color, background, minimum):
                detail = f"Make {words} {darker[1]}, which scans on {hex_color(background)}."
                yield Fix((darker[0],), detail)
    on_white = [nearest_passing_color(one, WHITE, _SURE_CONTRAST) for one, _ in seen[:1]]
    for name in dict.fromkeys((*(hex_color(one) for one in on_white if one), "#000000")):
        patch = (
            set_value(document, f"{pointer}/color", name),
            set_value(document, f"{pointer}/background", "#ffffff"),
        )
        yield Fix(patch, f"Make {words} {name} on white, which every scanner reads.")


def _with_sides(finding: Fault, examined: Examination, sides: dict[str, int]) -> Iterator[Fix]:
    document, pointer = examined.document, finding.pointer
    stated = {
        side: pixels
        for side, pixels in sides.items()
        if isinstance(value_at(document, f"{pointer}/{side}"), int | float)
    }
    patch = (set_value(document, f"{pointer}/{side}", value) for side, value in stated.items())
    if stated:
        pixels = " × ".join(str(value) for value in dict.fromkeys(stated.values()))
        words = describe_layer(document, pointer)
        yield Fix(tuple(patch), f"Make {words} {pixels} pixels large, so that it scans.")
