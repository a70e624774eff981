"""Texts over their field's `max_length`: cut, replaced or rejected, as the field says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.template.compiled import Template
from postcard.template.schema.graphemes import count_graphemes
from tests.template.template_cases import (
    bind_link,
    bind_modifications,
    faults,
    refusal_codes,
    template,
)

FIELDS = {
    "name": {"default": "there", "max_length": 6},
    "plain": {"default": "there", "max_length": 6, "too_long": "default"},
    "exact": {"default": "there", "max_length": 6, "too_long": "error"},
    "code": {"default": "NONE", "max_length": 6, "pattern": "[A-Z]+"},
    "bold": {"default": "", "max_length": 9, "emphasis": True},
}
LAYERS = [
    {"type": "text", "name": "title", "text": "Hi"},
    {"type": "qr", "name": "link", "width": 90, "value": "x"},
]


@pytest.fixture(scope="module")
def compiled() -> Template:
    return template(fields=FIELDS, layers=LAYERS)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Maximilian", "Maxim…"),
        ("Maxim", "Maxim"),
        ("Maximi", "Maximi"),
        ("Anna Maria", "Anna…"),
        ("👩‍👩‍👧🇩🇪é👍🏽abcd", "👩‍👩‍👧🇩🇪é👍🏽a…"),
        ("Zoe\u0308 Zoe\u0308", "Zoë Z…"),
        ("क्षत्रिययय", "क्षत्रिययय"),
    ],
)
def test_a_text_is_cut_between_graphemes_and_the_ellipsis_counts(
    compiled: Template, given: str, shown: str
) -> None:
    assert bind_link(compiled, name=given).values["name"] == shown


@given(st.text(max_size=40), st.integers(1, 12))
def test_a_cut_text_is_never_longer_than_allowed_and_begins_as_it_was(
    text: str, limit: int
) -> None:
    field = {"default": "-", "max_length": limit}
    whole = bind_link(template(fields={"name": {"default": "-"}}), name=text).values["name"]
    shown = bind_link(template(fields={"name": field}), name=text).values["name"]
    assert isinstance(whole, str) and isinstance(shown, str)
    assert count_graphemes(shown) <= limit
    assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]))


def test_shortening_is_a_warning_by_post_and_counted_by_link(compiled: Template) -> None:
    by_post = bind_modifications(compiled, {"name": "name", "text": "Maximilian"}, mode="default")
    assert [(w.code, w.pointer) for w in by_post.warnings] == [
        ("shortened", "/modifications/0/text")
    ]
    assert by_post.values["name"] == "Maxim…"
    by_link = bind_link(compiled, name="Maximilian")
    assert (by_link.shortened_count, by_link.ignored_count, by_link.warnings) == (1, 0, ())


def test_a_post_with_on_invalid_error_refuses_every_text_that_is_too_long(
    compiled: Template,
) -> None:
    for name in ("name", "plain", "exact"):
        assert refusal_codes(compiled, {"name": name, "text": "Maximilian"}) == {
            "/modifications/0/text": "invalid_value"
        }


def test_too_long_default_shows_the_default(compiled: Template) -> None:
    bound = bind_link(compiled, plain="Maximilian")
    assert (bound.values["plain"], bound.ignored_count, bound.needs_fallback) == ("there", 1, False)


def test_too_long_error_and_on_bad_fallback_show_no_default() -> None:
    points = {"type": "number", "default": 0, "on_bad": "fallback"}
    rows = {"type": "list", "items": {"price": points, "name": FIELDS["exact"]}}
    whole = {"type": "list", "items": {"price": {"type": "number"}}, "on_bad": "fallback"}
    fields = {**FIELDS, "points": points, "rows": rows, "whole": whole}
    compiled = template(fields=fields, layers=[])
    for values in (
        {"exact": "Maximilian"},
        {"points": "many"},
        {"rows_1_price": "many"},
        {"rows_1_name": "Maximilian"},
        {"whole_1_price": "many"},
    ):
        bound = bind_link(compiled, **values)
        assert bound.needs_fallback and len(bound.rejected) == bound.ignored_count == 1, values
    good = bind_link(compiled, exact="Max", points="1,250", rows_1_price="", whole_1_price="")
    assert not good.needs_fallback
    assert not bind_link(compiled, points="").needs_fallback, "a missing value has its default"


def test_a_shortened_text_that_does_not_match_its_pattern_is_invalid(compiled: Template) -> None:
    bound = bind_link(compiled, code="ABCDEFGH")
    assert (bound.values["code"], bound.ignored_count, bound.shortened_count) == ("NONE", 1, 0)


def test_emphasis_that_is_cut_is_closed(compiled: Template) -> None:
    assert bind_link(compiled, bold="Hi *Maximilian*").values["bold"] == "Hi *Max…*"


def test_items_are_shortened_too() -> None:
    spec = {"type": "list", "items": {"name": FIELDS["name"], "price": {"type": "number"}}}
    compiled = template(fields={"rows": spec}, layers=[])
    bound = bind_link(compiled, rows_1_name="Maximilian", rows_1_price="3")
    assert bound.values["rows"] == ({"name": "Maxim…", "price": 3},)
    assert (bound.shortened_count, bound.ignored_count) == (1, 0)


def test_the_text_of_a_layer_is_shortened_and_a_code_is_not(compiled: Template) -> None:
    bound = bind_link(compiled, title="a" * 5001, link="a" * 5001)
    assert bound.layers == {"title": {"value": "a" * 4999 + "…"}}
    assert (bound.shortened_count, bound.ignored_count) == (1, 1)


def test_a_grapheme_of_too_many_characters_is_invalid_and_not_cut(compiled: Template) -> None:
    bound = bind_link(compiled, name="\u1100" * 9000)
    assert (bound.values["name"], bound.ignored_count) == ("there", 1)


def test_unknown_policies_are_errors_at_publish() -> None:
    assert set(faults(fields={"a": {"too_long": "cut"}, "b": {"on_bad": "error"}})) == {
        "/fields/a/too_long",
        "/fields/b/on_bad",
    }
    assert set(faults(fields={"n": {"type": "number", "too_long": "default"}})) == {
        "/fields/n/too_long"
    }
