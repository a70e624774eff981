"""The checks of a valid template, of the document and of its drawn example."""

import math
import re
from collections.abc import Iterator, Sequence
from html.entities import html5

from postcard.errors import Fault
from postcard.geometry import Box
from postcard.json_text import json_pointer
from postcard.lint.contrast import low_contrast
from postcard.lint.dark_mode import (
    invisible_in_dark_mode,
    low_contrast_in_dark_mode,
    small_picture,
)
from postcard.lint.faint_codes import low_contrast_code
from postcard.lint.missing_letters import missing_letters
from postcard.lint.proportional_digits import proportional_digits
from postcard.lint.text_overflow import overflowing_texts, truncated_texts
from postcard.template.bind import BoundValues, bind_examples, example_value
from postcard.template.compiled import Template
from postcard.template.evaluator import NO_CLOCK, Evaluator
from postcard.template.fields.field_types import ListField
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.code_warnings import COLOR_DETAILS
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer, min_side
from postcard.template.liquid.parse import names_used, unknown_date_codes, uses_time
from postcard.template.model import walk_layers
from postcard.template.used_fonts import used_families
from postcard.text.fonts import Fonts

_FALLBACK_POINTERS = ("/fallback", "/ended")  # pictures that are drawn once, at publish
_LEGACY_ENTITIES = tuple(name for name in html5 if not name.endswith(";"))
LARGE_IMAGE_BYTES = 1_000_000  # phones load more slowly, and some mail clients leave it out


def check_template(template: Template, families: Sequence[str] | None = None) -> tuple[Fault, ...]:
    """Findings about the document itself.

    Codes: `unused_field`, `missing_example`, `outside_canvas`, `unknown_font`, `code_too_small`,
    `missing_size`, `overlapping_items`, `unused_countdown`, `static_time`, `unknown_date_code`,
    `html_entity_name`, `small_picture`.
    `families` are the fonts that are installed, None if they are not known.
    """
    return (
        *_unused_fields(template),
        *_missing_examples(template),
        *_html_entity_names(template),
        *_clock_findings(template),
        *_unknown_date_codes(template),
        *_layer_findings(template),
        *_stacked_repeats(template),
        *_unknown_fonts(template, families),
        *small_picture(template.document),
    )


def check_rendered(
    template: Template,
    fonts: Fonts,
    boxes: Sequence[tuple[str, Box]],
    image_bytes: int,
    *,
    now: float = NO_CLOCK,
    warnings: Sequence[Fault] = (),
    dark_share: float = 0.0,
) -> tuple[Fault, ...]:
    """Findings about the example as it was drawn at `now`, in Unix seconds, and the warnings of it.

    Codes: `low_contrast`, `low_contrast_code`, `low_contrast_in_dark_mode`,
    `invisible_in_dark_mode`, `text_overflow`, `unsupported_characters`, `proportional_digits`,
    `large_file`, and those of `warnings`. `boxes` are the pointers and boxes of its layers in
    drawing order, `image_bytes` is the size of its file, `dark_share` as `invisible_in_dark_mode`
    takes it.
    """
    document = template.document
    unscannable = {one.pointer for one in warnings if one.detail in COLOR_DETAILS.values()}
    codes = low_contrast_code(document, boxes)
    in_dark_mode = tuple(low_contrast_in_dark_mode(document, boxes))
    return (
        *low_contrast(document, boxes),
        *(fault for fault in codes if fault.pointer not in unscannable),
        *in_dark_mode,
        *(() if in_dark_mode else invisible_in_dark_mode(dark_share)),
        *check_texts(template, fonts, now=now),
        *_large_image(image_bytes),
        *warnings,
    )


def check_texts(template: Template, fonts: Fonts, *, now: float = NO_CLOCK) -> tuple[Fault, ...]:
    """Findings about the texts, whatever is drawn: with the examples and with the longest values.

    Codes: `text_overflow`, `unsupported_characters`, `proportional_digits`.
    """
    document = template.document
    locale = Evaluator(
        template, bind_examples(template).values, now, lambda *_: None
    ).document.locale
    return (
        *overflowing_texts(template, fonts, now=now),
        *missing_letters(document, locale, fonts),
        *proportional_digits(document, locale, fonts),
    )


def check_picture(
    template: Template,
    fonts: Fonts,
    values: BoundValues,
    boxes: Sequence[tuple[str, Box]],
    image_bytes: int,
    *,
    now: float = NO_CLOCK,
) -> tuple[Fault, ...]:
    """Findings about the picture that was drawn for one person.

    Codes: `low_contrast`, `text_overflow`, `large_file`.
    """
    return (
        *low_contrast(template.document, boxes),
        *truncated_texts(template, values, fonts, now=now),
        *_large_image(image_bytes),
    )


def _large_image(image_bytes: int) -> Iterator[Fault]:
    if image_bytes > LARGE_IMAGE_BYTES:
        detail = (
            f"The picture has {image_bytes / 1_000_000:.1f} MB, which opens slowly in mail: "
            "take jpg for photos, a smaller canvas, or max_bytes."
        )
        yield Fault("large_file", "", detail)


def _unused_fields(template: Template) -> Iterator[Fault]:
    layers = [layer for layer, _, _ in walk_layers(template.document.layers)]
    sources = [template.document.alt, *("{{" + (layer.if_ or "") + "}}" for layer in layers)]
    sources += [slot.source for slots in template.liquid_slots.values() for slot in slots]
    used = {name for source in sources for name in names_used(source)}
    used.update(layer.repeat for layer in layers if isinstance(layer, GroupLayer) and layer.repeat)
    for name, field in template.fields.items():
        if name not in used:
            yield Fault("unused_field", json_pointer("fields", name), f"Nothing shows {name}.")
        elif isinstance(field, ListField):
            yield from _unused_item_fields(name, field, sources)


