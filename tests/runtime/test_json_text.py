"""Strict JSON parsing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.errors import BadRequest
from postcard.json_text import (
    MAX_DEPTH,
    canonical_json,
    json_pointer,
    parse_json,
    unique_members,
)
from tests.steps import CountedText

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


def test_finding_a_doubled_key_takes_no_comparison_of_every_key_with_every_other() -> None:
    names = [CountedText(f"name{index}") for index in range(2_000)]
    CountedText.comparisons = 0
    with pytest.raises(ValueError, match="name1999"):
        unique_members([(name, 0) for name in [*names, CountedText("name1999")]])
    assert CountedText.comparisons < 10


def test_the_first_key_that_occurs_again_is_named() -> None:
    with pytest.raises(BadRequest, match="the key 'b' occurs twice"):
        parse_json('{"a": 0, "b": 1, "b": 2, "a": 3}')


@pytest.mark.parametrize(
    "text",
    [
        '{"' + "k" * 100_000 + '": 0, "' + "k" * 100_000 + '": 1}',
        "9" * 100_000,
        "1e" + "9" * 100_000,
        "[" + "0," * 100_000,
    ],
)
def test_an_error_repeats_only_the_beginning_of_a_long_text(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_json(text)
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_whole_number_too_large_for_a_double_is_refused(sign: str) -> None:
    assert parse_json(sign + "9" * 308) == int(sign + "9" * 308)
    for digits in ("9" * 309, "1" + "0" * 400):
        with pytest.raises(BadRequest, match="too large"):
            parse_json(sign + digits)


def test_a_pointer_is_cut_to_the_container_where_a_key_is_too_long() -> None:
    assert json_pointer("a", "b" * 300, "c" * 300, "d") == "/a/" + "b" * 300
    assert json_pointer("x" * 100_000) == ""
