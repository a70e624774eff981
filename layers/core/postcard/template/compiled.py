"""A template made ready to draw: names found, defaults read, Liquid parsed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from postcard.errors import Fault, refuse
from postcard.json_text import pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.auto_format import guessed_format
from postcard.template.fields.countdown import KINDS as COUNTDOWN
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import all_names, default_list, default_of
from postcard.template.fields.values import AnyValue
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.liquid.loops import item_kinds, list_kinds, loop_kinds
from postcard.template.liquid.programs import (
    Condition,
    Program,
    asks_time,
    faults,
    parse_condition,
    parse_text,
)
from postcard.template.liquid_slots import Slot, slots_of
from postcard.template.model import Document, walk, walk_all
from postcard.template.schema.locales import find_zone
from postcard.template.schema.validators import has_liquid
from postcard.text.fonts import Fonts

_OWN = frozenset(("layers", "fields", "fallback", "ended", "alt"))  # not a slot of the document
_BEFORE = ("locale", "zone", "date")  # what a countdown itself follows from


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
    named: Mapping[str, AnyLayer]
    defaults: Mapping[str, AnyValue | None]
    zone: tzinfo
    timed: bool
    format: str
    references: tuple[str, ...]
    slots: Mapping[str, tuple[Slot, ...]]
    conditions: Mapping[str, Condition]
    alt_text: Program
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
        slots, zone = _slots(document), _zone(document)
        template = cls(
            id=template_id,
            version=version,
            document=document,
            named=dict(_named(document.layers)),
            defaults={name: _default(one, zone) for name, one in document.fields.items()},
            zone=zone,
            timed=_timed(document, slots),
            format=format or guessed_format(document),
            references=tuple(dict.fromkeys(_references(document))),
            slots=slots,
            conditions=_conditions(document),
            alt_text=parse_text(document.alt),
        )
        refuse([] if trusted else list(template.liquid_faults()))
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
    def kinds(self) -> Mapping[str, str]:
        """What Liquid may name, and of which type."""
        counted = COUNTDOWN if self.document.countdown else {}
        fields = {name: field.type for name, field in self.fields.items()}
        return {"now": "date", **counted, **fields, **list_kinds(self.fields)}

    def kinds_at(self, where: str) -> Mapping[str, str]:
        """What Liquid may name in the layer at a pointer: in a repeated group its item, too."""
        for layer, start, _ in walk_all(self.document):
            if (
                isinstance(layer, GroupLayer)
                and layer.repeat
                and f"{where}/".startswith(f"{start}/")
            ):
                item = item_kinds(self.kinds, layer.repeat, layer.item_name)
                return {**self.kinds, **item, **loop_kinds()}
        return self.kinds

    @property
    def pictures_move(self) -> bool:
        """Whether a countdown may decide which pictures are shown."""
        layers = [layer for layer, _, _ in walk(self.document.layers)]
        sources = [layer.source for layer in layers if isinstance(layer, ImageLayer)]
        conditions = [layer.if_ for layer in layers if layer.if_]
        return any(map(asks_time, sources)) or bool(
            sources and any(asks_time(condition, condition=True) for condition in conditions)
        )

    def unknown(self, name: str, *, layers_only: bool = False) -> str:
        """A sentence for a name that there is not, with the names that there are."""
        fields = [] if layers_only else all_names(self.fields)
        known = list(dict.fromkeys([*fields, *self.named]))
        kind = "layer" if layers_only else "field or layer"
        there = f"there are {', '.join(known)}" if known else "there are none"
        return f"There is no {kind} {name[:64]!r}; {there}."

    def liquid_faults(self) -> Iterator[Fault]:
        """Liquid that cannot run whatever the values are."""
        for where, slots in self.slots.items():
            kinds = self.kinds_at(where)
            for slot in slots:
                known = _without_countdown(kinds) if slot.yields in _BEFORE else kinds
                yield from _faults(f"{where}{slot.pointer}", faults(slot.source, known))
        for layer, where, _ in walk_all(self.document):
            if layer.if_:
                yield from _faults(
                    f"{where}/if", faults(layer.if_, self.kinds_at(where), condition=True)
                )
        yield from _faults("/alt", faults(self.document.alt, self.kinds))


def _without_countdown(kinds: Mapping[str, str]) -> Mapping[str, str]:
    return {name: kind for name, kind in kinds.items() if name not in COUNTDOWN}


def _faults(where: str, sentences: Sequence[str]) -> Iterator[Fault]:
    for sentence in sentences:
        code = "unknown_name" if sentence.startswith("unknown") else "bad_value"
        yield Fault(code, where, f"{sentence}.")


def _named(layers: Sequence[AnyLayer]) -> Iterator[tuple[str, AnyLayer]]:
    """The layers that a request may address: none in a repeated group, but the group itself."""
    for layer in layers:
        if layer.name:
            yield layer.name, layer
        if isinstance(layer, GroupLayer) and not layer.repeat:
            yield from _named(layer.layers)


def _default(field: AnyField, zone: tzinfo) -> AnyValue | None:
    return default_list(field, zone) if isinstance(field, ListField) else default_of(field, zone)


def _slots(document: Document) -> dict[str, tuple[Slot, ...]]:
    found = {where: slots_of(one, without=_OWN) for one, where, _ in walk_all(document)}
    return {**found, "": slots_of(document, without=_OWN)}


def _conditions(document: Document) -> dict[str, Condition]:
    layers = walk_all(document)
    return {where: parse_condition(layer.if_) for layer, where, _ in layers if layer.if_}


def _zone(document: Document) -> tzinfo:
    named = None if has_liquid(document.time_zone) else find_zone(document.time_zone)
    return named or UTC


def _timed(document: Document, slots: Mapping[str, Sequence[Slot]]) -> bool:
    drawn = [s for where, found in slots.items() if _is_drawn(where) for s in found]
    conditions = (layer.if_ for layer, _, _ in walk(document.layers) if layer.if_)
    if document.countdown is not None:
        return True
    return any(asks_time(slot.source) for slot in drawn) or any(
        asks_time(condition, condition=True) for condition in conditions
    )


def _is_drawn(where: str) -> bool:
    return not where.startswith(("/fallback", "/ended"))


def default_pictures(document: Document) -> Iterator[tuple[str, str]]:
    """The pictures that fields have as their defaults, each with its pointer."""
    for name, field in document.fields.items():
        where = pointer("fields", name)
        yield from _default_picture(field, where)
        if isinstance(field, ListField):
            for key, inner in field.items.items():
                yield from _default_picture(inner, f"{where}{pointer('items', key)}")
            yield from _listed_pictures(field, where)


def _default_picture(field: AnyField, where: str) -> Iterator[tuple[str, str]]:
    if field.type == "image" and isinstance(field.default, str) and field.default:
        yield field.default, f"{where}/default"


def _listed_pictures(field: ListField, where: str) -> Iterator[tuple[str, str]]:
    images = [key for key, inner in field.items.items() if inner.type == "image"]
    for index, item in enumerate(default_list(field, UTC) or ()):
        for key in images:
            if item[key]:
                yield str(item[key]), f"{where}{pointer('default', index, key)}"


def _references(document: Document) -> Iterator[str]:
    for layer, _, _ in walk_all(document):
        if isinstance(layer, ImageLayer) and layer.source and not has_liquid(layer.source):
            yield layer.source
        elif isinstance(layer, QrLayer) and layer.logo:
            yield layer.logo
    yield from (reference for reference, _ in default_pictures(document))
    pictures: Sequence[Any] = (document.fallback, document.ended)
    yield from (picture.source for picture in pictures if picture and picture.source)
