"""Converts pydantic's errors into faults with JSON pointers, plain messages and suggestions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args, get_origin

from postcard.errors import MAX_FAULTS, Fault
from postcard.json_text import json_pointer
from postcard.name_suggestions import closest_name
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
    """Each fault once, in pydantic's order; `data` is the document, `root` its class.

    Reads pydantic's first `MAX_FAULTS` errors and one more, which says that there are more.
    """
    errors = islice(error.errors(include_url=False), MAX_FAULTS + 1)
    faults = {_to_fault(each, data, root): each["type"] == "too_short" for each in errors}
    return [
        fault
        for fault, is_too_short in faults.items()
        if not (is_too_short and _has_inner_fault(fault, faults))
    ]


def _has_inner_fault(fault: Fault, faults: Iterable[Fault]) -> bool:
    """Whether a list is too short only because pydantic left a faulty member out."""
    return any(other.pointer.startswith(f"{fault.pointer}/") for other in faults)


def _to_fault(error: "ErrorDetails", data: Any, root: type) -> Fault:
    error_type = error["type"]
    steps = _document_path(error["loc"], data, missing=error_type == "missing")
    pointer = json_pointer(*steps)
    if error_type in ("unexpected_keyword_argument", "extra_forbidden"):
        return Fault("unknown_name", pointer, _unknown_property_message(steps, data, root))
    if error_type == "missing":
        return Fault("missing_value", pointer, f"{steps[-1]} is required.")
    if error_type == "union_tag_invalid":
        return _union_fault(steps, error, data)
    code = "too_many_items" if error_type in _LENGTH_ERRORS else "invalid_value"
    return Fault(code, pointer, f"{plain_message(error)}.")


def _document_path(loc: Sequence[str | int], data: Any, *, missing: bool) -> PathSteps:
    """The steps of `loc` that are in the document, without pydantic's names of union members.

    `missing`: the last step is a property that the document lacks.
    """
    steps: list[str | int] = []
    for index, step in enumerate(loc):
        is_missing_property = missing and index == len(loc) - 1
        in_object = isinstance(data, dict) and step in data
        if in_object or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            data = data[step]
            steps.append(step)
        elif is_missing_property:
            steps.append(step)
    return tuple(steps)


def _unknown_property_message(steps: PathSteps, data: Any, root: type) -> str:
    cls, name = _dataclass_at(steps[:-1], data, root), str(steps[-1])
    known = [key for key in annotations_by_key(cls) if key != name] if cls else []
    close = closest_name(name, known, similarity=0.5)
    if close:
        return f"unknown property; did you mean {close}?"
    return f"unknown property; there are {', '.join(known)}."


def _dataclass_at(steps: PathSteps, data: Any, root: type) -> Any:
    """The class of the object at `steps`."""
    hint: Any = root
    for step in steps:
        hint, data = _annotation_at(resolve_union(hint, data), step), data[step]
    cls = resolve_union(hint, data)
    return cls if is_dataclass(cls) else None


def _annotation_at(hint: Any, step: str | int) -> Any:
    if is_dataclass(hint):
        return annotations_by_key(hint)[str(step)]
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[-1] is not Ellipsis:
        return arguments[int(step)]
    return arguments[1] if get_origin(hint) in (dict, Mapping) else arguments[0]


def _union_fault(steps: PathSteps, error: "ErrorDetails", data: Any) -> Fault:
    value, pointer = _value_at(data, steps), json_pointer(*steps)
    tags = [tag.strip("' ") for tag in str(error["ctx"]["expected_tags"]).split(",")]
    types = [tag[1:-1] for tag in tags if tag.startswith("{")]
    if not isinstance(value, dict) or not types:
        expected = list(dict.fromkeys(_TYPE_NOUNS.get(tag, "an object") for tag in tags))
        return Fault("invalid_value", pointer, f"it should be {_join_with_or(expected)}.")
    if "type" not in value:
        return Fault("missing_value", f"{pointer}/type", f"type is one of {', '.join(types)}.")
    type_ = str(value["type"])
    if type_ == "list":
        return Fault("invalid_value", f"{pointer}/type", "An item holds single values, no list.")
    close = closest_name(type_, types)
    suggestion = f"did you mean {close}?" if close else f"there are {', '.join(types)}."
    return Fault("invalid_value", f"{pointer}/type", f"unknown type; {suggestion}")


def _value_at(data: Any, steps: PathSteps) -> Any:
    for step in steps:
        data = data[int(step)] if isinstance(data, list) else data.get(step)
    return data


def _join_with_or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def plain_message(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words for readers of JSON, without a full stop.

    >>> plain_message({"type": "int_from_float", "msg": "Input should be a valid integer, got …"})
    'it should be a whole number'
    """
    error_type, context = error["type"], error.get("ctx") or {}
    if error_type in _MESSAGES:
        return _MESSAGES[error_type]
    if "detail" in context:  # our own errors, which say what to do
        return str(context["detail"]).rstrip(".")
    if error_type == "value_error":
        return str(context["error"]).rstrip(".")
    if error_type in _BOUNDS:
        words, name = _BOUNDS[error_type]
        bound = context[name]
        return f"it should {words} {int(bound) if bound == int(bound) else bound}"
    if error_type in _LENGTHS:
        words, name, one, many = _LENGTHS[error_type]
        count = context[name]
        return f"it should have {words} {count} {one if count == 1 else many}"
    if error_type == "literal_error":
        return f"it should be {context['expected']}"
    if error_type == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"it should {_PATTERNS.get(pattern, f'match {pattern}')}"
    return "it has a wrong form"


_NUMBER, _WHOLE, _BOOLEAN = "a number", "a whole number", "true or false"
_MESSAGES = {
    error_type: f"it should be {noun}"
    for noun, error_types in {
        _WHOLE: "int_type int_from_float int_parsing int_parsing_size",
        _NUMBER: "float_type float_parsing finite_number",
        _BOOLEAN: "bool_type bool_parsing",
        "a text": "string_type string_sub_type",
        "a list": "list_type tuple_type",
        "an object": "dict_type mapping_type model_type model_attributes_type dataclass_type",
        "null": "none_required",
    }.items()
    for error_type in error_types.split()
} | {"string_unicode": "it has half of a surrogate pair: write Unicode text"}
_BOUNDS = {
    "greater_than_equal": ("be at least", "ge"),
    "less_than_equal": ("be at most", "le"),
    "greater_than": ("be more than", "gt"),
    "less_than": ("be less than", "lt"),
}
_PATTERNS = {  # those of the API that people write by hand
    "^[a-z0-9-]{1,32}$": "have 1 to 32 characters of a-z, 0-9 and -",
    "^[a-z0-9-]{0,32}$": "have at most 32 characters of a-z, 0-9 and -",
    r"^\d{4}-\d{2}-\d{2}$": "be a day such as 2026-11-22",
    "^(day|template_id|campaign)(,(day|template_id|campaign)){0,2}$": (
        "be one or more of day, template_id and campaign, with a comma between"
    ),
}
_LENGTHS = {
    "string_too_short": ("at least", "min_length", "character", "characters"),
    "string_too_long": ("at most", "max_length", "character", "characters"),
    "too_short": ("at least", "min_length", "entry", "entries"),
    "too_long": ("at most", "max_length", "entry", "entries"),
}
