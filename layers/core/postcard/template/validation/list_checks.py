"""Checks list fields and repeated groups, once each property is valid by itself."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from postcard.errors import Fault
from postcard.identifiers import is_name
from postcard.json_text import json_pointer
from postcard.template.fields.field_types import Fields, ImageField, ListField
from postcard.template.fields.list_values import ItemFieldRef, read_list
from postcard.template.fields.values import BadValue, Value, check_asset
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.schema.validators import RESERVED_NAMES

MAX_REPEATED_LAYERS = 1000  # counting a repeated group's layers `max_items` times

Faults = Iterator[Fault]


def list_field_faults(name: str, spec: ListField, named_assets: frozenset[str]) -> Faults:
    """Faults of a list's default and example, and of properties that only single values have."""

    def check_value(index: int, key: str, value: Value) -> None:
        if isinstance(item_spec := spec.items[key], ImageField):
            check_asset(item_spec, str(value), named_assets, restricted=False)

    if spec.erase_by:
        detail = "A list cannot be erased by as a whole: write erase_by in its items' fields."
        yield Fault("invalid_value", json_pointer("fields", name, "erase_by"), detail)
    for key in ("default", "example"):
        where = json_pointer("fields", name, key)
        try:
            parsed = read_list(spec, getattr(spec, key), check_value=check_value)
        except BadValue as error:
            yield Fault("invalid_value", where, f"The {key} {error}.")
            continue
        for fault in parsed.faults if parsed else ():
            steps = (fault.item_index, fault.key) if fault.key else (fault.item_index,)
            detail = f"{ItemFieldRef(name, fault.item_index, fault.key).flat_name} {fault.detail}."
            yield Fault(fault.code, f"{where}{json_pointer(*steps)}", detail)


def flat_name_faults(fields: Fields) -> Faults:
    """Faults of the flat names of items in links: invalid, ambiguous or dropped from links."""
    flat_names_by_list = {
        name: [
            ItemFieldRef(name, index, key).flat_name
            for index in range(spec.max_items)
            for key in spec.items
        ]
        for name, spec in fields.items()
        if isinstance(spec, ListField)
    }
    counts = Counter([*fields, *chain.from_iterable(flat_names_by_list.values())])
    for list_name, flat_names in flat_names_by_list.items():
        where = json_pointer("fields", list_name)
        if list_name == "utm":
            detail = "Links drop names like utm_1_…: give the list another name."
            yield Fault("invalid_value", where, detail)
        for flat_name in flat_names:
            if not is_name(flat_name):
                detail = f"A link's name {flat_name} is longer than 64 characters: shorten it."
                yield Fault("invalid_value", where, detail)
                break
            if counts[flat_name] > 1:
                detail = f"{flat_name} would mean two things in a link: rename one of them."
                yield Fault("invalid_value", where, detail)
                break


def repeat_faults(layers: Sequence[AnyLayer], where: str, fields: Fields) -> Faults:
    """Faults of `repeat` and `as`, and a fault if the repeated layers are too many."""
    yield from _nested_repeat_faults(layers, where, fields, None)
    if _layer_count(layers, fields) > MAX_REPEATED_LAYERS:
        detail = f"With max_items items in each list there are over {MAX_REPEATED_LAYERS} layers."
        yield Fault("too_many_items", where, detail)


def _nested_repeat_faults(
    layers: Sequence[AnyLayer], where: str, fields: Fields, repeated_group: GroupLayer | None
) -> Faults:
    for index, layer in enumerate(layers):
        if not isinstance(layer, GroupLayer):
            continue
        group_pointer = f"{where}/{index}"
        yield from _repeat_property_faults(layer, group_pointer, fields)
        if layer.repeat and repeated_group:
            detail = "A repeated group cannot contain another repeated group."
            yield Fault("invalid_value", f"{group_pointer}/repeat", detail)
        yield from _nested_repeat_faults(
            layer.layers,
            f"{group_pointer}/layers",
            fields,
            layer if layer.repeat else repeated_group,
        )


def _repeat_property_faults(group: GroupLayer, where: str, fields: Fields) -> Faults:
    lists = [name for name, spec in fields.items() if isinstance(spec, ListField)]
    if group.repeat is None:
        if group.as_ is not None:
            yield Fault("missing_value", f"{where}/repeat", "as needs a repeat.")
        return
    if group.repeat not in lists:
        known = f"there are {', '.join(lists)}" if lists else "there are none"
        detail = f"There is no list field {group.repeat}; {known}."
        yield Fault("unknown_name", f"{where}/repeat", detail)
    if group.item_name in RESERVED_NAMES:
        yield Fault("invalid_value", f"{where}/as", f"An item may not be called {group.as_}.")
    if group.item_name in fields:
        detail = f"{group.item_name} is a field already: give the item another name with as."
        yield Fault("invalid_value", f"{where}/as", detail)


def _layer_count(layers: Sequence[AnyLayer], fields: Fields) -> int:
    return sum(_copies_with_repeats(layer, fields) for layer in layers)


def _copies_with_repeats(layer: AnyLayer, fields: Fields) -> int:
    if not isinstance(layer, GroupLayer):
        return 1
    spec = fields.get(layer.repeat or "")
    times = spec.max_items if isinstance(spec, ListField) else 1
    return times * (1 + _layer_count(layer.layers, fields))
