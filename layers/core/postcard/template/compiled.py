"""Compiles a document for rendering: finds names, reads defaults, parses Liquid."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, tzinfo

from postcard.errors import Fault, raise_faults
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.auto_format import guess_format
from postcard.template.fields.countdown import COUNTDOWN_TYPES
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import addressable_names, default_items, default_value
from postcard.template.fields.values import AnyValue
from postcard.template.image_references import image_references, named_assets
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.liquid.loops import NameTypes, forloop_types, item_types, list_item_types
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

_EXCLUDED_PROPERTIES = frozenset(  # layers have slots of their own, `alt` is parsed separately
    ("layers", "fields", "fallback", "ended", "alt")
)
_COUNTDOWN_INPUTS = ("locale", "zone", "date")  # resolved before the countdown has values


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One version of a template, ready to render.

    `addressable_layers` are the layers that a request may modify, by name. `format` is never
    `auto`. `image_references` are the images that the document itself refers to (`asset:hero`,
    `https://…`). `named_assets` are the assets that values may always name. `liquid_slots` and
    `conditions` are its Liquid by the JSON pointer of the layer, or `""` for the document. `fonts`
    are all that it may use, None for the bundled ones.
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
    named_assets: frozenset[str]
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
        """Compiles a document; raises `BadRequest` with every fault in its Liquid.

        `trusted` skips those checks, for a published document. `format` is the one that `auto` was
        resolved to at publish.
        """
        slots, zone = _liquid_slots(document), _default_zone(document)
        template = cls(
            id=template_id,
            version=version,
            document=document,
            addressable_layers=dict(_addressable_layers(document.layers)),
            default_values={
                name: _default_value(field, zone) for name, field in document.fields.items()
            },
            zone=zone,
            depends_on_time=_depends_on_time(document, slots),
            format=format or guess_format(document),
            image_references=tuple(dict.fromkeys(image_references(document))),
            named_assets=frozenset(named_assets(document)),
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
        """The document's name, or else the template's id."""
        return self.document.name or self.id

    @property
    def fields(self) -> Mapping[str, AnyField]:
        """The fields by name."""
        return self.document.fields

    @property
    def value_locale(self) -> str:
        """The locale that values are read by: English if values decide the template's own."""
        return "en" if has_liquid(self.document.locale) else self.document.locale

    @property
    def quality(self) -> int | None:
        """The document's quality, 1 to 100; None for the format's default."""
        return self.document.quality

    @property
    def max_bytes(self) -> int | None:
        """The document's size limit for the encoded picture, if it has one."""
        return self.document.max_bytes

    @property
    def liquid_types(self) -> NameTypes:
        """The names that Liquid may use outside repeated groups, with their types."""
        countdown = COUNTDOWN_TYPES if self.document.countdown else {}
        fields = {name: field.type for name, field in self.fields.items()}
        return {"now": "date", **countdown, **fields, **list_item_types(self.fields)}

    def liquid_types_at(self, pointer: str) -> NameTypes:
        """The names that Liquid may use in a layer; in a repeated group its item is among them."""
        for layer, group_pointer, _ in walk_all_layers(self.document):
            if (
                isinstance(layer, GroupLayer)
                and layer.repeat
                and f"{pointer}/".startswith(f"{group_pointer}/")
            ):
                item = item_types(self.liquid_types, layer.repeat, layer.item_name)
                return {**self.liquid_types, **item, **forloop_types()}
        return self.liquid_types

    @property
    def images_depend_on_time(self) -> bool:
        """Whether the time of rendering may decide which images are shown."""
        layers = [layer for layer, _, _ in walk_layers(self.document.layers)]
        sources = [layer.source for layer in layers if isinstance(layer, ImageLayer)]
        conditions = [layer.if_ for layer in layers if layer.if_]
        return any(map(uses_time, sources)) or bool(
            sources and any(uses_time(condition, condition=True) for condition in conditions)
        )

    def unknown_target_message(self, name: str, *, layers_only: bool = False) -> str:
        """The message for an unknown name in a request; suggests one, and lists the known names."""
        from postcard.name_suggestions import closest_name  # only a wrong name needs it

        fields = [] if layers_only else addressable_names(self.fields)
        known_names = list(dict.fromkeys([*fields, *self.addressable_layers]))
        noun = "layer" if layers_only else "field or layer"
        known = f"are {', '.join(known_names)}." if known_names else "are none."
        similar = closest_name(name, known_names)
        hint = f"did you mean {similar}? There {known}" if similar else f"there {known}"
        return f"There is no {noun} {name[:64]!r}; {hint}"

    def liquid_faults(self) -> Iterator[Fault]:
        """Faults of Liquid that fails or is wrong whatever the values are."""
        for pointer, slots in self.liquid_slots.items():
            types = self.liquid_types_at(pointer)
            for slot in slots:
                before_countdown = slot.value_type in _COUNTDOWN_INPUTS
                known = _without_countdown(types) if before_countdown else types
                yield from _to_faults(f"{pointer}{slot.pointer}", liquid_errors(slot.source, known))
        for layer, pointer, _ in walk_all_layers(self.document):
            if layer.if_:
                types = self.liquid_types_at(pointer)
                errors = liquid_errors(layer.if_, types, condition=True)
                yield from _to_faults(f"{pointer}/if", errors)
        yield from _to_faults("/alt", liquid_errors(self.document.alt, self.liquid_types))


def _without_countdown(types: NameTypes) -> NameTypes:
    return {name: type_ for name, type_ in types.items() if name not in COUNTDOWN_TYPES}


def _to_faults(pointer: str, messages: Sequence[str]) -> Iterator[Fault]:
    for message in messages:
        code = "unknown_name" if message.startswith("unknown") else "invalid_value"
        yield Fault(code, pointer, f"{message}.")


def _addressable_layers(layers: Sequence[AnyLayer]) -> Iterator[tuple[str, AnyLayer]]:
    """The layers that a request may modify: of a repeated group only the group itself."""
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
    layer_slots = {
        pointer: find_slots(layer, exclude=_EXCLUDED_PROPERTIES)
        for layer, pointer, _ in walk_all_layers(document)
    }
    return {**layer_slots, "": find_slots(document, exclude=_EXCLUDED_PROPERTIES)}


def _liquid_conditions(document: Document) -> dict[str, LiquidCondition]:
    layers = walk_all_layers(document)
    return {pointer: parse_condition(layer.if_) for layer, pointer, _ in layers if layer.if_}


def _default_zone(document: Document) -> tzinfo:
    zone = None if has_liquid(document.time_zone) else find_zone(document.time_zone)
    return zone or UTC


def _depends_on_time(document: Document, slots: Mapping[str, Sequence[LiquidSlot]]) -> bool:
    if document.countdown is not None:
        return True
    sources = (
        slot.source
        for pointer, slots_of_layer in slots.items()
        if not pointer.startswith(("/fallback", "/ended"))  # rendered once, at publish
        for slot in slots_of_layer
    )
    conditions = (layer.if_ for layer, _, _ in walk_layers(document.layers) if layer.if_)
    return any(map(uses_time, sources)) or any(
        uses_time(condition, condition=True) for condition in conditions
    )
