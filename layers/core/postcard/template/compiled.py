"""A template made ready to draw: names found, defaults read, Liquid parsed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from postcard.errors import Fault, raise_faults
from postcard.json_text import json_pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.auto_format import guess_format
from postcard.template.fields.countdown import COUNTDOWN_TYPES as COUNTDOWN
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import addressable_names, default_items, default_value
from postcard.template.fields.values import AnyValue
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.liquid.loops import forloop_types, item_types, list_item_types
from postcard.template.liquid.parse import (
    LiquidCondition,
    LiquidTemplate,
    liquid_errors,
    parse_condition,
    parse_template,
    uses_time,
)
from postcard.template.liquid_slots import LiquidSlot, find_slots
from postcard.template.model import Document, walk_all_layers, walk_layers
from postcard.template.schema.locales import find_zone
from postcard.template.schema.validators import has_liquid
from postcard.text.fonts import Fonts

_EXCLUDED_PROPERTIES = frozenset(
    ("layers", "fields", "fallback", "ended", "alt")
)  # not a slot of the document
_COUNTDOWN_INPUTS = ("locale", "zone", "date")  # what a countdown itself follows from


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One version of a template.

    `named` are the layers that a request may address. `timed`: it shows the time of drawing.
    `format`, `quality`, `max_bytes` are what a request gets that does not say. `references` are
    the pictures that the document itself names (`asset:hero`, `https://…`). `slots` and
    `conditions` are its Liquid by the JSON pointer of layer or document (`""`). `fonts` are all
    that it may use, None for those that ship.
    """

    id: str
    version: int
    document: Document
    addressable_layers: Mapping[str, AnyLayer]
    default_values: Mapping[str, AnyValue | None]
    zone: tzinfo
    depends_on_time: bool
    format: str
    image_references: tuple[str, ...]
    liquid_slots: Mapping[str, tuple[LiquidSlot, ...]]
    conditions: Mapping[str, LiquidCondition]
    alt_text: LiquidTemplate
    fonts: Fonts | None = None

    @classmethod
    def compile(
        cls,
        template_id: str,
        version: int,
        document: Document,
        *,
        trusted: bool = False,
        format: str | None = None,
    ) -> "Template":
        """Ready to draw. `BadRequest` with the pointers of Liquid that cannot run.

        `trusted`, for what was published, leaves those checks out; `format`: what `auto` came to.
        """
        slots, zone = _liquid_slots(document), _default_zone(document)
        template = cls(
            id=template_id,
            version=version,
            document=document,
            addressable_layers=dict(_addressable_layers(document.layers)),
            default_values={
                name: _default_value(one, zone) for name, one in document.fields.items()
            },
            zone=zone,
            depends_on_time=_depends_on_time(document, slots),
            format=format or guess_format(document),
            image_references=tuple(dict.fromkeys(_image_references(document))),
            liquid_slots=slots,
            conditions=_liquid_conditions(document),
            alt_text=parse_template(document.alt),
        )
        raise_faults([] if trusted else list(template.liquid_faults()))
        return template

    @property
    def width(self) -> int:
        """The canvas's width in CSS pixels."""
        return self.document.width

    @property
    def height(self) -> int:
        """The canvas's height in CSS pixels."""
        return self.document.height

    @property
    def name(self) -> str:
        """What people call it."""
        return self.document.name or self.id

    @property
    def fields(self) -> Mapping[str, AnyField]:
        """The fields by name."""
        return self.document.fields

    @property
    def quality(self) -> int | None:
        """The document's quality, None for the format's own."""
        return self.document.quality

    @property
    def max_bytes(self) -> int | None:
        """The document's budget, if it has one."""
        return self.document.max_bytes

    @property
    def liquid_types(self) -> Mapping[str, str]:
        """What Liquid may name, and of which type."""
        counted = COUNTDOWN if self.document.countdown else {}
        fields = {name: field.type for name, field in self.fields.items()}
        return {"now": "date", **counted, **fields, **list_item_types(self.fields)}

    def liquid_types_at(self, where: str) -> Mapping[str, str]:
        """What Liquid may name in the layer at a pointer: in a repeated group its item, too."""
        for layer, start, _ in walk_all_layers(self.document):
            if (
                isinstance(layer, GroupLayer)
                and layer.repeat
                and f"{where}/".startswith(f"{start}/")
            ):
                item = item_types(self.liquid_types, layer.repeat, layer.item_name)
                return {**self.liquid_types, **item, **forloop_types()}
        return self.liquid_types

    @property
    def images_depend_on_time(self) -> bool:
        """Whether a countdown may decide which pictures are shown."""
        layers = [layer for layer, _, _ in walk_layers(self.document.layers)]
        sources = [layer.source for layer in layers if isinstance(layer, ImageLayer)]
        conditions = [layer.if_ for layer in layers if layer.if_]
        return any(map(uses_time, sources)) or bool(
            sources and any(uses_time(condition, condition=True) for condition in conditions)
        )

    def unknown_target_message(self, name: str, *, layers_only: bool = False) -> str:
        """A sentence for a name that there is not, with the names that there are."""
        fields = [] if layers_only else addressable_names(self.fields)
        known = list(dict.fromkeys([*fields, *self.addressable_layers]))
        kind = "layer" if layers_only else "field or layer"
        there = f"there are {', '.join(known)}" if known else "there are none"
        return f"There is no {kind} {name[:64]!r}; {there}."

    def liquid_faults(self) -> Iterator[Fault]:
        """Liquid that cannot run whatever the values are."""
        for where, slots in self.liquid_slots.items():
            kinds = self.liquid_types_at(where)
            for slot in slots:
                known = _without_countdown(kinds) if slot.value_type in _COUNTDOWN_INPUTS else kinds
                yield from _to_faults(f"{where}{slot.pointer}", liquid_errors(slot.source, known))
        for layer, where, _ in walk_all_layers(self.document):
            if layer.if_:
                yield from _to_faults(
                    f"{where}/if",
                    liquid_errors(layer.if_, self.liquid_types_at(where), condition=True),
                )
        yield from _to_faults("/alt", liquid_errors(self.document.alt, self.liquid_types))


