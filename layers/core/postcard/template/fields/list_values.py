"""Lists: read item by item, and the flat names by which a link writes them: `products_2_name`."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import pattern
from postcard.template.fields.field_types import AnyField, ListField, SingleField
from postcard.template.fields.values import (
    BadValue,
    Item,
    Value,
    clean_text,
    is_missing,
    read_value,
)

_NUMBER = pattern("[1-9][0-9]{0,2}", re.ASCII)


class Place(NamedTuple):
    """A field of a list's item; `at` from 0."""

    list: str
    at: int
    key: str

    @property
    def flat(self) -> str:
        """Its name in a link, where items count from 1."""
        return f"{self.list}_{self.at + 1}_{self.key}"


def place_of(fields: Mapping[str, AnyField], name: str) -> Place | None:
    """What a flat name means; None if it means nothing."""
    for list_name, spec in fields.items():
        if isinstance(spec, ListField) and name.startswith(f"{list_name}_"):
            number, _, key = name.removeprefix(f"{list_name}_").partition("_")
            if key in spec.items and _NUMBER.fullmatch(number) and int(number) <= spec.max_items:
                return Place(list_name, int(number) - 1, key)
    return None


def all_names(fields: Mapping[str, AnyField]) -> list[str]:
    """All fields, and how a link begins each list."""
    return [
        name
        for field_name, spec in fields.items()
        for name in (field_name, *_first_item(field_name, spec))
    ]


def _first_item(name: str, spec: AnyField) -> list[str]:
    return [Place(name, 0, key).flat for key in spec.items] if isinstance(spec, ListField) else []


def field_of(fields: Mapping[str, AnyField], name: str) -> AnyField | None:
    """The field of a name, flat ones included."""
    if name in fields:
        return fields[name]
    place = place_of(fields, name)
    spec = fields[place.list] if place else None
    return spec.items[place.key] if place and isinstance(spec, ListField) else None


def may_open(fields: Mapping[str, AnyField], name: str) -> bool:
    """Whether a merge link may leave this value unsigned."""
    spec, place = field_of(fields, name), place_of(fields, name)
    if spec is None or isinstance(spec, ListField):  # a list is opened by its flat names
        return False
    return spec.open or (place is not None and name not in fields and fields[place.list].open)


class Wrong(NamedTuple):
    """A fault in an item; `key` is empty where it is the item's own."""

    at: int
    key: str
    code: str
    says: str


@dataclass(slots=True)
class ReadList:
    """A list as it was read. `values` have every field of the items that count, `given` what was
    said of them; `lacking` are required fields that have neither value nor default.
    """

    spec: ListField
    zone: tzinfo
    values: list[Item] = field(default_factory=list)
    given: list[Mapping[str, Value]] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    lacking: list[tuple[int, str]] = field(default_factory=list)
    ended: bool = False

    def add(self, index: int, raw: Any) -> None:
        """The next item. One without a value ends the list."""
        before = len(self.wrong)
        given = self._given(index, raw)
        if not given and len(self.wrong) == before:
            self.ended = True
            self._required(index, given)
        elif self.ended:
            says = "stands behind an item without values, which ends the list"
            self.wrong.append(Wrong(index, "", "bad_value", says))
        else:
            self._keep(index, given)

    def _given(self, index: int, raw: Any) -> dict[str, Value]:
        if raw is not None and not isinstance(raw, Mapping):
            self.wrong.append(
                Wrong(index, "", "bad_value", "is not an object with an item's fields")
            )
            return {}
        said: Mapping[str, Any] = raw or {}
        for key in [key for key in said if key not in self.spec.items]:
            says = f"is no field of an item; there are {', '.join(self.spec.items)}"
            self.wrong.append(Wrong(index, str(key)[:64], "unknown_name", says))
        found = {key: self._value(index, key, raw) for key, raw in said.items()}
        return {key: value for key, value in found.items() if value is not None}

    def _value(self, index: int, key: str, raw: Any) -> Value | None:
        if key not in self.spec.items:
            return None
        try:
            return read_value(self.spec.items[key], raw, zone=self.zone)
        except BadValue as error:
            self.wrong.append(Wrong(index, key, "bad_value", str(error)))
            return None

    def _keep(self, index: int, given: dict[str, Value]) -> None:
        item = {
            key: given.get(key, default_of(spec, self.zone))
            for key, spec in self.spec.items.items()
        }
        self._required(index, given)
        required = (key for key, spec in self.spec.items.items() if spec.required)
        self.lacking += [(index, key) for key in required if item[key] is None]
        self.values.append(item)
        self.given.append(given or {k: v for k, v in item.items() if v is not None})

    def _required(self, index: int, given: Mapping[str, Value]) -> None:
        bad = {(one.at, one.key) for one in self.wrong}
        for key, spec in self.spec.items.items():
            if spec.required and key not in given and not bad & {(index, key), (index, "")}:
                says = "is required and has no value"
                self.wrong.append(Wrong(index, key, "missing_value", says))


def read_list(spec: ListField, raw: Any, *, zone: tzinfo = UTC) -> ReadList | None:
    """The items of a value; None if there are none, `BadValue` if it is no list.

    What is behind `max_items` is left out, with a fault.
    """
    if raw is None or (isinstance(raw, str) and is_missing(clean_text(raw))):
        return None
    if not isinstance(raw, list | tuple):
        raise BadValue("is not a list of items, each an object with its fields")
    read = ReadList(spec, zone)
    for index, one in enumerate(raw[: spec.max_items]):
        read.add(index, one)
    if len(raw) > spec.max_items:
        says = f"is one item too many: the list has at most {spec.max_items}"
        read.wrong.append(Wrong(spec.max_items, "", "too_many", says))
    return read if read.values or read.wrong else None


def default_of(spec: SingleField, zone: tzinfo) -> Value | None:
    """A field's default, None where it has none."""
    try:
        return read_value(spec, spec.default, zone=zone)
    except BadValue:  # out of bounds that are asked in a zone, such as a date's
        return None


def default_list(spec: ListField, zone: tzinfo) -> tuple[Item, ...] | None:
    """A list's default, None where it has none."""
    try:
        read = read_list(spec, spec.default, zone=zone)
    except BadValue:
        return None
    return tuple(read.values) or None if read else None
