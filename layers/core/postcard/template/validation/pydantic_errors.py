"""pydantic's findings as our faults: JSON pointers, plain sentences, a guess for a wrong name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args, get_origin

from postcard.errors import Fault
from postcard.json_text import json_pointer
from postcard.template.schema.json_mapping import annotations_by_key, resolve_union

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

PathSteps = tuple[str | int, ...]
_TYPE_NOUNS = {
    "<text>": "a text",
    "<number>": "a number",
    "<list>": "a list",
    "<boolean>": "true or false",
}
_LENGTH_ERRORS = ("too_long", "string_too_long")


def faults_from_pydantic(error: "ValidationError", data: Any, root: type) -> Sequence[Fault]:
    """Every fault once, in the order of the document's classes."""
    details = error.errors(include_url=False)
    found = {_to_fault(detail, data, root): detail["type"] == "too_short" for detail in details}
    return [f for f, short in found.items() if not (short and _has_inner_fault(f, found))]


def _has_inner_fault(fault: Fault, found: Iterable[Fault]) -> bool:
    """Whether a list is too short only because pydantic left a faulty member out."""
    return any(other.pointer.startswith(f"{fault.pointer}/") for other in found)


def _to_fault(detail: "ErrorDetails", data: Any, root: type) -> Fault:
    kind = detail["type"]
    steps = _document_path(detail["loc"], data, missing=kind == "missing")
    where = json_pointer(*steps)
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return Fault("unknown_name", where, _unknown_property_message(steps, data, root))
    if kind == "missing":
        return Fault("missing_value", where, f"{steps[-1]} is required.")
    if kind == "union_tag_invalid":
        return _union_fault(steps, detail, data)
    if kind == "value_error":
        return Fault("invalid_value", where, f"{_plain_message(str(detail['ctx']['error']))}.")
    code = "too_many_items" if kind in _LENGTH_ERRORS else "invalid_value"
    return Fault(code, where, f"{_plain_message(detail['msg'])}.")


def _document_path(loc: Sequence[str | int], data: Any, *, missing: bool) -> PathSteps:
    """The places of `loc` that are in the document; the rest are names of union members."""
    steps: list[str | int] = []
    for index, step in enumerate(loc):
        last = missing and index == len(loc) - 1
        inside = isinstance(data, dict) and step in data
        if inside or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            data = data[step]
            steps.append(step)
        elif last:
            steps.append(step)
    return tuple(steps)


def _unknown_property_message(steps: PathSteps, data: Any, root: type) -> str:
    cls, name = _dataclass_at(steps[:-1], data, root), str(steps[-1])
    known = [key for key in annotations_by_key(cls) if key != name] if cls else []
    close = get_close_matches(name, known, 1, 0.5)
    return (
        f"unknown property; did you mean {close[0]}?"
        if close
        else (f"unknown property; there are {', '.join(known)}.")
    )


def _dataclass_at(steps: PathSteps, data: Any, root: type) -> Any:
    """The class of the object at `steps`."""
    hint: Any = root
    for step in steps:
        hint, data = _annotation_at(resolve_union(hint, data), step), data[step]
    found = resolve_union(hint, data)
    return found if is_dataclass(found) else None


def _annotation_at(hint: Any, step: str | int) -> Any:
    if is_dataclass(hint):
        return annotations_by_key(hint)[str(step)]
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[-1] is not Ellipsis:
        return arguments[int(step)]
    return arguments[1] if get_origin(hint) in (dict, Mapping) else arguments[0]


def _union_fault(steps: PathSteps, detail: "ErrorDetails", data: Any) -> Fault:
    value, where = _value_at(data, steps), json_pointer(*steps)
    tags = [tag.strip("' ") for tag in str(detail["ctx"]["expected_tags"]).split(",")]
    types = [tag[1:-1] for tag in tags if tag.startswith("{")]
    if not isinstance(value, dict):
        expected = list(dict.fromkeys(_TYPE_NOUNS.get(tag, "an object") for tag in tags))
        return Fault("invalid_value", where, f"it should be {_join_with_or(expected)}.")
    if "type" not in value:
        return Fault("missing_value", f"{where}/type", f"type is one of {', '.join(types)}.")
    written_type = str(value["type"])
    if written_type == "list":
        return Fault("invalid_value", f"{where}/type", "An item holds single values, no list.")
    close = get_close_matches(written_type, types, 1)
    guess = f"did you mean {close[0]}?" if close else f"there are {', '.join(types)}."
    return Fault("invalid_value", f"{where}/type", f"unknown type; {guess}")


def _value_at(data: Any, steps: PathSteps) -> Any:
    for step in steps:
        data = data[int(step)] if isinstance(data, list) else data.get(step)
    return data


def _join_with_or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _plain_message(text: str) -> str:
    """The words of pydantic without its programmer's nouns."""
    for theirs, ours in _MESSAGE_REPLACEMENTS:
        text = text.replace(theirs, ours)
    return text.rstrip(".")


_MESSAGE_REPLACEMENTS = (
    ("Input should", "it should"),
    ("Tuple should", "the list should"),
    ("String should", "the text should"),
    ("Value should", "it should"),
    ("a valid tuple", "a list"),
    ("a valid string", "a text"),
    ("a valid ", "a "),
    ("a dictionary or an instance of", "an object,"),
    ("a dictionary", "an object"),
    (" after validation", ""),
)
