"""Gives a transparent picture that dark mode spoils an opaque background."""

from collections.abc import Iterator
from dataclasses import replace

from postcard.errors import Fault
from postcard.lint.contrast import text_contrasts
from postcard.lint.faint_codes import MIN_CODE_CONTRAST, code_colors, scans_well
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import Operation, set_value
from postcard.lint.fixes.rules.change_code import darker_code
from postcard.lint.fixes.rules.recolor_text import color_operations

_BACKGROUNDS = (("#ffffff", "white"), ("#111111", "nearly black"))


def fill_background(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """White, on which most pictures were made; nearly black; either with texts readable on it."""
    for color, name in _BACKGROUNDS:
        operation = set_value(examined.document, "/background", color)
        yield Fix((operation,), f"{_sentence(name)}, so that it is the same in dark mode.")
    for color, name in _BACKGROUNDS:
        operation = set_value(examined.document, "/background", color)
        texts = _readable_on(color, examined)
        detail = f"{_sentence(name)}, and change the colours that would be hard to read on it."
        if texts:
            yield Fix((operation, *texts), detail)


def _sentence(name: str) -> str:
    return f"Make the background of the picture {name}"


def _readable_on(background: str, examined: Examination) -> list[Operation]:
    """New colours for the texts and codes that would be hard to read on that background."""
    filled = replace(examined.template.document, background=background)
    low = [one for one in text_contrasts(filled, examined.boxes) if one.is_low]
    by_pointer = {one.pointer: [each for each in low if each.pointer == one.pointer] for one in low}
    texts = [
        operation
        for pointer, contrasts in by_pointer.items()
        for operation in color_operations(examined.document, pointer, contrasts)
    ]
    codes = [
        darker_code(examined.document, pointer, color, behind, MIN_CODE_CONTRAST)
        for pointer, color, behind in code_colors(filled, examined.boxes)
        if not scans_well(color, behind)
    ]
    return [*texts, *(code[0] for code in codes if code)]
