"""Reading values: clean, missing, type, bounds (template.md, "A value, step by step")."""

import json
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.template.fields.field_types import (
    BooleanField,
    ColorField,
    DateField,
    ImageField,
    NumberField,
    SingleField,
    TextField,
)
from postcard.template.fields.values import (
    DOCUMENT,
    BadValue,
    ValueSource,
    clean_text,
    is_missing,
    read_value,
    to_link_text,
    value_to_json,
)

VECTORS = json.loads(Path("docs/contract/value-vectors.json").read_text())
FIELDS: dict[str, SingleField] = {
    "text": TextField(),
    "number": NumberField(),
    "boolean": BooleanField(),
    "date": DateField(),
    "color": ColorField(),
    "image": ImageField(),
}


def read(kind: str, raw: Any, *, source: ValueSource = DOCUMENT, **bounds: Any) -> Any:
    field = type(FIELDS[kind])(**bounds)
    try:
        return value_to_json(read_value(field, raw, source=source))
    except BadValue:
        return "BAD"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']} {v['raw']!r}")
def test_every_value_vector_reads_as_documented(vector: dict[str, Any]) -> None:
    source = ValueSource(locale=vector.get("locale", "en"))
    value = read(vector["type"], vector["raw"], source=source)
    assert (value, type(value)) == (vector["value"], type(vector["value"]))
    in_document = read(vector["type"], vector["raw"])
    expected = vector.get("document", vector["value"])
    assert (in_document, type(in_document)) == (expected, type(expected))


# Clean


@given(st.text())
def test_cleaning_a_text_is_idempotent_and_removes_what_it_should(raw: str) -> None:
    cleaned = clean_text(raw)
    assert clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\n\n\n" not in cleaned and "  " not in cleaned and "\t" not in cleaned
    cleaned.encode()  # no surrogates


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_becomes_one_newline(end: str) -> None:
    assert clean_text(f"a {end} b") == "a\nb"


@pytest.mark.parametrize(
    "removed", "\x00\x1f\x7f\x9f\ud800\ufffe\U0001ffff\ufdd0\ufeff\ufffc\u202a\u202e\u2066\u2069"
)
def test_characters_that_break_or_reorder_a_line_are_removed(removed: str) -> None:
    assert clean_text(f"a{removed}b") == "ab"


@pytest.mark.parametrize(
    "preserved", "\u200c\u200d\ufe0f\U000e0067\u00ad\u200b\u200e\u200f\u061c\u00a0\u202f"
)
def test_characters_that_scripts_need_are_preserved(preserved: str) -> None:
    assert clean_text(f"a{preserved}b") == f"a{preserved}b"


# Missing


@pytest.mark.parametrize(
    "raw",
    ["null", "NULL", "nil", "undefined", "None", "NaN", "N/A", "n/a", "#N/A", "[object Object]"],
)
def test_a_null_word_is_missing_only_as_the_whole_value(raw: str) -> None:
    assert read("text", raw) is None
    assert read("text", raw.swapcase()) in (raw.swapcase(), None)
    assert read("text", f"{raw} Smith") == f"{raw} Smith"


@pytest.mark.parametrize(
    "raw",
    [
        "{{a}}",
        "{% if a %}",
        "*|A|*",
        "%%a%%",
        "<%= a %>",
        "${a}",
        "[[a]]",
        "{$a}",
        "[%a%]",
        "{{a}} {{b}}!",
        "%NAME%",
        "[FNAME]",
        "[LAST_NAME]",
        "[EMAIL]",
        "[COMPANY]",
        "[FIRST NAME]",
    ],
)
def test_an_unfilled_merge_tag_is_missing(raw: str) -> None:
    assert read("text", raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        *("[firstname,fallback=x]", "[firstname,fallback=]", "[subscriber:x | default:y]"),
        *("[first_name]", "[First Name]", "[FirstName]", "[FIRST NAME%%there]", "[CUSTOM1]"),
        *("~Contact.FirstName~", "~FirstName~", "@FIRSTNAME@", "@X@", "$FIRST_NAME$", "$X$"),
        *("$[FNAME|Customer]$", "%recipient.first_name%", "%first_name%", "%name%", "%First Name%"),
        *("{!Contact.FirstName}", "{FirstName}", "{firstName|there}", "{Hi|Hello}", "{first name}"),
        *("{u(first_name)}", "{contactfield=firstname|there}", "{contact.firstname}", "{0}"),
        *("<<First Name>>", "<FirstName>", "«First_Name»", "#recipient:name#", "##FIRSTNAME##"),
        *("-first_name-", "--First Name--", "(firstname)", "|FNAME|", "#{first_name}"),
        *("[first_name] [last_name]", "{FirstName} {LastName}!", "%FIRSTNAME% {{last_name}}"),
    ],
)
def test_an_unfilled_tag_of_any_platform_is_missing(raw: str) -> None:
    assert read("text", raw) is None
    assert read("number", raw) is None
    assert read("text", f"{raw} Smith") == f"{raw} Smith"


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "nan",
            "NaT",
            "(null)",
            "(NULL)",
            "<nil>",
            "<null>",
            "<None>",
            "[null]",
            '"null"',
            "(none)",
        ),
        *("Undefined", "UNDEFINED", "inf", "-inf", "NaN%", "()"),
        *("nullnull", "NULLNULL", "undefinedundefined", "NoneNone", "NaNNaN"),
        *("undefined undefined", "null null", "None None", "null, null", "NaN-NaN-NaN", "NaN:NaN"),
        *(
            "#REF!",
            "#VALUE!",
            "#NAME?",
            "#ERROR!",
            "#DIV/0!",
            "#NUM!",
            "#SPILL!",
            "#BEZUG!",
            "Err:508",
        ),
        *(
            "Invalid Date",
            "Invalid date",
            "Invalid DateTime",
            "[object Undefined]",
            "{}",
            "[]",
            "\\N",
        ),
    ],
)
def test_words_for_nothing_are_missing_as_whole_values(raw: str) -> None:
    assert read("text", raw) is None
    assert read("text", f"Anna {raw}") == f"Anna {raw}"


