"""Lists: read item by item, and the flat names by which a link writes them: `products_2_name`."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.fields.field_types import AnyField, ListField, SingleField
from postcard.template.fields.values import (
    BadValue,
    Item,
    Value,
    clean_text,
    is_missing,
    read_value,
)

_ITEM_NUMBER = lazy_regex("[1-9][0-9]{0,2}", re.ASCII)


class ItemFieldRef(NamedTuple):
    """A field of a list's item; `at` from 0."""

    list_name: str
    item_index: int
    key: str

    @property
    def flat_name(self) -> str:
        """Its name in a link, where items count from 1."""
        return f"{self.list_name}_{self.item_index + 1}_{self.key}"


def parse_flat_name(fields: Mapping[str, AnyField], name: str) -> ItemFieldRef | None:
    """What a flat name means; None if it means nothing."""
    for list_name, spec in fields.items():
        if isinstance(spec, ListField) and name.startswith(f"{list_name}_"):
            number, _, key = name.removeprefix(f"{list_name}_").partition("_")
            if (
                key in spec.items
                and _ITEM_NUMBER.fullmatch(number)
                and int(number) <= spec.max_items
            ):
                return ItemFieldRef(list_name, int(number) - 1, key)
    return None


def addressable_names(fields: Mapping[str, AnyField]) -> list[str]:
    """All fields, and how a link begins each list."""
    return [
        name
        for field_name, spec in fields.items()
        for name in (field_name, *_first_item_flat_names(field_name, spec))
    ]


def _first_item_flat_names(name: str, spec: AnyField) -> list[str]:
    return (
        [ItemFieldRef(name, 0, key).flat_name for key in spec.items]
        if isinstance(spec, ListField)
        else []
    )


def find_field(fields: Mapping[str, AnyField], name: str) -> AnyField | None:
    """The field of a name, flat ones included."""
    if name in fields:
        return fields[name]
    place = parse_flat_name(fields, name)
    spec = fields[place.list_name] if place else None
    return spec.items[place.key] if place and isinstance(spec, ListField) else None


def may_be_unsigned(fields: Mapping[str, AnyField], name: str) -> bool:
    """Whether a merge link may leave this value unsigned."""
    spec, place = find_field(fields, name), parse_flat_name(fields, name)
    if spec is None or isinstance(spec, ListField):  # a list is opened by its flat names
        return False
    return spec.open or (place is not None and name not in fields and fields[place.list_name].open)


class ItemFault(NamedTuple):
    """A fault in an item; `key` is empty where it is the item's own."""

    item_index: int
    key: str
    code: str
    detail: str


@dataclass(slots=True)
class ParsedList:
    """A list as it was read. `values` have every field of the items that count, `given` what was
    said of them; `lacking` are required fields that have neither value nor default.
    """

    spec: ListField
    zone: tzinfo
    items: list[Item] = field(default_factory=list)
    explicit_items: list[Mapping[str, Value]] = field(default_factory=list)
    faults: list[ItemFault] = field(default_factory=list)
    missing_required: list[tuple[int, str]] = field(default_factory=list)
    ended: bool = False

    def add(self, index: int, raw_item: Any) -> None:
        """The next item. One without a value ends the list."""
        before = len(self.faults)
        given = self._read_item(index, raw_item)
        if not given and len(self.faults) == before:
            self.ended = True
            self._check_required(index, given)
        elif self.ended:
            says = "stands behind an item without values, which ends the list"
            self.faults.append(ItemFault(index, "", "invalid_value", says))
        else:
            self._append(index, given)

    def _read_item(self, index: int, raw_item: Any) -> dict[str, Value]:
        if raw_item is not None and not isinstance(raw_item, Mapping):
            self.faults.append(
                ItemFault(index, "", "invalid_value", "is not an object with an item's fields")
            )
            return {}
        raw_fields: Mapping[str, Any] = raw_item or {}
        for key in [key for key in raw_fields if key not in self.spec.items]:
            says = f"is no field of an item; there are {', '.join(self.spec.items)}"
            self.faults.append(ItemFault(index, str(key)[:64], "unknown_name", says))
        found = {key: self._read_item_field(index, key, raw) for key, raw in raw_fields.items()}
        return {key: value for key, value in found.items() if value is not None}

    def _read_item_field(self, index: int, key: str, raw: Any) -> Value | None:
        if key not in self.spec.items:
            return None
        try:
            return read_value(self.spec.items[key], raw, zone=self.zone)
        except BadValue as error:
            self.faults.append(ItemFault(index, key, "invalid_value", str(error)))
            return None

    def _append(self, index: int, explicit: dict[str, Value]) -> None:
        item = {
            key: explicit.get(key, default_value(spec, self.zone))
            for key, spec in self.spec.items.items()
        }
        self._check_required(index, explicit)
        required = (key for key, spec in self.spec.items.items() if spec.required)
        self.missing_required += [(index, key) for key in required if item[key] is None]
        self.items.append(item)
        self.explicit_items.append(explicit or {k: v for k, v in item.items() if v is not None})

    def _check_required(self, index: int, explicit: Mapping[str, Value]) -> None:
        bad = {(one.item_index, one.key) for one in self.faults}
        for key, spec in self.spec.items.items():
            if spec.required and key not in explicit and not bad & {(index, key), (index, "")}:
                says = "is required and has no value"
                self.faults.append(ItemFault(index, key, "missing_value", says))


def read_list(spec: ListField, raw: Any, *, zone: tzinfo = UTC) -> ParsedList | None:
    """The items of a value; None if there are none, `BadValue` if it is no list.

    What is behind `max_items` is left out, with a fault.
    """
    if raw is None or (isinstance(raw, str) and is_missing(clean_text(raw))):
        return None
    if not isinstance(raw, list | tuple):
        raise BadValue("is not a list of items, each an object with its fields")
    parsed = ParsedList(spec, zone)
    for index, one in enumerate(raw[: spec.max_items]):
        parsed.add(index, one)
    if len(raw) > spec.max_items:
        says = f"is one item too many: the list has at most {spec.max_items}"
        parsed.faults.append(ItemFault(spec.max_items, "", "too_many_items", says))
    return parsed if parsed.items or parsed.faults else None


def default_value(spec: SingleField, zone: tzinfo) -> Value | None:
    """A field's default, None where it has none."""
    try:
        return read_value(spec, spec.default, zone=zone)
    except BadValue:  # out of bounds that are asked in a zone, such as a date's
        return None


def default_items(spec: ListField, zone: tzinfo) -> tuple[Item, ...] | None:
    """A list's default, None where it has none."""
    try:
        read = read_list(spec, spec.default, zone=zone)
    except BadValue:
        return None
    return tuple(read.items) or None if read else None