def _unused_item_fields(name: str, field: ListField, sources: Sequence[str]) -> Iterator[Fault]:
    """Fields of items that no Liquid uses, neither as `item.price` nor as `map: "price"`."""
    for key in field.items:
        usage = re.compile(rf"""\.{key}\b|["']{key}["']""")
        if not any(usage.search(source) for source in sources):
            where = json_pointer("fields", name, "items", key)
            yield Fault("unused_field", where, f"Nothing shows {key} of the items in {name}.")


def _missing_examples(template: Template) -> Iterator[Fault]:
    for name, field in template.fields.items():
        if (
            field.required
            and example_value(field) is None
            and template.default_values[name] is None
        ):
            detail = f"{name} is required and has no example, so previews show it empty."
            yield Fault("missing_example", json_pointer("fields", name), detail)


def _html_entity_names(template: Template) -> Iterator[Fault]:
    """Fields whose name in a link, such as `&copy=`, begins like an entity without semicolon."""
    for name in template.fields:
        if name.startswith(_LEGACY_ENTITIES):
            entity = max((e for e in _LEGACY_ENTITIES if name.startswith(e)), key=len)
            detail = (
                f"Some mail software reads &{entity} in a link as {html5[entity]}: give the field "
                f"a name that begins in another way, such as my_{name}."
            )
            yield Fault("html_entity_name", json_pointer("fields", name), detail)


def _clock_findings(template: Template) -> Iterator[Fault]:
    if template.document.countdown and not _shows_time(template):
        yield Fault("unused_countdown", "/countdown", "Nothing shows the countdown.")
    static = ["/alt"] if uses_time(template.document.alt) else []
    for where, slots in template.liquid_slots.items():
        if where.startswith(_FALLBACK_POINTERS):
            static += [f"{where}{slot.pointer}" for slot in slots if uses_time(slot.source)]
    for where in static:
        detail = "This is evaluated once, not at each open, so its time or countdown stands still."
        yield Fault("static_time", where, detail)


def _unknown_date_codes(template: Template) -> Iterator[Fault]:
    sources = [
        (f"{where}{slot.pointer}", slot.source)
        for where, slots in template.liquid_slots.items()
        for slot in slots
    ]
    for where, source in [*sources, ("/alt", template.document.alt)]:
        codes = ", ".join(unknown_date_codes(source))
        if codes:
            detail = f"There is no date code {codes}: see strftime for those that there are."
            yield Fault("unknown_date_code", where, detail)


def _shows_time(template: Template) -> bool:
    drawn = (
        slots
        for where, slots in template.liquid_slots.items()
        if not where.startswith(_FALLBACK_POINTERS)
    )
    conditions = (layer.if_ or "" for layer, _, _ in walk_layers(template.document.layers))
    return any(uses_time(slot.source) for slots in drawn for slot in slots) or any(
        uses_time(condition, condition=True) for condition in conditions
    )


def _layer_findings(template: Template) -> Iterator[Fault]:
    for index, layer in enumerate(template.document.layers):
        if _is_outside_canvas(layer, template):
            yield Fault("outside_canvas", f"/layers/{index}", "The layer lies outside the canvas.")
    for layer, where, _ in walk_layers(template.document.layers):
        if isinstance(layer, QrLayer) and _qr_side(layer) < min_side(layer):
            detail = f"Even a short text needs {min_side(layer)} pixels a side to scan."
            yield Fault("code_too_small", where, detail)
        if isinstance(layer, BarcodeLayer) and _barcode_width(layer) < layer.min_modules:
            detail = f"Even a short value needs {layer.min_modules} pixels across to scan."
            yield Fault("code_too_small", where, detail)
        if isinstance(layer, ImageLayer) and layer.width is None and layer.height is None:
            detail = "Without width and height the picture's own size decides."
            yield Fault("missing_size", where, detail)


def _stacked_repeats(template: Template) -> Iterator[Fault]:
    """Repeated groups whose copies cover each other; an `if` may choose one of them."""
    layers = {where: layer for layer, where, _ in walk_layers(template.document.layers)}
    for where, layer in layers.items():
        if not isinstance(layer, GroupLayer) or not layer.repeat or layer.if_:
            continue
        parent = layers.get(where.rpartition("/layers/")[0])
        flows = isinstance(parent, GroupLayer) and parent.flow != "none"
        spec = template.fields.get(layer.repeat)
        if not flows and isinstance(spec, ListField) and spec.max_items > 1:
            detail = "Its copies lie on top of each other: put it into a group with a flow."
            yield Fault("overlapping_items", f"{where}/repeat", detail)


def _qr_side(layer: QrLayer) -> float:
    """The side that a code states; infinite if its row or column decides."""
    sides = [side for side in (layer.width, layer.height) if isinstance(side, float)]
    return min(sides, default=math.inf)


def _barcode_width(layer: BarcodeLayer) -> float:
    """The width that a code states; infinite if its row decides."""
    width = layer.height if layer.width is None else layer.width
    return width if isinstance(width, float) else math.inf


def _is_outside_canvas(layer: AnyLayer, template: Template) -> bool:
    if layer.rotation % 360:
        return False
    width, height = layer.width, layer.height
    right = layer.x + (width if isinstance(width, float) else template.width)
    bottom = layer.y + (height if isinstance(height, float) else template.height)
    return layer.x >= template.width or layer.y >= template.height or right <= 0 or bottom <= 0


def _unknown_fonts(template: Template, families: Sequence[str] | None) -> Iterator[Fault]:
    if families is None:
        return
    for where, family in used_families(template.document):
        if family not in families:
            yield Fault(
                "unknown_font", where, f"There is no font {family}; another is used instead."
            )
