"""Liquid's variables in a repeated group: the list's item by its name, and `forloop`."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from postcard.template.fields.field_types import Fields, ListField

NameTypes = Mapping[str, str]
"""The type (text, number, date, …) of each name that Liquid may use.

A list's item fields are keys like `products[].name`, an object's parts like `forloop.index`.
"""

DEFAULT_ITEM_NAME = "item"  # where the group has no `as`
_FORLOOP_COUNTS = {"index": "number", "index0": "number", "rindex": "number", "rindex0": "number"}
FORLOOP_TYPES = {**_FORLOOP_COUNTS, "length": "number", "first": "boolean", "last": "boolean"}


class Iteration(NamedTuple):
    """The item of a list that a repeated group draws; Liquid calls it `item_name`."""

    list_name: str
    item_name: str
    item_index: int


def list_item_types(fields: Fields) -> dict[str, str]:
    """The types of all lists' item fields, by names like `products[].name`."""
    lists = ((name, spec) for name, spec in fields.items() if isinstance(spec, ListField))
    return {
        f"{name}[].{key}": item_field.type
        for name, spec in lists
        for key, item_field in spec.items.items()
    }


def item_types(types: NameTypes, list_name: str, item_name: str) -> dict[str, str]:
    """The types of an item and its fields, by the item's name."""
    prefix = f"{list_name}[]."
    fields = {
        f"{item_name}.{name.removeprefix(prefix)}": type_
        for name, type_ in types.items()
        if name.startswith(prefix)
    }
    return {item_name: "item", **fields}


def forloop_types() -> dict[str, str]:
    """The types of `forloop` and its parts."""
    return {"forloop": "loop", **{f"forloop.{key}": type_ for key, type_ in FORLOOP_TYPES.items()}}


def iteration_values(values: Mapping[str, Any], iteration: Iteration) -> dict[str, Any]:
    """Liquid's variables with the item and `forloop` of an iteration."""
    items: Sequence[Mapping[str, Any]] = values[iteration.list_name]
    item, forloop = items[iteration.item_index], _forloop_values(iteration.item_index, len(items))
    return {
        **values,
        iteration.item_name: item,
        **{f"{iteration.item_name}.{key}": value for key, value in item.items()},
        "forloop": forloop,
        **{f"forloop.{key}": value for key, value in forloop.items()},
    }


def _forloop_values(index: int, length: int) -> dict[str, Any]:
    return {
        "index": index + 1,
        "index0": index,
        "rindex": length - index,
        "rindex0": length - index - 1,
        "length": length,
        "first": index == 0,
        "last": index == length - 1,
    }
