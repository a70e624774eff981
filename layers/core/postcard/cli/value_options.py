"""`--set name=value` and `--values`: a person's values, as a command line writes them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from postcard.identifiers import is_field_path
from postcard.json_text import parse_json
from postcard.template.fields.values import to_link_text


def values_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--set` and `--set-file`, both repeatable, and `--values`."""
    function = click.option(
        "--values",
        "all_values",
        metavar="FILE.json",
        help="A JSON object of all values; lists are arrays of objects. --set goes before it.",
    )(function)
    function = click.option(
        "--set-file",
        "files",
        multiple=True,
        metavar="NAME=PATH",
        help="As --set, with the value read from a text file.",
    )(function)
    return click.option(
        "--set",
        "assigned",
        multiple=True,
        metavar="NAME=VALUE",
        help="A field's value, a list item's (products_1_name=Mug), or a layer's property "
        "(title.color=#ff0044). Repeatable.",
    )(function)


def read_values(
    assigned: Sequence[str], files: Sequence[str], all_values: str | None = None
) -> dict[str, Any]:
    """All values by name; a name set twice is a fault of the caller."""
    pairs = [parse_assignment(text, "--set") for text in assigned]
    for text in files:
        name, path = parse_assignment(text, "--set-file")
        pairs.append((name, Path(path).read_text(encoding="utf-8")))
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        raise click.UsageError(f"{twice} is set twice; say each name once.")
    return {**(_read_values_file(all_values) if all_values else {}), **values}


def flatten(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a link writes them, where nobody asks the template.

    >>> flat({"points": 3, "products": [{"name": "Mug"}, {"name": "Pot"}]})
    {'points': '3', 'products_1_name': 'Mug', 'products_2_name': 'Pot'}
    """
    return {
        flat_name: to_link_text(value) if isinstance(value, int | float) else str(value)
        for name, given in values.items()
        for flat_name, value in _flatten_list(name, given)
        if value is not None
    }


def _flatten_list(name: str, entry: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(entry, list):
        yield name, entry
        return
    for index, item in enumerate(entry):
        for key, value in item.items() if isinstance(item, dict) else ():
            yield f"{name}_{index + 1}_{key}", value


def _read_values_file(path: str) -> dict[str, Any]:
    found = parse_json(Path(path).read_bytes())
    if not isinstance(found, dict):
        raise click.UsageError(f"{path} holds no JSON object of values by name.")
    for name in found:
        _check_name(name)
    return found


def parse_assignment(text: str, option: str) -> tuple[str, str]:
    """Name and value at the first `=`.

    >>> split("title=1+1=2", "--set")
    ('title', '1+1=2')
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{option} takes NAME=VALUE, not {text!r}.")
    _check_name(name)
    return name, value


def _check_name(name: str) -> None:
    if not is_field_path(name):
        raise click.UsageError(
            f"{name!r} is no name of a field or layer: write lower-case letters, digits and _,"
            " with a property after a dot (title.color)."
        )


def modifications(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values as the API's `modifications`.

    >>> modifications({"title": "Hi", "title.color": "red"})
    [{'name': 'title', 'value': 'Hi'}, {'name': 'title', 'color': 'red'}]
    """
    entries = []
    for full_name, value in values.items():
        name, _, changed = full_name.partition(".")
        entries.append({"name": name, changed or "value": value})
    return entries
