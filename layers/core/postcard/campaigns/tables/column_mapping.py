"""Which column of a table gives which field of a template."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from postcard.errors import Fault, raise_faults
from postcard.json_text import BYTE_ORDER_MARK, json_pointer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.compiled import Template
from postcard.template.fields.field_types import ListField
from postcard.template.fields.list_values import ItemFieldRef, parse_flat_name
from postcard.template.modifications import MAX_MODIFICATIONS, PROPERTY_KEYS

_NOT_IN_NAMES = lazy_regex("[^a-z0-9]+")
ColumnChoice = str | int | None  # a header, a column's number from 1, or no column


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column, by its index, and what it gives: a field or layer, or a property of a layer."""

    index: int
    target: str
    layer_property: str = ""

    @property
    def name(self) -> str:
        """As in a link: `user_name`, `products_1_name`, `badge.color`."""
        return f"{self.target}.{self.layer_property}" if self.layer_property else self.target

    @property
    def value_key(self) -> str:
        """The key of its value in an entry of `modifications`."""
        return self.layer_property or "value"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The columns that a template takes. `unmapped` are its fields without a column."""

    columns: Sequence[MappedColumn]
    unmapped: Sequence[str] = ()

    def modifications(self, cells: Sequence[Any]) -> list[dict[str, Any]]:
        """The values of a row as `POST /v1/links` takes them."""
        return [
            {"name": column.target, column.value_key: cells[column.index]}
            for column in self.columns
        ]

    def to_json(self) -> dict[str, int]:
        """Names to the numbers of columns, from 1: without any header."""
        return {column.name: column.index + 1 for column in self.columns}

    @classmethod
    def from_json(cls, stored: Mapping[str, int], unmapped: Sequence[str]) -> "ColumnMapping":
        """The mapping of `to_json`."""
        columns = tuple(_mapped(name, number - 1) for name, number in stored.items())
        return cls(columns, tuple(unmapped))


def map_columns(
    header: Sequence[str],
    template: Template,
    columns: Mapping[str, ColumnChoice] | None = None,
    *,
    width: int | None = None,
    has_lists: bool = False,
) -> ColumnMapping:
    """The mapping of a table's columns; `BadRequest` with all faults, at `/columns/NAME`.

    `columns` decides: a field's name to a header, to a column's number from 1, or to None for no
    column. Else a header that equals a field's name (or `products_1_name`, `layer.color`) gives it,
    then one that equals it after accents, case and signs are dropped. Layers are never found that
    way: a column `Title` is seldom meant for a layer of that name. `width` is the number of columns
    where there is no header; `has_lists`: cells may be lists (JSON Lines).

    Codes: `unknown_name`, `unknown_column`, `ambiguous_column`, `missing_column` for a required
    field without default.
    """
    finder = _ColumnFinder(header, len(header) if width is None else width)
    mapper = _Mapper(template, finder, has_lists=has_lists)
    mapper.add_chosen(columns or {})
    mapper.add_found(columns or {})
    raise_faults(mapper.faults)
    return mapper.result()


def is_target(template: Template, name: str) -> bool:
    """Whether a column may give this name: of a field, an item's field, a layer, its property."""
    target, dot, key = name.partition(".")
    if dot:
        layer = template.addressable_layers.get(target)
        return (
            layer is not None
            and key in PROPERTY_KEYS
            and (key == "visible" or key in layer.modifiable)
        )
    return (
        name in template.fields
        or name in template.addressable_layers
        or parse_flat_name(template.fields, name) is not None
    )


def simple_name(header: str) -> str:
    """A header as a field may be called: `User Name`, `user-name`, `USER_NAME` → `user_name`."""
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_NAMES.sub("_", plain).strip("_")


class _ColumnFinder:
    """Finds columns by their headers."""

    def __init__(self, header: Sequence[str], width: int) -> None:
        self.width = width
        self.by_text: dict[str, list[int]] = {}
        self.by_simple_name: dict[str, list[int]] = {}
        for index, text in enumerate(header):
            self.by_text.setdefault(text.strip().strip(BYTE_ORDER_MARK), []).append(index)
            if simple := simple_name(text):
                self.by_simple_name.setdefault(simple, []).append(index)

    def chosen(self, choice: str | int) -> list[int]:
        """The columns that a caller may mean."""
        if isinstance(choice, str):
            return self.by_text.get(choice.strip(), [])
        return [choice - 1] if 1 <= choice <= self.width else []

    def found(self, name: str) -> list[int]:
        """The columns whose header is like this name."""
        return self.by_text.get(name) or self.by_simple_name.get(name.lower(), [])


