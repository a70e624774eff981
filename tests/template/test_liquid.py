"""template.md, "In Liquid"."""

from datetime import UTC
from typing import Any

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from postcard.template.fields.values import clean_text
from postcard.template.liquid.context import LiquidContext, LiquidFailed
from postcard.template.liquid.fast_path import ComparisonCondition, FastTemplate, TruthyCondition
from postcard.template.liquid.locale_filters import FilterError, LocaleFilters
from postcard.template.liquid.loops import Iteration, iteration_values
from postcard.template.liquid.parse import parse_condition, parse_template, uses_time
from postcard.template.liquid.python_liquid import ParsedLiquid
from tests.template.template_cases import bind_link, faults, template

FIELDS = {
    "name": {"default": "Zoë"},
    "none": {},
    "points": {"type": "number", "default": 1840},
    "share": {"type": "number", "default": 0.5},
    "at": {"type": "date", "default": "2026-11-22T20:05"},
    "day": {"type": "date", "default": "2026-11-22"},
    "ok": {"type": "boolean", "default": False},
}


def said(text: str, **rest: Any) -> str:
    made = template(alt=text, fields=FIELDS, **rest)
    return bind_link(made).alt_text(made)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ name }}", "Zoë"),
        ("[{{ none }}]", "[]"),
        ("{% if none %}a{% else %}b{% endif %}", "b"),
        ("{% if none == nil %}a{% endif %}", "a"),
        ("{{ points | divided_by: 7 }} {{ share | plus: 0.25 }}", "262 0.75"),
        ("{{ ok }} {% unless ok %}no{% endunless %}", "false no"),
        ("{{ at }} {{ day }}", "2026-11-22 20:05 2026-11-22"),
        ("{% if day < at %}earlier{% endif %}", "earlier"),
        ("{% for n in (1..3) %}{{ n }}{% endfor %}", "123"),
        ("{% capture c %}{{ name }}{% endcapture %}{% if c == 'Zoë' %}same{% endif %}", "same"),
        ("{{ name | upcase }}{{ name | size }}", "ZOË3"),
    ],
)
def test_values_have_their_types(text: str, result: str) -> None:
    assert said(text) == result


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("{{ points | number }}", "1,840", "1.840"),
        ("{{ share | number: 2 }}", "0.50", "0,50"),
        ('{{ points | currency: "EUR" }}', "€1,840.00", "1.840,00\xa0€"),
        ('{{ share | currency: "EUR", 0 }}', "€1", "1\xa0€"),
        ('{{ day | date: "EEE d MMMM" }}', "Sun 22 November", "So. 22 November"),
        ('{{ day | date: "%d %B %Y" }}', "22 November 2026", "22 November 2026"),
        ("{{ at | time }}", "20:05", "20:05"),
        ('{{ day | date: "long" }}', "22 November 2026", "22. November 2026"),
        ("{{ day | time }}", "", ""),
    ],
)
def test_the_filters_speak_the_locale(text: str, english: str, german: str) -> None:
    assert (said(text, locale="en-GB"), said(text, locale="de-DE")) == (english, german)


@pytest.mark.parametrize("pattern", ["VVVV", "v", "B", "b", "g", "MMMMMM"])
def test_a_date_that_its_locale_cannot_say_is_no_text_and_breaks_nothing(pattern: str) -> None:
    silent = []
    for tag in locale_identifiers():
        try:
            assert LocaleFilters(tag.replace("_", "-"), UTC).date("2026-11-22T09:05", pattern)
        except FilterError:
            silent.append(tag)
    assert silent
    assert said(f'{{{{ at | date: "{pattern}" }}}}', locale=silent[0]) == ""


@pytest.mark.parametrize("call", ["number", 'currency: "EUR"', "date", "time", "initials"])
def test_every_filter_turns_nil_into_nothing(call: str) -> None:
    assert said(f"[{{{{ none | {call} }}}}]") == "[]"


def test_native_numerals_are_written_in_every_filter() -> None:
    text = '{{ points | number }} {{ day | date: "d MMMM yyyy" }}'
    assert said(text, locale="ar-EG", numerals="native") == "١٬٨٤٠ ٢٢ نوفمبر ٢٠٢٦"
    assert said(text, locale="ar-EG") == "1,840 22 نوفمبر 2026"


def test_a_date_without_an_offset_is_in_the_templates_zone_and_shown_there() -> None:
    fields = {"at": {"type": "date", "default": "2026-07-01T12:00Z"}}
    made = template(alt="{{ at | time }}", fields=fields, time_zone="Europe/Oslo", locale="en-GB")
    assert bind_link(made).alt_text(made) == "14:00"
    assert bind_link(made, at="2026-07-01T12:00").alt_text(made) == "12:00"


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Alex Rivera", "AR"),
        ("王小明", "王"),
        ("ludwig van beethoven", "LB"),
        ("—", ""),
        ("é", "É"),
    ],
)
def test_initials_are_those_of_the_first_and_last_word(name: str, initials: str) -> None:
    made = template(alt="{{ name | initials }}", fields={"name": {}})
    assert bind_link(made, name=name).alt_text(made) == initials


@pytest.mark.parametrize(
    "value", ["{{ points }}", "{% if true %}x{% endif %}", "now", "today", "<b>*|"]
)
def test_a_value_is_data_and_never_parsed(value: str) -> None:
    made = template(alt="{{ name }}! {{ name | append: '?' }}", fields={"name": {}, "points": {}})
    shown = bind_link(made, name=f"a {value}").alt_text(made)
    assert shown == f"a {value}! a {value}?"


def test_now_and_today_in_a_value_are_not_the_clock() -> None:
    made = template(alt='[{{ name | date: "%Y" }}]', fields={"name": {}})
    assert (
        bind_link(made, name="now").alt_text(made)
        == bind_link(made, name="today").alt_text(made)
        == ""
    )


