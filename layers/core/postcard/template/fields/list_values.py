"""Reads the values of list fields, and the flat names of item fields: `products_2_name`."""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import field
from datetime import tzinfo
from itertools import islice
from typing import Any, NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.fields.field_types import AnyField, ListField, SingleField
from postcard.template.fields.values import (
    DOCUMENT,
    BadValue,
    Item,
    Value,
    ValueSource,
    clean_value,
    forbids_default,
    read_or_shorten,
    read_value,
)

CheckItemValue = Callable[[int, str, Value], None]  # of an item's index, a key and its value
ItemValueSource = Callable[[int, str], ValueSource]  # of an item's index and a key
_MAX_UNKNOWN_KEYS = 10  # that are reported for one item; each fault lists all known keys
_ITEM_NUMBER = lazy_regex("[1-9][0-9]{0,2}", re.ASCII)


class ItemFieldRef(NamedTuple):
    """A reference to a field of a list's item; `item_index` counts from 0."""

    list_name: str
    item_index: int
    key: str

    @property
    def flat_name(self) -> str:
        """The name in a link, such as `products_2_name`, where items count from 1."""
        return f"{self.list_name}_{self.item_index + 1}_{self.key}"


def parse_flat_name(fields: Mapping[str, AnyField], name: str) -> ItemFieldRef | None:
    """The item field that a flat name refers to; None if there is none."""
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
    """All field names, and the flat names of each list's first item."""
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
    """The field of a name or of a flat name; None if there is none."""
    if name in fields:
        return fields[name]
    item_field = parse_flat_name(fields, name)
    spec = fields[item_field.list_name] if item_field else None
    return spec.items[item_field.key] if item_field and isinstance(spec, ListField) else None


def may_be_unsigned(fields: Mapping[str, AnyField], name: str) -> bool:
    """Whether a merge link may leave this value out of its signature."""
    spec, item_field = find_field(fields, name), parse_flat_name(fields, name)
    if spec is None or isinstance(spec, ListField):  # links address a list by its flat names
        return False
    if spec.open or name in fields or item_field is None:
        return spec.open
    return fields[item_field.list_name].open


class ItemFault(NamedTuple):
    """A fault of an item's field, or of the item itself if `key` is empty.

    `forbids_default`: the field does not let its default be shown instead.
    """

    item_index: int
    key: str
    code: str
    detail: str
    forbids_default: bool = False


@dataclass(slots=True)
class ParsedList:
    """A list's items and faults, read item by item.

    `items` have all fields with defaults filled in, `explicit_items` only the values given;
    `missing_required` are required fields with neither value nor default, as (item index, key).
    `check_value` raises `BadValue` for a value that a caller does not accept.
    """

    spec: ListField
    source_of: ItemValueSource
    check_value: CheckItemValue
    items: list[Item] = field(default_factory=list)
    explicit_items: list[Mapping[str, Value]] = field(default_factory=list)
    faults: list[ItemFault] = field(default_factory=list)
    missing_required: list[tuple[int, str]] = field(default_factory=list)
    ended: bool = False
    defaults: Item | None = None  # of one item, read once

    def add(self, index: int, raw_item: Any) -> None:
        """Adds the next item; an item without values ends the list."""
        faults_before = len(self.faults)
        explicit = self._read_item(index, raw_item)
        faulty_keys = {fault.key for fault in self.faults[faults_before:]}
        if not explicit and not faulty_keys:
            self.ended = True
            self._check_required(index, explicit, faulty_keys)
        elif self.ended:
            detail = "comes after an item without values, which ends the list"
            self.faults.append(ItemFault(index, "", "invalid_value", detail))
        else:
            self._append(index, explicit, faulty_keys)

    def _read_item(self, index: int, raw_item: Any) -> dict[str, Value]:
        if raw_item is not None and not isinstance(raw_item, Mapping):
            detail = "is not an object with an item's fields"
            self.faults.append(ItemFault(index, "", "invalid_value", detail))
            return {}
        raw_fields: Mapping[str, Any] = raw_item or {}
        unknown = (key for key in raw_fields if key not in self.spec.items)
        for key in islice(unknown, _MAX_UNKNOWN_KEYS):
            detail = f"is not a field of an item; there are {', '.join(self.spec.items)}"
            self.faults.append(ItemFault(index, str(key)[:64], "unknown_name", detail))
        values = {key: self._read_item_field(index, key, raw) for key, raw in raw_fields.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _read_item_field(self, index: int, key: str, raw: Any) -> Value | None:
        if key not in self.spec.items:
            return None
        try:
            source = self.source_of(index, key)
            value, shortening = read_or_shorten(self.spec.items[key], raw, source)
            if value is not None:
                self.check_value(index, key, value)
        except BadValue as error:
            forbidden = forbids_default(self.spec.items[key], error)
            self.faults.append(ItemFault(index, key, "invalid_value", str(error), forbidden))
            return None
        if shortening:
            self.faults.append(ItemFault(index, key, "shortened", shortening))
        return value

    def _append(self, index: int, explicit: dict[str, Value], faulty_keys: Set[str]) -> None:
        if self.defaults is None:
            self.defaults = {
                key: default_value(spec, self.source_of(index, key).zone)
                for key, spec in self.spec.items.items()
            }
        item = {**self.defaults, **explicit}
        self._check_required(index, explicit, faulty_keys)
        required = (key for key, spec in self.spec.items.items() if spec.required)
        self.missing_required += [(index, key) for key in required if item[key] is None]
        self.items.append(item)
        self.explicit_items.append(explicit or {k: v for k, v in item.items() if v is not None})

    def _check_required(
        self, index: int, explicit: Mapping[str, Value], faulty_keys: Set[str]
    ) -> None:
        for key, spec in self.spec.items.items():
            if spec.required and key not in explicit and not faulty_keys & {key, ""}:
                detail = "is required and has no value"
                self.faults.append(ItemFault(index, key, "missing_value", detail))


def _accept_value(index: int, key: str, value: Value) -> None:
    """A `CheckItemValue` that accepts everything."""


def read_list(
    spec: ListField,
    raw: Any,
    *,
    source_of: ItemValueSource = lambda index, key: DOCUMENT,
    check_value: CheckItemValue = _accept_value,
) -> ParsedList | None:
    """Reads a list's raw value; None if it has no items, `BadValue` if it is no list.

    Items beyond `max_items` are ignored, with a fault.
    """
    if clean_value(raw) is None:
        return None
    if not isinstance(raw, list | tuple):
        raise BadValue("is not a list of items, each an object with its fields")
    parsed = ParsedList(spec, source_of, check_value)
    for index, raw_item in enumerate(raw[: spec.max_items]):
        parsed.add(index, raw_item)
    if len(raw) > spec.max_items:
        detail = f"is one item too many: the list has at most {spec.max_items}"
        parsed.faults.append(ItemFault(spec.max_items, "", "too_many_items", detail))
    return parsed if parsed.items or parsed.faults else None


def default_value(spec: SingleField, zone: tzinfo) -> Value | None:
    """A field's default value, None if it has none."""
    try:
        return read_value(spec, spec.default, source=ValueSource(zone))
    except BadValue:  # good in UTC at publish, but a date's bounds depend on the zone
        return None


def default_items(spec: ListField, zone: tzinfo) -> tuple[Item, ...] | None:
    """A list's default items, None if it has none."""
    try:
        source = ValueSource(zone)
        parsed = read_list(spec, spec.default, source_of=lambda *_: source)
    except BadValue:
        return None
    return tuple(parsed.items) or None if parsed else None
