"""Makes QR codes and barcodes large enough, and dark enough on a light background, to scan."""

from collections.abc import Iterator

from postcard.color import WHITE, Color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.lint.contrast import hex_color
from postcard.lint.faint_codes import MIN_CODE_CONTRAST, code_colors, scans_well
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer
from postcard.lint.fixes.json_patch import Operation, set_value, value_at
from postcard.lint.fixes.new_overlaps import new_overlaps
from postcard.lint.fixes.oklch import nearest_passing_color
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.qr import QrLayer, min_side
from postcard.template.model import walk_layers

_FACTORS = (1, 1.25, 1.5, 2, 3, 4, 6, 8, 12)
_TOP_LEVEL_SLASHES = 2  # in "/layers/0"
_SURE_CONTRAST = 7.0  # for codes of which scanners see too little at the least contrast


def enlarge_code(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Three times the pixels that its shortest value needs; else just these."""
    layer = next(
        layer
        for layer, pointer, _ in walk_layers(examined.template.document.layers)
        if pointer == finding.pointer
    )
    if isinstance(layer, QrLayer):
        sizes = [_square(factor * min_side(layer)) for factor in (3, 2, 1)]
    elif isinstance(layer, BarcodeLayer):
        sizes = [{"width": factor * layer.min_modules} for factor in (3, 2, 1)]
    else:
        return
    yield from _resized(finding, examined, sizes)


def make_scannable(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Darker modules, black on white, a larger code, or both."""
    recolored = list(recolor_code(finding, examined))
    enlarged = list(_enlarged(finding, examined))
    yield from enlarged[:1] if "edge" in finding.detail else ()
    yield from recolored
    yield from enlarged
    color = recolored[0]
    for fix in enlarged:
        detail = f"{color.detail.removesuffix('.')}, and {fix.detail[0].lower()}{fix.detail[1:]}"
        yield Fix((*color.patch, *fix.patch), detail)


def _enlarged(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The code as it is, wholly on the canvas; and larger."""
    if box := examined.box_of(finding.pointer):
        sizes = [
            {"width": round(box.width * factor), "height": round(box.height * factor)}
            for factor in _FACTORS
        ]
        yield from _resized(finding, examined, sizes)


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


def _square(side: int) -> dict[str, int]:
    return {"width": side, "height": side}


def _resized(finding: Fault, examined: Examination, sizes: list[dict[str, int]]) -> Iterator[Fix]:
    """The code in these sizes and wholly on the canvas; first where it covers nothing else."""
    found = [fix for size in sizes for fix in _with_size(finding, examined, size)]
    yield from (fix for fix, _ in sorted(found, key=lambda one: one[1]))  # stable


def _with_size(
    finding: Fault, examined: Examination, size: dict[str, int]
) -> Iterator[tuple[Fix, int]]:
    """The fix, and how many other layers the code then overlaps."""
    document, pointer, template = examined.document, finding.pointer, examined.template
    drawn = examined.box_of(pointer) or Box(0, 0, 0, 0)
    box = Box(drawn.x, drawn.y, size["width"], size.get("height", drawn.height))
    if box.width > template.width or box.height > template.height:
        return
    stated = {
        side: pixels
        for side, pixels in size.items()
        if isinstance(value_at(document, f"{pointer}/{side}"), int | float)
        and pixels != value_at(document, f"{pointer}/{side}")
    }
    moved: dict[str, float] = {}
    if pointer.count("/") == _TOP_LEVEL_SLASHES:
        place = Box(
            max(0.0, min(box.x, template.width - box.width)),
            max(0.0, min(box.y, template.height - box.height)),
            box.width,
            box.height,
        )
        moved = {axis: round(getattr(place, axis)) for axis in ("x", "y")}
        moved = {axis: v for axis, v in moved.items() if v != round(getattr(box, axis))}
        box = place
    patch = tuple(
        set_value(document, f"{pointer}/{name}", value)
        for name, value in {**stated, **moved}.items()
    )
    if patch:
        detail = _resizing_sentence(describe_layer(document, pointer), stated, moved)
        yield Fix(patch, detail), new_overlaps(examined, pointer, box)


def _resizing_sentence(words: str, stated: dict[str, int], moved: dict[str, float]) -> str:
    size = " × ".join(str(value) for value in dict.fromkeys(stated.values()))
    place = " and ".join(f"{axis} {value}" for axis, value in moved.items())
    if not stated:
        return f"Move {words} to {place}, where all of it is on the canvas."
    at = f" at {place}" if moved else ""
    return f"Make {words} {size} pixels large{at}, so that it scans."