def test_only_a_text_of_400_characters_may_be_words_for_nothing() -> None:
    words = " ".join(["System.String[]", *["System." + "X" * 41] * 8])
    assert len(words) == 407
    assert read("text", words) == words
    assert read("text", words.removeprefix("System.String[] ")) is None


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "Null",
            "Nan",
            "Nil",
            "NAN",
            "NA",
            "Nana",
            "Null Smith",
            "None of them",
            "#winner",
            "#SALE!",
        ),
        *(
            "Jack {the lad} Smith",
            "{",
            "}",
            "[Anna]",
            "(Bob)",
            "~Anna~",
            "-Anna-",
            "*Anna*",
            "#Anna#",
        ),
        *(
            "A$AP",
            "$50$",
            "@anna",
            "(555) 010-4477",
            "“Anna”",
            "«Anna»",
            "<Ann>",
            "{Anna Maria}",
            "[1]",
        ),
    ],
)
def test_real_names_and_punctuation_are_values(raw: str) -> None:
    assert read("text", raw) == raw


@pytest.mark.parametrize("raw", ["Hi {{a}}", "[VIP]", "[A]", "50% or 60%", "{a}", "$a", "<3"])
def test_a_text_beside_a_merge_tag_is_a_value(raw: str) -> None:
    assert read("text", raw) == raw


def test_null_is_missing_for_every_type() -> None:
    assert all(read_value(field, None) is None for field in FIELDS.values())


@given(st.text())
def test_a_missing_text_has_no_letters_outside_null_words_and_merge_tags(raw: str) -> None:
    cleaned = clean_text(raw)
    if is_missing(cleaned) and "\ufffd" not in cleaned:
        letters = [c for c in cleaned if c.isalnum()]
        assert not letters or any(c in cleaned for c in "{%*[<$") or cleaned.isprintable()


# Type


@pytest.mark.parametrize(
    "raw", [True, "12a", "1.", ".5", "1.1234567", "1" * 16, [1], {"a": 1}, 1e15]
)
def test_an_invalid_number_is_bad(raw: Any) -> None:
    assert read("number", raw) == "BAD"


@pytest.mark.parametrize(
    ("raw", "value"),
    [(12, 12), (12.0, 12), (-0.5, -0.5), (0.1 + 0.2, 0.3), ("9" * 15, int("9" * 15))],
)
def test_a_whole_number_is_an_int(raw: Any, value: Any) -> None:
    assert read("number", raw) == value
    assert type(read("number", raw)) is type(value)


@pytest.mark.parametrize("raw", [True, False, "on", "OFF", "Yes", "nO", "1"])
def test_boolean_words_are_case_insensitive(raw: Any) -> None:
    assert isinstance(read("boolean", raw), bool)


@pytest.mark.parametrize("raw", [1, 0, "2", "y", "t", []])
def test_an_invalid_boolean_is_bad(raw: Any) -> None:
    assert read("boolean", raw) == "BAD"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2026-11-22T20:00:30.5Z", "2026-11-22T20:00:30.500000+00:00"),
        ("2026-11-22 20:00-05:30", "2026-11-22T20:00:00-05:30"),
        (1790000000, "2026-09-21T14:13:20+00:00"),
    ],
)
def test_a_date_may_have_a_time_and_an_offset_or_be_unix_seconds(raw: Any, value: str) -> None:
    assert read("date", raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "2026-1-2",
        "20261122",
        "2026-11-22T",
        "2026-11-22T24:00",
        "2026-11-22T20:00+0200",
        "today",
        "2026-11-22T20:00z",
        "179000000",
        "17900000000",
        "0000-01-01",
        "9999-12-31T23:00-12:00",
        True,
    ],
)
def test_an_invalid_date_is_bad(raw: Any) -> None:
    assert read("date", raw) == "BAD"


