"""Strict JSON parsing, canonical JSON text, and JSON pointers."""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from postcard.errors import BadRequest

MAX_DEPTH = 32


def parse_json(text: str | bytes) -> Any:
    """Parse a JSON text.

    `BadRequest` `invalid_json` for invalid JSON or UTF-8, NaN and infinities, numbers too large for
    a double, duplicate keys in an object, and nesting deeper than 32.
    """
    try:
        body = text if isinstance(text, str) else text.decode("utf-8")
        value = json.loads(
            body,
            parse_constant=_reject_constant,
            parse_float=_parse_finite_float,
            object_pairs_hook=_object_without_duplicates,
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
    """A JSON pointer (RFC 6901).

    >>> json_pointer("layers", 3, "a/b")
    '/layers/3/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _invalid_json(detail: str) -> BadRequest:
    return BadRequest(detail, code="invalid_json")


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is too large a number")
    return number


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {duplicate!r} occurs twice in one object")
    return members


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
