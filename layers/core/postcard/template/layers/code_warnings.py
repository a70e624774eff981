"""The warning about QR codes and barcodes whose colours do not scan."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postcard.canvas.code_contrast import CodeFault
    from postcard.template.layers.context import LayerContext

COLOR_DETAILS: "dict[CodeFault, str]" = {
    "faint": "The code is hardly darker than what is around or behind it, so it may not scan: use "
    "a darker color and a light background.",
    "inverted": "The code is light on dark, which many scanners do not read: use dark on light.",
}


def warn_of_colors(context: "LayerContext", fault: "CodeFault | None") -> None:
    """Adds the warning `unscannable`, if there is a fault."""
    if fault is not None:
        context.warn("unscannable", COLOR_DETAILS[fault])
