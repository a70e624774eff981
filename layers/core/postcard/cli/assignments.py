"""`--set name=value`: a person's values, as a command line writes them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?")


def values_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--set` and `--set-file`, both repeatable."""
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
        help="A field's value, or a layer's property (title.color=#ff0044). Repeatable.",
    )(function)


def read_values(assigned: Sequence[str], files: Sequence[str]) -> dict[str, str]:
    """All values by name; a name given twice is a fault of the caller."""
    pairs = [split(text, "--set") for text in assigned]
    for text in files:
        name, path = split(text, "--set-file")
        pairs.append((name, Path(path).read_text(encoding="utf-8")))
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        raise click.UsageError(f"{twice} is set twice; say each name once.")
    return values


def split(text: str, option: str) -> tuple[str, str]:
    """Name and value at the first `=`.

    >>> split("title=1+1=2", "--set")
    ('title', '1+1=2')
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{option} takes NAME=VALUE, not {text!r}.")
    if not NAME.fullmatch(name):
        raise click.UsageError(
            f"{name!r} is no name of a field or layer: write lower-case letters, digits and _,"
            " with a property after a dot (title.color)."
        )
    return name, value


def modifications(values: dict[str, str]) -> list[dict[str, str]]:
    """The values as the API's `modifications`.

    >>> modifications({"title": "Hi", "title.color": "red"})
    [{'name': 'title', 'value': 'Hi'}, {'name': 'title', 'color': 'red'}]
    """
    entries = []
    for full_name, value in values.items():
        name, _, changed = full_name.partition(".")
        entries.append({"name": name, changed or "value": value})
    return entries
