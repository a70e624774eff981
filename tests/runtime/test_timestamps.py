"""RFC 3339 timestamps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.timestamps import format_rfc3339, parse_rfc3339


@given(st.integers(0, 4_000_000_000))
def test_a_formatted_time_is_parsed_back(second: int) -> None:
    assert parse_rfc3339(format_rfc3339(second)) == second


def test_offsets_and_fractions_are_parsed() -> None:
    assert parse_rfc3339("2026-11-22T11:00:00.75+01:00") == parse_rfc3339("2026-11-22t10:00:00z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-02-30T10:00:00Z",
        "٢026-11-22T10:00:00Z",
    ],
)
def test_other_texts_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_rfc3339(text)
