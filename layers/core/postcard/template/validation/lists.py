"""Faults of list fields and of groups that repeat, in documents good one by one."""

from collections import Counter
from collections.abc import Iterator, Sequence

from postcard.errors import Fault
from postcard.identifiers import is_name
from postcard.json_text import json_pointer
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.fields.list_values import ItemFieldRef, read_list
from postcard.template.fields.values import BadValue
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.schema.validators import RESERVED_NAMES

MAX_REPEATED_LAYERS = (
    1000  # layers, with those of a group counted for each item that its list may have
)

Faults = Iterator[Fault]


def list_field_faults(name: str, spec: ListField) -> Faults:
    """Faults of a list's default and example, and of what only single values have."""
    if spec.erase_by:
        detail = "A list has no one value to be found by: write erase_by in its items' fields."
        yield Fault("invalid_value", json_pointer("fields", name, "erase_by"), detail)
    for key in ("default", "example"):
        where = json_pointer("fields", name, key)
        try:
            read = read_list(spec, getattr(spec, key))
        except BadValue as error:
            yield Fault("invalid_value", where, f"The {key} {error}.")
            continue
        for wrong in read.faults if read else ():
            steps = (wrong.item_index, wrong.key) if wrong.key else (wrong.item_index,)
            detail = f"{ItemFieldRef(name, wrong.item_index, wrong.key).flat_name} {wrong.detail}."
            yield Fault(wrong.code, f"{where}{json_pointer(*steps)}", detail)


def flat_name_faults(fields: Fields) -> Faults:
    """A link's names of items must be names, each with one meaning."""
    flat = {
        name: [
            ItemFieldRef(name, index, key).flat_name
            for index in range(spec.max_items)
            for key in spec.items
        ]
        for name, spec in fields.items()
        if isinstance(spec, ListField)
    }
    counted = Counter([*fields, *(one for names in flat.values() for one in names)])
    for name, names in flat.items():
        where = json_pointer("fields", name)
        if name == "utm":
            yield Fault("invalid_value", where, "Links drop names like utm_1_…: call it otherwise.")
        for one in names:
            if not is_name(one):
                detail = (
                    f"A link would call an item's field {one}: shorten the names to 64 letters."
                )
                yield Fault("invalid_value", where, detail)
                break
            if counted[one] > 1:
                detail = f"{one} would mean two things in a link: rename one of them."
                yield Fault("invalid_value", where, detail)
                break


def repeat_faults(layers: Sequence[AnyLayer], where: str, fields: Fields) -> Faults:
    """Faults of `repeat` and `as`, and of layers that come too many."""
    yield from _nested_repeat_faults(layers, where, fields, None)
    if _layer_count(layers, fields) > MAX_REPEATED_LAYERS:
        detail = f"With as many items as their lists may have these are over {MAX_REPEATED_LAYERS} layers."
        yield Fault("too_many_items", where, detail)


def _nested_repeat_faults(
    layers: Sequence[AnyLayer], where: str, fields: Fields, repeated_group: GroupLayer | None
) -> Faults:
    for index, layer in enumerate(layers):
        if not isinstance(layer, GroupLayer):
            continue
        place = f"{where}/{index}"
        yield from _repeat_property_faults(layer, place, fields)
        if layer.repeat and repeated_group:
            detail = "A group that repeats holds none that repeats: one list at a time."
            yield Fault("invalid_value", f"{place}/repeat", detail)
        inside = layer if layer.repeat else repeated_group
        yield from _nested_repeat_faults(layer.layers, f"{place}/layers", fields, inside)


def _repeat_property_faults(group: GroupLayer, where: str, fields: Fields) -> Faults:
    lists = [name for name, spec in fields.items() if isinstance(spec, ListField)]
    if group.repeat is None:
        if group.as_ is not None:
            yield Fault("missing_value", f"{where}/repeat", "as names the item of a repeat.")
        return
    if group.repeat not in lists:
        there = f"there are {', '.join(lists)}" if lists else "there are none"
        detail = f"There is no list field {group.repeat}; {there}."
        yield Fault("unknown_name", f"{where}/repeat", detail)
    if group.item_name in RESERVED_NAMES:
        yield Fault("invalid_value", f"{where}/as", f"An item may not be called {group.as_}.")
    if group.item_name in fields:
        detail = f"{group.item_name} is a field already: call the item otherwise with as."
        yield Fault("invalid_value", f"{where}/as", detail)


def _layer_count(layers: Sequence[AnyLayer], fields: Fields) -> int:
    return sum(_copies_with_repeats(layer, fields) for layer in layers)


def _copies_with_repeats(layer: AnyLayer, fields: Fields) -> int:
    if not isinstance(layer, GroupLayer):
        return 1
    spec = fields.get(layer.repeat or "")
    times = spec.max_items if isinstance(spec, ListField) else 1
    return times * (1 + _layer_count(layer.layers, fields))
