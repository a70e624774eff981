"""The result of a command: text for people, JSON for programs, an exit code."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field

import click

from postcard.errors import Fault, Problem
from postcard.runtime.lazy_dataclass import dataclass

EXIT_OK, EXIT_NO, EXIT_ERROR, EXIT_REFUSED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command; `messages` go to standard error.

    `json_fields` None: the command has printed its JSON already.
    """

    text: str = ""
    json_fields: Mapping[str, object] | None = field(default_factory=dict)
    exit_code: int = EXIT_OK
    messages: Sequence[str] = ()


class CommandError(Exception):
    """The command could not be carried out; the message says what to do."""

    exit_code, code = EXIT_ERROR, "cannot_do"

    @property
    def message(self) -> str:
        """The message to print."""
        return str(self)


class FileRefused(CommandError):
    """A file of people cannot be read as a table."""

    exit_code = EXIT_REFUSED

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def error_result(
    message: str, code: str = CommandError.code, exit_code: int = EXIT_ERROR
) -> CommandResult:
    """The result of a command that could not be carried out."""
    return CommandResult(
        "", {"success": False, "code": code, "detail": message}, exit_code, [message]
    )


def problem_result(problem: Problem) -> CommandResult:
    """The result for a `Problem`: exit code 1 if the input is invalid, 2 if the service failed."""
    lines = [problem.detail, *(f"  {fault_line(each)}" for each in problem.errors)]
    if len(problem.errors) == 1 and problem.detail in (
        problem.errors[0].detail,
        fault_line(problem.errors[0]),
    ):
        del lines[1:]
    json_fields = {
        "success": False,
        "code": problem.code,
        "detail": problem.detail,
        "errors": [fault_json(fault) for fault in problem.errors],
    }
    exit_code = EXIT_NO if problem.status in (400, 414) else EXIT_ERROR
    return CommandResult("", json_fields, exit_code, lines)


def fault_line(fault: Fault) -> str:
    """One fault as text: the option that holds it, or its JSON Pointer, and its detail.

    >>> fault_line(Fault("invalid_value", "/fields/name", "longer than 40 letters"))
    '/fields/name: longer than 40 letters'
    """
    place = getattr(fault, "option", fault.pointer)
    if not place or fault.detail.startswith(place):
        return fault.detail
    return f"{place}: {fault.detail}"


def fault_json(fault: Fault) -> dict[str, str]:
    """One fault as JSON, as the API writes it; with the command's option where there is one."""
    json_fields = {"code": fault.code, "pointer": fault.pointer, "detail": fault.detail}
    option = getattr(fault, "option", None)
    return json_fields if option is None else {**json_fields, "option": option}


def print_result(result: CommandResult, *, as_json: bool) -> None:
    """Print the result to standard output and its messages to standard error."""
    for message in result.messages:
        click.echo(message, err=True)
    if as_json:
        if result.json_fields is None:
            return
        click.echo(json.dumps(result.json_fields, ensure_ascii=False))
    elif result.text:
        click.echo(result.text)


def json_for_terminal(value: object, *, indent: int | None = None) -> str:
    """JSON of a value that others wrote: what a terminal would obey or turn around is escaped.

    >>> json_for_terminal("Zoë \\x9b2J")
    '"Zoë \\\\u009b2J"'
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """The character as JSON in ASCII; that JSON leaves DEL as it is."""
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def format_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A text table whose columns are as wide as their widest cell.

    >>> print(format_table(("id", "scopes"), [("key_1", "images"), ("key_22", "admin")]))
    id      scopes
    key_1   images
    key_22  admin
    """
    cells = [[str(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)
