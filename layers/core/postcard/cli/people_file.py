"""Options of the commands that read a file of people, and the file as a table."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postcard.cli.output import CommandError, FileRefused
from postcard.cli.value_options import parse_assignment
from postcard.errors import BadRequest
from postcard.runtime.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from postcard.campaigns.tables.column_mapping import ColumnMapping
    from postcard.campaigns.tables.table_file import Table
    from postcard.template.compiled import Template


@dataclass(frozen=True, slots=True)
class PeopleOptions:
    """How the file is read; None is found out. `columns` by field: a header or a number."""

    columns: Mapping[str, str]
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool = True


def people_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--columns --encoding --delimiter --no-header`; the function gets them as `people`."""

    @functools.wraps(function)
    def call(
        *args: Any,
        columns: Sequence[str],
        encoding: str | None,
        delimiter: str | None,
        no_header: bool,
        **kwargs: Any,
    ) -> Any:
        chosen = dict(parse_assignment(text, "--columns") for text in columns)
        people = PeopleOptions(
            chosen, encoding, "\t" if delimiter == "tab" else delimiter, not no_header
        )
        return function(*args, people=people, **kwargs)

    for option in reversed(_OPTIONS):
        call = option(call)
    return call


_OPTIONS = (
    click.option(
        "--columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="The column of a field, by its header or its number. Can be repeated. Default: the"
        " column whose header is like the field's name.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="The file's encoding, such as utf-8 or windows-1252. Default: found out.",
    ),
    click.option(
        "--delimiter", metavar="SIGN", help="The sign between columns, or tab. Default: found out."
    ),
    click.option(
        "--no-header", is_flag=True, help="The file's first row is a person, not the header."
    ),
)


@contextmanager
def open_people(path: Path, options: PeopleOptions) -> Iterator["Table"]:
    """The table in a file; `FileRefused` if it is none, inside the block as well."""
    from postcard.campaigns.tables.table_file import open_table
    from postcard.campaigns.tables.table_refused import TableRefused

    with path.open("rb") as file:
        try:
            yield open_table(
                file,
                encoding=options.encoding,
                delimiter=options.delimiter,
                header=options.has_header,
            )
        except TableRefused as refused:
            raise FileRefused(f"{path}: {refused}", refused.code) from refused


def columns_of(table: "Table", template: "Template", options: PeopleOptions) -> "ColumnMapping":
    """Which column gives which field; `CommandError` names each that cannot be told."""
    from postcard.campaigns.tables.column_mapping import map_columns

    headers = {header.strip() for header in table.header}
    chosen: dict[str, str | int | None] = {
        name: int(column) if column.isdecimal() and column not in headers else column
        for name, column in options.columns.items()
    }
    try:
        mapping = map_columns(
            table.header,
            template,
            chosen,
            width=len(table.columns),
            has_lists=table.format.kind == "jsonl",
        )
    except BadRequest as bad:
        lines = [fault.detail.replace("in columns", "with --columns") for fault in bad.errors]
        raise CommandError("\n".join(lines)) from bad
    if template.fields and not mapping.columns:
        raise CommandError(
            f"No column is like a field of {template.id} ({', '.join(template.fields)}): choose"
            " with --columns FIELD=COLUMN."
        )
    return mapping


def describe_table(table: "Table") -> str:
    """How a table is written: `UTF-8 · comma`; a guess is called one."""
    encoding = describe_encoding(table.format.encoding.name, table.format.encoding.found_by)
    if table.format.kind == "jsonl":
        return f"{encoding} · JSON Lines"
    return f"{encoding} · {describe_delimiter(table.format.dialect.delimiter)}"


def describe_columns(table: "Table", mapping: "ColumnMapping") -> str:
    """`user_name = First Name, discount_code`."""
    described = describe_mapping(mapping.to_json(), table.header)
    return described or "no column is used"


def describe_encoding(name: str, found_by: str) -> str:
    """`UTF-8`; a guess is called one."""
    return f"{name.upper()}{' (a guess: --encoding sets it)' if found_by == 'guess' else ''}"


def describe_delimiter(delimiter: str) -> str:
    """`comma`; a rare one is named by itself."""
    return _DELIMITER_NAMES.get(delimiter, delimiter)


def describe_mapping(columns: Mapping[str, int], header: Sequence[str]) -> str:
    """`user_name = First Name, discount_code`: fields with their columns, by number from 1."""

    def described(name: str, number: int) -> str:
        shown = header[number - 1] if 0 < number <= len(header) else f"column {number}"
        return name if shown == name else f"{name} = {shown}"

    return ", ".join(described(name, number) for name, number in columns.items())


_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