@pytest.mark.parametrize(
    "text",
    [
        "{{ nome }}",
        "{{ name | nope }}",
        "{% if name > 3 %}a{% endif %}",
        "{% if name == 3 %}a{% endif %}",
        "{% if points == '3' %}a{% endif %}",
        "{% include 'x' %}",
        "{% render 'x' %}",
        "{{ name.first_name }}",
        "{{ today }}",
        "{{ forloop.index }}",
        "{{ name",
        "{% if name %}",
        "{{ (1..100000000) | join: ',' }}",
        "{{ name | upcase: }}{{ | }}",
    ],
)
def test_what_cannot_run_is_an_error_at_publish(text: str) -> None:
    layer = {"type": "text", "text": text}
    assert list(faults(alt=text, layers=[layer], fields=FIELDS)) == ["/layers/0/text", "/alt"]


@pytest.mark.parametrize(
    "condition", ["nome", "points > 'a'", "name }} {{", "a %}x{% if b", "points >"]
)
def test_a_condition_that_cannot_run_is_an_error_at_publish(condition: str) -> None:
    layer = {"type": "text", "text": "x", "if": condition}
    assert list(faults(layers=[layer], fields=FIELDS)) == ["/layers/0/if"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ points | divided_by: 0 }}",
        "{% for a in (1..50) %}{% for b in (1..50) %}x{% endfor %}{% endfor %}",
        "{% for a in (1..900) %}{{ '0123456789' }}{% endfor %}",
        "{{ name | number }}",
        "{{ points | currency: 'euro' }}",
    ],
)
def test_what_fails_while_drawing_is_empty(text: str) -> None:
    assert said(text) == ""


@pytest.mark.parametrize(
    ("text", "timed"),
    [
        ("{{ now | date }}", True),
        ("{% if at < now %}x{% endif %}", True),
        ("now", False),
        ("{{ 'now' }}", False),
        ("{{ known }}", False),
        ("{{ name.now }}", False),
        ('{{ name | append: "now" }}', False),
    ],
)
def test_a_template_that_names_now_is_timed(text: str, timed: bool) -> None:
    assert uses_time(text) is timed


def test_now_makes_a_template_timed_wherever_it_is_drawn_and_nowhere_else() -> None:
    shown = {"type": "text", "text": "{{ now | time }}"}
    assert template(layers=[{"type": "group", "layers": [shown]}]).depends_on_time
    assert template(
        layers=[{"type": "text", "text": "x", "if": "now > at"}], fields=FIELDS
    ).depends_on_time
    assert template(
        background="{% if now > at %}red{% else %}blue{% endif %}", fields=FIELDS
    ).depends_on_time
    assert not template(alt="{{ now }}", fallback={"layers": [shown]}).depends_on_time


# The short way and python-liquid agree

OF_A_TURN = ("item.name", "item.points", "item.none", "forloop.index", "forloop.last")
NAMES = ("name", "points", "none", "ok", *OF_A_TURN)
WORDS = st.text(st.characters(exclude_characters="{}%", codec="utf-8"), max_size=10)
VALUES = st.fixed_dictionaries(
    {
        "name": WORDS.map(clean_text),
        "points": st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6).map(lambda n: round(n, 6)),
        "none": st.none(),
        "ok": st.booleans(),
    }
).map(
    lambda values: iteration_values(
        {**values, "list": [values, values]}, Iteration("list", "item", 1)
    )
)
OUTPUTS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(
        [
            "",
            " | initials",
            " | number: 1",
            ' | currency: "EUR"',
            " | upcase",
            " | url_encode | downcase",
        ]
    ),
    st.sampled_from(["", " "]),
).map(lambda parts: f"{{{{{parts[2]}{parts[0]}{parts[1]} }}}}")


def outcome(program: Any, speech: LiquidContext) -> str:
    try:
        return str(program.render(speech))
    except LiquidFailed:
        return "failed"


CONDITIONS = st.one_of(
    st.sampled_from(NAMES),
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["==", "!="]),
        st.sampled_from(["3", "-1.5", "'a'", '"x y"', "true", "false", "nil"]),
    ).map(" ".join),
    st.tuples(
        st.sampled_from(["points", "none"]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(-9, 9).map(str) | st.sampled_from(["0.5", "-1000000"]),
    ).map(" ".join),
    st.tuples(
        st.sampled_from(["name", "none"]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from(["'a'", "'Zoe'"]),
    ).map(" ".join),
)
BRANCHES = st.tuples(CONDITIONS, WORDS | OUTPUTS, st.none() | WORDS | OUTPUTS).map(
    lambda p: f"{{% if {p[0]} %}}{p[1]}{'' if p[2] is None else '{% else %}' + p[2]}{{% endif %}}"
)


@given(st.lists(WORDS | OUTPUTS | BRANCHES, max_size=6), VALUES, st.booleans())
def test_the_short_way_says_what_python_liquid_says(
    parts: list[str], values: dict[str, Any], isolate: bool
) -> None:
    source = "".join(parts)
    program = parse_template(source)
    assert isinstance(program, FastTemplate)
    speech = LiquidContext(values, LocaleFilters("en", UTC), isolate)
    assert outcome(program, speech) == outcome(ParsedLiquid(source, condition=False), speech)


@given(CONDITIONS, VALUES)
def test_a_short_condition_holds_as_python_liquid_holds_it(
    source: str, values: dict[str, Any]
) -> None:
    condition = parse_condition(source)
    assert isinstance(condition, TruthyCondition | ComparisonCondition)
    speech = LiquidContext(values, LocaleFilters("en", UTC))
    assert condition.evaluate(speech) == bool(ParsedLiquid(source, condition=True).render(speech))
