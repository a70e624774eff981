"""Names the command line option at which a fault of a request lies, instead of an API pointer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from postcard.cli.output import fault_line
from postcard.errors import BadRequest, Fault, Problem
from postcard.runtime.lazy_dataclass import dataclass

_OPTIONS = {  # properties of a request and what sets them on the command line
    "template_id": "TEMPLATE_ID",
    "template_version": "--version",
    "format": "--format",
    "width": "--width",
    "dpr": "--dpr",
    "quality": "--quality",
    "max_bytes": "--max-bytes",
    "campaign": "--campaign",
    "expires_at": "--expires",
    "esp": "--esp",
    "encoding": "--encoding",
    "modifications": "--set",  # a value that is missing
    "open": "--open",
}


@dataclass(frozen=True, slots=True)
class OptionFault(Fault):
    """A fault of a request; `option` is where it was given on the command line."""

    option: str


@contextmanager
def naming_options(value_options: Sequence[str]) -> Iterator[None]:
    """Names options in the problems raised inside.

    `value_options` are those of the entries of `modifications`, in their order.
    """
    try:
        yield
    except Problem as problem:
        problem.errors = with_options(problem.errors, value_options)
        if problem.errors and isinstance(problem, BadRequest):
            problem.detail = _detail(problem.errors)
        raise


def with_options(faults: Sequence[Fault], value_options: Sequence[str]) -> list[Fault]:
    """The faults, those of a request with the option that holds them."""
    return [_with_option(fault, value_options) for fault in faults]


def _with_option(fault: Fault, value_options: Sequence[str]) -> Fault:
    option = _option_at(fault.pointer, value_options)
    return OptionFault(fault.code, fault.pointer, fault.detail, option) if option else fault


def _option_at(pointer: str, value_options: Sequence[str]) -> str:
    """The option, with the place inside a value; empty for another pointer.

    >>> _option_at("/modifications/1/value/0/price", ["--set name", "--values products"])
    '--values products/0/price'
    >>> _option_at("/expires_at", [])
    '--expires'
    """
    first, *rest = pointer.removeprefix("/").split("/")
    if first == "modifications" and rest and rest[0].isdecimal():
        index = int(rest[0])
        inner = "".join(f"/{step}" for step in rest[2:])
        return value_options[index] + inner if index < len(value_options) else ""
    if first == "open" and rest:
        return f"--open {rest[0]}"
    return "" if rest else _OPTIONS.get(first, "")


def _detail(faults: Sequence[Fault]) -> str:
    if len(faults) == 1:
        return fault_line(faults[0])
    places = list(dict.fromkeys(getattr(f, "option", f.pointer) or "the values" for f in faults))
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"Correct {', '.join(places[:3])}{more}."
