"""Proposes fixes for a finding by its code, the best first."""

from collections.abc import Callable, Iterator, Mapping

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.rules.change_code import enlarge_code, make_scannable, recolor_code
from postcard.lint.fixes.rules.edit_fields import add_example, remove_unused_field
from postcard.lint.fixes.rules.enlarge_picture import enlarge_picture
from postcard.lint.fixes.rules.fill_background import fill_background
from postcard.lint.fixes.rules.fit_text import fit_text
from postcard.lint.fixes.rules.place_layer import move_onto_canvas, stack_items, state_size
from postcard.lint.fixes.rules.recolor_text import recolor_text
from postcard.lint.fixes.rules.reduce_file import reduce_file
from postcard.lint.fixes.rules.replace_font import add_font_of_language, replace_unknown_font
from postcard.lint.fixes.rules.stop_clock import (
    align_digits,
    remove_countdown,
    remove_static_time,
)

Rule = Callable[[Fault, Examination], Iterator[Fix]]

RULES: Mapping[str, Rule] = {
    "low_contrast": recolor_text,
    "text_overflow": fit_text,
    "unknown_font": replace_unknown_font,
    "unsupported_characters": add_font_of_language,
    "unused_field": remove_unused_field,
    "missing_example": add_example,
    "outside_canvas": move_onto_canvas,
    "code_too_small": enlarge_code,
    "unscannable": make_scannable,
    "low_contrast_code": recolor_code,
    "missing_size": state_size,
    "overlapping_items": stack_items,
    "unused_countdown": remove_countdown,
    "static_time": remove_static_time,
    "proportional_digits": align_digits,
    "large_file": reduce_file,
    "small_picture": enlarge_picture,
    "low_contrast_in_dark_mode": fill_background,
    "invisible_in_dark_mode": fill_background,
}


def propose(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Fixes that have not been verified; none for a code without a rule."""
    rule = RULES.get(finding.code)
    if rule is not None:
        yield from rule(finding, examined)