@pytest.mark.parametrize("raw", ["#fff", "rebeccapurple", "rgb(1 2 3 / 50%)", "transparent"])
def test_css_colours_are_colour_values(raw: str) -> None:
    assert read("color", raw) == raw


@pytest.mark.parametrize(
    "raw", ["#ff", "linear-gradient(red, blue)", "reddish", 7, {"type": "linear"}]
)
def test_gradients_and_invalid_colours_are_bad_colour_values(raw: Any) -> None:
    assert read("color", raw) == "BAD"


@pytest.mark.parametrize(
    "raw", ["https://a.example/x.png?y=1&z=%20", "HTTPS://a.example", "asset:hero-2"]
)
def test_an_image_is_an_https_address_or_an_asset(raw: str) -> None:
    assert read("image", raw) == raw


@pytest.mark.parametrize(
    "raw",
    [
        "http://a.example/x",
        "//a.example/x",
        "data:image/png;base64,AA",
        "file:///etc/passwd",
        "https://",
        "https://user@a.example/",
        "https://a b.example/",
        "https://a.example:port/",
        "https://[::1/",
        "asset:../x",
        "asset:",
        "asset:A",
        "https://a.example/\\x",
        "ftp://a.example",
    ],
)
def test_any_other_address_is_bad(raw: str) -> None:
    assert read("image", raw) == "BAD"


def test_a_json_number_or_boolean_for_a_text_field_becomes_its_json_text() -> None:
    assert [read("text", raw) for raw in (12, 1.5, True, False)] == ["12", "1.5", "true", "false"]
    assert read("text", ["a"]) == read("text", {"a": 1}) == "BAD"


# Bounds, both sides of each


@pytest.mark.parametrize(
    ("kind", "bounds", "good", "bad"),
    [
        ("text", {}, "é" * 1000, "é" * 1001),
        ("text", {"max_length": 3}, "👩‍👩‍👧ab", "abcd"),
        ("text", {"pattern": "[A-Z]{2}"}, "AB", "ABC"),
        ("text", {"choices": ("a", "b")}, "b", "c"),
        ("text", {}, "a" + "\u0335" * 8, "a" + "\u0335" * 9),
        ("number", {"min": 2}, 2, 1.999999),
        ("number", {"max": 2}, 2, 2.000001),
        ("date", {"min": "2026-01-02"}, "2026-01-02", "2026-01-01"),
        ("date", {"max": "2026-01-02"}, "2026-01-02T00:00", "2026-01-02T00:01"),
        (
            "image",
            {"allowed_hosts": ("a.example",)},
            "https://A.example/x",
            "https://b.a.example/x",
        ),
        ("image", {"allowed_hosts": ("*.a.example",)}, "https://b.a.example", "https://a.example"),
        ("image", {"allowed_hosts": ("a.example",)}, "asset:x", "https://a.example.evil.com/"),
        ("image", {}, "https://a.example/" + "x" * 2030, "https://a.example/" + "x" * 2031),
    ],
)
def test_a_value_out_of_bounds_is_bad(
    kind: str, bounds: dict[str, Any], good: Any, bad: Any
) -> None:
    assert read(kind, good, **bounds) not in (None, "BAD")
    assert read(kind, bad, **bounds) == "BAD"


@given(
    st.one_of(
        st.integers(-(10**14), 10**14),
        st.floats(-1e9, 1e9).map(lambda n: round(n, 6)),
        st.booleans(),
        st.text(min_size=1),
    )
)
def test_the_link_text_of_a_value_reads_as_the_same_value(raw: Any) -> None:
    kind = "boolean" if isinstance(raw, bool) else "text" if isinstance(raw, str) else "number"
    value = read(kind, raw)
    if value not in (None, "BAD"):
        assert read(kind, to_link_text(value)) == value


@given(st.dates(date(1000, 1, 1)) | st.datetimes(datetime(1000, 1, 2), timezones=st.just(UTC)))
def test_the_link_text_of_a_date_reads_as_the_same_date(day: date) -> None:
    assert read_value(DateField(), to_link_text(day)) == day


@pytest.mark.parametrize("raw", ["-0", "-0.0", -0.0, "-0.0000001", -1e-9, "\u22120"])
def test_minus_zero_is_zero(raw: Any) -> None:
    value = read("number", raw, source=ValueSource(locale="en"))
    assert (value, type(value), to_link_text(value)) == (0, int, "0")
    assert read("text", -0.0) == "0"