def _without_countdown(types: Mapping[str, str]) -> Mapping[str, str]:
    return {name: kind for name, kind in types.items() if name not in COUNTDOWN}


def _to_faults(where: str, messages: Sequence[str]) -> Iterator[Fault]:
    for sentence in messages:
        code = "unknown_name" if sentence.startswith("unknown") else "invalid_value"
        yield Fault(code, where, f"{sentence}.")


def _addressable_layers(layers: Sequence[AnyLayer]) -> Iterator[tuple[str, AnyLayer]]:
    """The layers that a request may address: none in a repeated group, but the group itself."""
    for layer in layers:
        if layer.name:
            yield layer.name, layer
        if isinstance(layer, GroupLayer) and not layer.repeat:
            yield from _addressable_layers(layer.layers)


def _default_value(field: AnyField, zone: tzinfo) -> AnyValue | None:
    return (
        default_items(field, zone) if isinstance(field, ListField) else default_value(field, zone)
    )


def _liquid_slots(document: Document) -> dict[str, tuple[LiquidSlot, ...]]:
    found = {
        where: find_slots(one, exclude=_EXCLUDED_PROPERTIES)
        for one, where, _ in walk_all_layers(document)
    }
    return {**found, "": find_slots(document, exclude=_EXCLUDED_PROPERTIES)}


def _liquid_conditions(document: Document) -> dict[str, LiquidCondition]:
    layers = walk_all_layers(document)
    return {where: parse_condition(layer.if_) for layer, where, _ in layers if layer.if_}


def _default_zone(document: Document) -> tzinfo:
    named = None if has_liquid(document.time_zone) else find_zone(document.time_zone)
    return named or UTC


def _depends_on_time(document: Document, slots: Mapping[str, Sequence[LiquidSlot]]) -> bool:
    drawn = [s for where, found in slots.items() if _is_main_layer(where) for s in found]
    conditions = (layer.if_ for layer, _, _ in walk_layers(document.layers) if layer.if_)
    if document.countdown is not None:
        return True
    return any(uses_time(slot.source) for slot in drawn) or any(
        uses_time(condition, condition=True) for condition in conditions
    )


def _is_main_layer(where: str) -> bool:
    return not where.startswith(("/fallback", "/ended"))


def default_images(document: Document) -> Iterator[tuple[str, str]]:
    """The pictures that fields have as their defaults, each with its pointer."""
    for name, field in document.fields.items():
        where = json_pointer("fields", name)
        yield from _default_image(field, where)
        if isinstance(field, ListField):
            for key, inner in field.items.items():
                yield from _default_image(inner, f"{where}{json_pointer('items', key)}")
            yield from _default_item_images(field, where)


def _default_image(field: AnyField, where: str) -> Iterator[tuple[str, str]]:
    if field.type == "image" and isinstance(field.default, str) and field.default:
        yield field.default, f"{where}/default"


def _default_item_images(field: ListField, where: str) -> Iterator[tuple[str, str]]:
    images = [key for key, inner in field.items.items() if inner.type == "image"]
    for index, item in enumerate(default_items(field, UTC) or ()):
        for key in images:
            if item[key]:
                yield str(item[key]), f"{where}{json_pointer('default', index, key)}"


def _image_references(document: Document) -> Iterator[str]:
    for layer, _, _ in walk_all_layers(document):
        if isinstance(layer, ImageLayer) and layer.source and not has_liquid(layer.source):
            yield layer.source
        elif isinstance(layer, QrLayer) and layer.logo:
            yield layer.logo
    yield from (reference for reference, _ in default_images(document))
    pictures: Sequence[Any] = (document.fallback, document.ended)
    yield from (picture.source for picture in pictures if picture and picture.source)
