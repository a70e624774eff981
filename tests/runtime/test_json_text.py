"""Strict JSON parsing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.errors import BadRequest
from postcard.json_text import MAX_DEPTH, canonical_json, json_pointer, parse_json

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


@given(VALUES)
def test_canonical_json_is_parsed_back(value: Any) -> None:
    assert parse_json(canonical_json(value)) == value
    assert canonical_json(parse_json(canonical_json(value))) == canonical_json(value)


@given(st.text() | st.binary())
def test_any_text_is_parsed_or_refused(text: str | bytes) -> None:
    try:
        parse_json(text)
    except BadRequest as refused:
        assert (refused.code, refused.status) == ("invalid_json", 400)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "-Infinity",
        "1e400",
        '{"a":1,"a":1}',
        "[1,]",
        "9" * 5000,
        b'"\xff"',
        b"\xff\xfe[\x00",
    ],
)
def test_json_that_parsers_disagree_on_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadRequest):
        parse_json(text)


def test_nesting_is_limited() -> None:
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(BadRequest, match="nested"):
            parse_json("[" * depth + "]" * depth)


def test_canonical_json_has_one_spelling() -> None:
    assert canonical_json({"b": "é", "a": [1, 1.0]}) == '{"a":[1,1.0],"b":"é"}'
    assert json.loads(canonical_json({"a": "\u2028"})) == {"a": "\u2028"}


def test_a_pointer_escapes_its_steps() -> None:
    assert json_pointer("fields", "a/b~c", 0) == "/fields/a~1b~0c/0"
