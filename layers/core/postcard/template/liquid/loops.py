"""What Liquid sees in a repeated group: the item by its name, and which one of how many it is."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from postcard.template.fields.field_types import Fields, ListField

DEFAULT_ITEM_NAME = "item"  # the name of an item that no `as` names
_FORLOOP_COUNTS = {"index": "number", "index0": "number", "rindex": "number", "rindex0": "number"}
FORLOOP_TYPES = {**_FORLOOP_COUNTS, "length": "number", "first": "boolean", "last": "boolean"}


class Iteration(NamedTuple):
    """One item of a list that is drawn; Liquid calls it `name`."""

    list_name: str
    item_name: str
    item_index: int


def list_item_types(fields: Fields) -> dict[str, str]:
    """What items have, by `products[].name`, and of which type."""
    lists = ((name, spec) for name, spec in fields.items() if isinstance(spec, ListField))
    return {
        f"{name}[].{key}": inner.type for name, spec in lists for key, inner in spec.items.items()
    }


def item_types(types: Mapping[str, str], list_name: str, item: str) -> dict[str, str]:
    """What an item of a list has, by the name it goes by."""
    before = f"{list_name}[]."
    inner = {
        name.removeprefix(before): kind for name, kind in types.items() if name.startswith(before)
    }
    return {item: "item", **{f"{item}.{key}": kind for key, kind in inner.items()}}


def forloop_types() -> dict[str, str]:
    """What `forloop` says."""
    return {"forloop": "loop", **{f"forloop.{key}": kind for key, kind in FORLOOP_TYPES.items()}}


def iteration_values(values: Mapping[str, Any], iteration: Iteration) -> dict[str, Any]:
    """Liquid's values in one turn."""
    items: Sequence[Mapping[str, Any]] = values[iteration.list_name]
    item, loop = items[iteration.item_index], _forloop_values(iteration.item_index, len(items))
    return {
        **values,
        iteration.item_name: item,
        **{f"{iteration.item_name}.{key}": value for key, value in item.items()},
        "forloop": loop,
        **{f"forloop.{key}": value for key, value in loop.items()},
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