class _Mapper:
    """Collects the mapped columns and the faults of one `map_columns`."""

    def __init__(self, template: Template, finder: _ColumnFinder, *, has_lists: bool) -> None:
        self.template, self.finder, self.has_lists = template, finder, has_lists
        self.faults: list[Fault] = []
        self.mapped: dict[str, MappedColumn] = {}

    def result(self) -> ColumnMapping:
        columns = sorted(self.mapped.values(), key=lambda column: column.index)
        unmapped = [name for name in self.template.fields if not self._is_given(name)]
        return ColumnMapping(tuple(columns), tuple(unmapped))

    def add_chosen(self, columns: Mapping[str, ColumnChoice]) -> None:
        """Adds what the caller chose."""
        if len(columns) > MAX_MODIFICATIONS:
            detail = f"More than {MAX_MODIFICATIONS} columns are chosen."
            self.faults.append(Fault("too_many_items", "/columns", detail))
            return
        for name, choice in columns.items():
            if not self._is_known(name):
                detail = self.template.unknown_target_message(name)
                self._add_fault("unknown_name", name, detail)
            elif choice is not None:
                self._add(name, self.finder.chosen(choice), is_chosen=True)

    def add_found(self, columns: Mapping[str, ColumnChoice]) -> None:
        """Adds what headers say, and faults of required fields that have no column."""
        for name in self._names_to_find():
            if name not in columns and not self._is_part_of_given(name):
                self._add(name, self.finder.found(name))
        failed = {fault.pointer for fault in self.faults}
        for name, spec in self.template.fields.items():
            is_failed = json_pointer("columns", name) in failed
            has_default = self.template.default_values[name] is not None
            if spec.required and not has_default and not is_failed and not self._is_given(name):
                detail = f"{name} is required and no column gives it: choose one in columns."
                self._add_fault("missing_column", name, detail)

    def _add(self, name: str, indices: Sequence[int], *, is_chosen: bool = False) -> None:
        if len(indices) > 1:
            numbers = ", ".join(str(index + 1) for index in indices[:10])
            detail = f"Columns {numbers} could give {name}: choose one in columns, by its number."
            self._add_fault("ambiguous_column", name, detail)
        elif indices:
            self.mapped[name] = _mapped(name, indices[0])
        elif is_chosen:
            detail = f"The table has no such column for {name}: give a header or a number of it."
            self._add_fault("unknown_column", name, detail)

    def _names_to_find(self) -> Iterator[str]:
        for name, spec in self.template.fields.items():
            if not isinstance(spec, ListField):
                yield name
                continue
            if self.has_lists:
                yield name
            indices = range(min(spec.max_items, self.finder.width))
            yield from (ItemFieldRef(name, i, key).flat_name for i in indices for key in spec.items)
        for name in self.template.addressable_layers:
            properties = (f"{name}.{key}" for key in PROPERTY_KEYS)
            yield from (p for p in properties if p in self.finder.by_text and self._is_known(p))

    def _is_known(self, name: str) -> bool:
        return is_target(self.template, name)

    def _is_part_of_given(self, name: str) -> bool:
        """Whether a list is given whole that this name is an item's field of."""
        if name in self.template.fields:
            return False
        item_field = parse_flat_name(self.template.fields, name)
        return item_field is not None and item_field.list_name in self.mapped

    def _is_given(self, name: str) -> bool:
        if name in self.mapped:
            return True
        items = (parse_flat_name(self.template.fields, mapped) for mapped in self.mapped)
        return any(item is not None and item.list_name == name for item in items)

    def _add_fault(self, code: str, name: str, detail: str) -> None:
        self.faults.append(Fault(code, json_pointer("columns", name), detail))


def _mapped(name: str, index: int) -> MappedColumn:
    target, _, key = name.partition(".")
    return MappedColumn(index, target, key)
