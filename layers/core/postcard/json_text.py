"""Strict JSON parsing, canonical JSON text, and JSON pointers."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from postcard.errors import BadRequest

MAX_DEPTH = 32
MAX_POINTER_LENGTH = 500
MAX_QUOTED_LENGTH = 64  # of a text that an error message repeats
_DIGITS_OF_A_DOUBLE = 308  # a number of so many digits is always in a double's range


def parse_json(text: str | bytes) -> Any:
    """Parse a JSON text, in time that is linear in its length.

    `BadRequest` `invalid_json` for invalid JSON or UTF-8, NaN and infinities, numbers too large for
    a double, duplicate keys in an object, and nesting deeper than 32.
    """
    try:
        body = text if isinstance(text, str) else text.decode("utf-8")
        value = json.loads(
            body,
            parse_constant=_reject_constant,
            parse_float=_parse_finite_float,
            parse_int=_parse_int,
            object_pairs_hook=unique_members,
        )
    except RecursionError:
        raise _invalid_json("The JSON is nested deeper than 32.") from None
    except ValueError as error:  # from json, from UTF-8, and from the hooks below
        raise _invalid_json(f"The body is not valid JSON: {error}.") from None
    if _is_deeper_than(value, MAX_DEPTH):
        raise _invalid_json("The JSON is nested deeper than 32.")
    return value


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
