"""Gives a text with low contrast the nearest colour that is readable on its background."""

from collections.abc import Iterator, Mapping

from postcard.color import Color
from postcard.errors import Fault
from postcard.lint.contrast import TextContrast, hex_color, text_contrasts
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer
from postcard.lint.fixes.json_patch import Operation, set_value, value_at
from postcard.lint.fixes.oklch import nearest_passing_color


def recolor_text(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Full opacity, if that suffices; the colour of the spans that are hard to read; both."""
    document, pointer = examined.document, finding.pointer
    words = describe_layer(document, pointer)
    low = [
        one
        for one in text_contrasts(examined.template.document, examined.boxes)
        if one.pointer == pointer and one.is_low
    ]
    colors = _passing_colors(low)
    opaque: list[Operation] = []
    if _is_faded(value_at(document, f"{pointer}/opacity")):
        opaque = [set_value(document, f"{pointer}/opacity", 1)]
        yield Fix((opaque[0],), f"Make {words} fully opaque, so that it is dark enough to read.")
    for places in (_places(document, pointer, colors), {f"{pointer}/color": _any(colors)}):
        operations = [
            set_value(document, place, hex_color(color)) for place, color in places.items() if color
        ]
        if operations:
            detail = _detail(words, places, low)
            yield Fix(tuple(operations), detail)
            if opaque:
                more = f"{detail.removesuffix('.')}, and make it fully opaque."
                yield Fix((*opaque, *operations), more)


def color_operations(document: object, pointer: str, low: list[TextContrast]) -> list[Operation]:
    """What gives the spans of a text that are hard to read the nearest readable colours."""
    places = _places(document, pointer, _passing_colors(low))
    return [set_value(document, place, hex_color(c)) for place, c in places.items() if c]


def _passing_colors(low: list[TextContrast]) -> dict[int, Color | None]:
    """The nearest readable colour of each span that is hard to read, by its index."""
    return {
        one.span: nearest_passing_color(one.color, one.background, one.minimum)
        for one in sorted(low, key=lambda one: -one.ratio)  # the worst copy of a text counts
    }


def _any(colors: Mapping[int, Color | None]) -> Color | None:
    return next((color for color in colors.values() if color), None)


def _places(
    document: object, pointer: str, colors: Mapping[int, Color | None]
) -> dict[str, Color | None]:
    """Where to write which colour: at spans that state their own, else at the layer."""
    places: dict[str, Color | None] = {}
    for index, color in colors.items():
        span = value_at(document, f"{pointer}/text/{index}")
        states_own = isinstance(span, dict) and (span.get("color") or span.get("style"))
        places[f"{pointer}/text/{index}/color" if states_own else f"{pointer}/color"] = color
    return places


def _is_faded(opacity: object) -> bool:
    return isinstance(opacity, int | float) and opacity < 1


def _detail(words: str, places: Mapping[str, Color | None], low: list[TextContrast]) -> str:
    colors = " and ".join(dict.fromkeys(hex_color(color) for color in places.values() if color))
    backgrounds = " and ".join(dict.fromkeys(hex_color(one.background) for one in low))
    return f"Make {words} {colors}, which is readable on {backgrounds}."
