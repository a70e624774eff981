"""The options `--set`, `--set-file` and `--values`: values of a template's fields and layers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from postcard.errors import BadRequest
from postcard.identifiers import is_field_path
from postcard.json_text import parse_json
from postcard.template.fields.values import to_link_text

MAX_FILE_BYTES = 256 * 1024  # as much as a call of the API may have


def values_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options `--set`, `--set-file` and `--values`."""
    function = click.option(
        "--values",
        "all_values",
        metavar="FILE.json",
        help="Read values from a file with one JSON object. A list is an array of objects. --set"
        " overrides it.",
    )(function)
    function = click.option(
        "--set-file",
        "files",
        multiple=True,
        metavar="NAME=PATH",
        help="Like --set, but the value is read from a text file. Can be repeated.",
    )(function)
    return click.option(
        "--set",
        "assigned",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a field (first_name=Alex), a field of a list item (products_1_name=Mug), or a"
        " layer's property (title.color=#ff0044). Can be repeated.",
    )(function)


def read_values(
    assigned: Sequence[str], files: Sequence[str], all_values: str | None = None
) -> dict[str, Any]:
    """All values by name; `UsageError` if a name is set twice."""
    pairs = [parse_assignment(text, "--set") for text in assigned]
    for text in files:
        name, path = parse_assignment(text, "--set-file")
        pairs.append((name, _read_text_file(path, f"--set-file {name}")))
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise click.UsageError(f"{name} is set twice. Set each name once.")
        values[name] = value
    return {**({} if all_values is None else _read_values_file(all_values)), **values}


def flatten(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a link contains them, for links that are signed without loading the template.

    >>> flatten({"points": 3, "products": [{"name": "Mug"}, {"name": "Pot"}]})
    {'points': '3', 'products_1_name': 'Mug', 'products_2_name': 'Pot'}
    """
    return {
        flat_name: to_link_text(value) if isinstance(value, int | float) else str(value)
        for name, entry in values.items()
        for flat_name, value in _flatten_list(name, entry)
        if value is not None
    }


def _flatten_list(name: str, entry: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(entry, list):
        yield name, entry
        return
    for index, item in enumerate(entry):
        for key, value in item.items() if isinstance(item, dict) else ():
            yield f"{name}_{index + 1}_{key}", value


def _read_text_file(path: str, option: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is no file name"
        raise click.UsageError(f"{option}: {path or 'no file'}: {reason.lower()}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise click.UsageError(f"{option}: {path} is larger than {MAX_FILE_BYTES // 1024} KB.")
    try:
        return content.decode("utf-8-sig")  # without a byte order mark
    except UnicodeDecodeError:
        raise click.UsageError(f"{option}: {path} is not UTF-8. Save it as UTF-8.") from None


def _read_values_file(path: str) -> dict[str, Any]:
    try:
        values = parse_json(_read_text_file(path, "--values"))
    except BadRequest as problem:
        detail = problem.detail.replace("The body", path, 1)
        raise click.UsageError(f"--values: {detail}") from None
    if not isinstance(values, dict):
        raise click.UsageError(
            f"--values: {path} must contain a JSON object with a value for each name."
        )
    for name in values:
        _check_name(name)
    return values


def parse_assignment(text: str, option: str) -> tuple[str, str]:
    """Name and value, split at the first `=`.

    >>> parse_assignment("title=1+1=2", "--set")
    ('title', '1+1=2')
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{option} takes NAME=VALUE, not {text[:64]!r}.")
    _check_name(name)
    return name, value


def _check_name(name: str) -> None:
    if not is_field_path(name):
        raise click.UsageError(
            f"{name[:64]!r} is not a name of a field or layer. Names have lower-case letters,"
            " digits and _; a layer's property follows a dot (title.color)."
        )


def value_options(
    values: Mapping[str, Any], assigned: Sequence[str], files: Sequence[str]
) -> list[str]:
    """The option and name of each value, in the order of `modifications`.

    >>> value_options({"title": "Hi", "name": "Ann"}, ["name=Ann"], [])
    ['--values title', '--set name']
    """
    set_names = {text.partition("=")[0] for text in assigned}
    file_names = {text.partition("=")[0] for text in files}
    return [
        f"{'--set' if name in set_names else '--set-file' if name in file_names else '--values'}"
        f" {name}"
        for name in values
    ]


def modifications(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values as `modifications` of the API.

    >>> modifications({"title": "Hi", "title.color": "red"})
    [{'name': 'title', 'value': 'Hi'}, {'name': 'title', 'color': 'red'}]
    """
    entries = []
    for full_name, value in values.items():
        name, _, layer_property = full_name.partition(".")
        entries.append({"name": name, layer_property or "value": value})
    return entries
