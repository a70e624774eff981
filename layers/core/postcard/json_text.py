"""Strict JSON parsing, canonical JSON text, and JSON pointers."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from postcard.errors import BadRequest

BYTE_ORDER_MARK = "\ufeff"
MAX_DEPTH = 32
MAX_POINTER_LENGTH = 500
MAX_QUOTED_LENGTH = 64  # of a text that an error message repeats
_DIGITS_OF_A_DOUBLE = 308  # a number of so many digits is always in a double's range


def parse_json(text: str | bytes) -> Any:
    """Parse a JSON text, in time that is linear in its length.

    A byte order mark before it is skipped. `BadRequest` `invalid_json` for invalid JSON or UTF-8,
    NaN and infinities, numbers too large for a double, duplicate keys in an object, and nesting
    deeper than 32.
    """
    try:
        value = json.loads(
            decode_utf8(text).lstrip(BYTE_ORDER_MARK),
            parse_constant=_reject_constant,
            parse_float=_parse_finite_float,
            parse_int=_parse_int,
            object_pairs_hook=unique_members,
        )
    except RecursionError:
        raise _invalid_json("The JSON is nested deeper than 32.") from None
    except json.JSONDecodeError as error:
        raise _invalid_json(f"The body is not valid JSON: {_syntax_error(error)}.") from None
    except ValueError as error:  # from the hooks below
        raise _invalid_json(f"The body is not valid JSON: {error}.") from None
    if _is_deeper_than(value, MAX_DEPTH):
        raise _invalid_json("The JSON is nested deeper than 32.")
    return value


def decode_utf8(text: str | bytes) -> str:
    """The text of bytes; `BadRequest` if they are not UTF-8."""
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8 text (byte {error.start + 1}): send JSON in UTF-8."
        raise _invalid_json(detail) from None


def canonical_json(value: Any) -> str:
    """The canonical text of a JSON value: sorted keys, no spaces, no escaped letters."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def json_pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901), or that of the nearest container where it would be over 500 long.

    >>> json_pointer("layers", 3, "a/b")
    '/layers/3/a~1b'
    >>> json_pointer("layers", 3, "a" * 500)
    '/layers/3'
    """
    pointer = ""
    for step in steps:
        text = str(step)
        if len(pointer) + len(text) >= MAX_POINTER_LENGTH:
            break
        pointer += "/" + text.replace("~", "~0").replace("/", "~1")
    return pointer


def unique_members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object; ValueError names the first key that occurs a second time."""
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {_quote(name)} occurs twice in one object")
            seen.add(name)
    return members


def _syntax_error(error: json.JSONDecodeError) -> str:
    """What is wrong and where, without the words of Python's decoder.

    >>> _syntax_error(json.JSONDecodeError("Expecting ',' delimiter", "[1 2]", 3))
    "',' is missing at line 1, column 4"
    """
    message = re.sub("^Expecting ('.') delimiter$", r"\1 is missing", error.msg)
    message = _SYNTAX_ERRORS.get(message.removesuffix(": "), message)
    return f"{message} at line {error.lineno}, column {error.colno}"


_SYNTAX_ERRORS = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Extra data": "there is more behind the value",
    "Unterminated string starting at": "a text has no closing quote",
    "Invalid control character at": "a text has a line break or another control character",
    "Invalid \\escape": "a text has a backslash before a character that needs none",
    "Invalid \\uXXXX escape": "a text has \\u without four hexadecimal digits",
    "Illegal trailing comma before end of object": "there is a comma before }",
    "Illegal trailing comma before end of array": "there is a comma before ]",
}


def _invalid_json(detail: str) -> BadRequest:
    return BadRequest(detail, code="invalid_json")


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{_quote(digits)} is too large a number")
    return number


def _parse_int(digits: str) -> int:
    if len(digits) > _DIGITS_OF_A_DOUBLE:
        _parse_finite_float(digits)  # int() is quadratic and refuses 4,300 digits
    return int(digits)


def _quote(text: str) -> str:
    return repr(text if len(text) <= MAX_QUOTED_LENGTH else f"{text[:MAX_QUOTED_LENGTH]}…")


def _is_deeper_than(value: Any, depth: int) -> bool:
    level: list[Any] = [value]
    for _ in range(depth):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
