"""Checks what must fit together in a document, once each property is valid by itself."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from postcard.errors import Fault
from postcard.geometry import MAX_PIXELS
from postcard.identifiers import NAME_PATTERN, is_name, is_tracking_parameter
from postcard.json_text import json_pointer
from postcard.template.fields.countdown import MAX_ANIMATION_PIXELS
from postcard.template.fields.field_types import (
    AnyField,
    DateField,
    Fields,
    ImageField,
    ListField,
    NumberField,
)
from postcard.template.fields.values import BadValue, check_asset, read_date, read_value
from postcard.template.image_references import named_assets
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.layers.text import TextLayer
from postcard.template.model import (
    Document,
    fallback_pictures,
    layer_lists,
    walk_all_layers,
    walk_layers,
)
from postcard.template.schema.graphemes import count_graphemes
from postcard.template.schema.validators import (
    MAX_TEXT_GRAPHEMES,
    RESERVED_NAMES,
    has_liquid,
)

MAX_LAYERS, MAX_DEPTH, MAX_FIELDS = 200, 8, 100
Faults = Iterator[Fault]


def document_faults(document: Document) -> Faults:
    """Every fault of a document whose properties are valid one by one.

    Of a document with too many fields or layers, only that: the other checks take time for each.
    """
    too_large = list(_size_faults(document))
    yield from too_large
    if too_large:
        return
    for check in _CHECKS:
        yield from check(document)


def _size_faults(document: Document) -> Faults:
    lists = [field for field in document.fields.values() if isinstance(field, ListField)]
    if len(document.fields) + sum(len(field.items) for field in lists) > MAX_FIELDS:
        detail = f"More than {MAX_FIELDS} fields, counting those of list items."
        yield Fault("too_many_items", "/fields", detail)
    if sum(1 for _ in walk_all_layers(document)) > MAX_LAYERS:
        yield Fault("too_many_items", "/layers", f"More than {MAX_LAYERS} layers.")


def _canvas_faults(document: Document) -> Faults:
    if document.width * document.height > MAX_PIXELS:
        yield Fault("invalid_value", "/width", f"width times height is over {MAX_PIXELS} pixels.")
    elif document.countdown is not None:
        frames = MAX_ANIMATION_PIXELS // (document.width * document.height)
        if document.countdown.frames > frames:
            detail = f"A canvas of this size has at most {frames} frames."
            yield Fault("invalid_value", "/countdown/frames", detail)


def _fields_faults(document: Document) -> Faults:
    from postcard.template.validation.list_checks import (  # keeps a render's imports few
        flat_name_faults,
        list_field_faults,
    )

    fields = document.fields
    lists = {name: field for name, field in fields.items() if isinstance(field, ListField)}
    faults = list(_field_set_faults(fields, "/fields"))
    for name, field in lists.items():
        faults += _field_set_faults(field.items, json_pointer("fields", name, "items"))
    if faults:
        yield from faults
        return
    yield from flat_name_faults(fields)
    assets = frozenset(named_assets(document))
    for name, spec in fields.items():
        yield from _example_asset_faults(spec, assets, json_pointer("fields", name, "example"))
    for name, field in lists.items():
        yield from list_field_faults(name, field, assets)


def _field_set_faults(fields: Fields, parent_pointer: str) -> Faults:
    for name, field in fields.items():
        where = f"{parent_pointer}{json_pointer(name)}"
        if not is_name(name):
            yield Fault("invalid_value", where, f"A field's name matches {NAME_PATTERN}.")
        elif name in RESERVED_NAMES or is_tracking_parameter(name):
            yield Fault("invalid_value", where, f"A field may not be called {name}.")
        yield from _field_faults(field, where)


def _field_faults(field: AnyField, where: str) -> Faults:
    if field.open and not field.has_bounds:
        bounds = {"text": "max_length, pattern or choices", "number": "min and max"}
        bounds["list"] = "one for each field of an item"
        bound = bounds.get(field.type, "allowed_hosts")
        yield Fault("missing_value", f"{where}/open", f"An open field needs a bound: {bound}.")
    bound_faults = list(_bound_faults(field, where))
    yield from bound_faults
    if bound_faults or isinstance(field, ListField):
        return
    for key in ("default", "example"):
        try:
            read_value(field, getattr(field, key))
        except BadValue as error:
            yield Fault("invalid_value", f"{where}/{key}", f"The {key} {error}.")


def _example_asset_faults(field: AnyField, assets: frozenset[str], where: str) -> Faults:
    """A default is an asset that the document names; an example may be another."""
    if isinstance(field, ImageField) and isinstance(field.example, str):
        try:
            check_asset(field, field.example.strip(), assets, restricted=False)
        except BadValue as error:
            yield Fault("invalid_value", where, f"The example {error}.")


def _bound_faults(field: AnyField, where: str) -> Faults:
    if isinstance(field, NumberField):
        low, high = field.min, field.max
        if low is not None and high is not None and low > high:
            yield Fault("invalid_value", f"{where}/min", "min is over max.")
    if isinstance(field, DateField):
        for key in ("min", "max"):
            try:
                if (bound := getattr(field, key)) is not None:
                    read_date(bound)
            except BadValue as error:
                yield Fault("invalid_value", f"{where}/{key}", f"{key} {error}.")


def _layers_faults(document: Document) -> Faults:
    for layer, where, depth in walk_all_layers(document):
        if depth > MAX_DEPTH + 1 or (depth == MAX_DEPTH + 1 and isinstance(layer, GroupLayer)):
            yield Fault("too_many_items", where, f"Groups are nested more than {MAX_DEPTH} deep.")
        yield from _layer_faults(layer, where, document.styles)
    main_layers = list(walk_layers(document.layers))
    names = Counter(layer.name for layer, _, _ in main_layers)
    for layer, where, _ in main_layers:
        if layer.name and names[layer.name] > 1:
            yield Fault("invalid_value", f"{where}/name", f"{layer.name} names two layers.")


def _fill_faults(document: Document) -> Faults:
    """A layer may `fill` its parent only in a row or column."""
    for layers, pointer in layer_lists(document):
        yield from _fill_outside_flow_faults(layers, pointer)


def _fill_outside_flow_faults(layers: Sequence[AnyLayer], where: str, flow: str = "none") -> Faults:
    for index, layer in enumerate(layers):
        for side in ("width", "height"):
            if flow == "none" and getattr(layer, side) == "fill":
                detail = "Only a layer in a row or column can fill: write a number."
                yield Fault("invalid_value", f"{where}/{index}/{side}", detail)
        if isinstance(layer, GroupLayer):
            yield from _fill_outside_flow_faults(
                layer.layers, f"{where}/{index}/layers", layer.flow
            )


def _layer_faults(layer: AnyLayer, where: str, styles: Mapping[str, Any]) -> Faults:
    if isinstance(layer, QrLayer | BarcodeLayer) and layer.width is None and layer.height is None:
        yield Fault("missing_value", f"{where}/width", "A code needs a width or a height.")
    if (
        isinstance(layer, BarcodeLayer)
        and not has_liquid(layer.value)
        and (error := layer.value_error)
    ):
        yield Fault("invalid_value", f"{where}/value", f"The value {error}.")
    if not isinstance(layer, TextLayer):
        return
    for key in ("style", "emphasis"):
        yield from _style_name_faults(getattr(layer, key), f"{where}/{key}", styles)
    if isinstance(layer.text, str):
        return
    for index, span in enumerate(layer.text):
        yield from _style_name_faults(span.style, f"{where}/text/{index}/style", styles)
    if sum(count_graphemes(span.text) for span in layer.text) > MAX_TEXT_GRAPHEMES:
        yield Fault(
            "invalid_value",
            f"{where}/text",
            f"The text is longer than {MAX_TEXT_GRAPHEMES} characters.",
        )


def _style_name_faults(name: str | None, where: str, styles: Mapping[str, Any]) -> Faults:
    if name is not None and name not in styles:
        known = f"there are {', '.join(styles)}" if styles else "the document has none"
        yield Fault("unknown_name", where, f"There is no style {name}; {known}.")


def _styles_faults(document: Document) -> Faults:
    for name in document.styles:
        if not is_name(name):
            where = json_pointer("styles", name)
            yield Fault("invalid_value", where, f"A style's name matches {NAME_PATTERN}.")


def _repeat_faults(document: Document) -> Faults:
    from postcard.template.validation.list_checks import repeat_faults

    for layers, pointer in layer_lists(document):
        yield from repeat_faults(layers, pointer, document.fields)


def _fallback_picture_faults(document: Document) -> Faults:
    for picture, pointer in fallback_pictures(document):
        forms = [key for key in ("source", "layers", "text") if getattr(picture, key) is not None]
        if len(forms) != 1:
            yield Fault("invalid_value", pointer, "Give exactly one of source, layers and text.")
        for key in ("color", "background"):
            if getattr(picture, key) is not None and forms != ["text"]:
                yield Fault("invalid_value", f"{pointer}/{key}", f"{key} goes with a text.")


_CHECKS: Sequence[Callable[[Document], Faults]] = (
    _canvas_faults,
    _fields_faults,
    _styles_faults,
    _layers_faults,
    _fill_faults,
    _repeat_faults,
    _fallback_picture_faults,
)
