"""Liquid in a template (template.md, "In Liquid")."""

from datetime import UTC
from typing import Any

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from postcard.template.fields.values import clean_text
from postcard.template.liquid.bounds import LiquidFailed
from postcard.template.liquid.context import LiquidContext
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


def alt_text(text: str, **properties: Any) -> str:
    compiled = template(alt=text, fields=FIELDS, **properties)
    return bind_link(compiled).alt_text(compiled)


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
        ("{{ 0.0 | times: -1.0 }}", "0"),
    ],
)
def test_values_have_their_types(text: str, result: str) -> None:
    assert alt_text(text) == result


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
def test_filters_format_for_the_locale(text: str, english: str, german: str) -> None:
    assert (alt_text(text, locale="en-GB"), alt_text(text, locale="de-DE")) == (english, german)


@pytest.mark.parametrize("pattern", ["VVVV", "v", "B", "b", "g", "MMMMMM"])
def test_a_pattern_that_a_locale_cannot_format_yields_an_empty_text(pattern: str) -> None:
    unsupported = []
    for tag in locale_identifiers():
        try:
            assert LocaleFilters(tag.replace("_", "-"), UTC).date("2026-11-22T09:05", pattern)
        except FilterError:
            unsupported.append(tag)
    assert unsupported
    assert alt_text(f'{{{{ at | date: "{pattern}" }}}}', locale=unsupported[0]) == ""


@pytest.mark.parametrize("call", ["number", 'currency: "EUR"', "date", "time", "initials"])
def test_every_filter_turns_nil_into_an_empty_text(call: str) -> None:
    assert alt_text(f"[{{{{ none | {call} }}}}]") == "[]"


def test_every_filter_writes_native_numerals() -> None:
    text = '{{ points | number }} {{ day | date: "d MMMM yyyy" }}'
    assert alt_text(text, locale="ar-EG", numerals="native") == "١٬٨٤٠ ٢٢ نوفمبر ٢٠٢٦"
    assert alt_text(text, locale="ar-EG") == "1,840 22 نوفمبر 2026"


def test_dates_without_an_offset_are_read_and_shown_in_the_templates_zone() -> None:
    fields = {"at": {"type": "date", "default": "2026-07-01T12:00Z"}}
    compiled = template(
        alt="{{ at | time }}", fields=fields, time_zone="Europe/Oslo", locale="en-GB"
    )
    assert bind_link(compiled).alt_text(compiled) == "14:00"
    assert bind_link(compiled, at="2026-07-01T12:00").alt_text(compiled) == "12:00"


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
def test_initials_are_the_first_letters_of_the_first_and_last_word(
    name: str, initials: str
) -> None:
    compiled = template(alt="{{ name | initials }}", fields={"name": {}})
    assert bind_link(compiled, name=name).alt_text(compiled) == initials


@pytest.mark.parametrize(
    ("locale", "name", "initials"),
    [
        ("tr", "ilker işcan", "İİ"),
        ("az-AZ", "ilham ılıca", "İI"),
        ("en", "ilker işcan", "II"),
        ("nl-NL", "ijsbrand de vries", "IJV"),
        ("en", "ijsbrand de vries", "IV"),
        ("el-GR", "άννα έλλη", "ΑΕ"),
        ("lt", "i\u0307\u0301ngrida", "Í"),
        ("ka", "ნინო ბერიძე", "ნბ"),
        ("de", "ßé", "SS"),
        ("hy", "արամ եղիազարյան", "ԱԵ"),
        ("el", "Ήρα Ήβη", "ΗΗ"),
        ("th", "เกรียง ไกร", "กก"),
        ("kn", "ಶ್ರೀನಿವಾಸ ರಾಮಾನುಜನ್", "ಶ್ರೀರಾ"),
        ("my", "ကျော် ဇော", "ကျော်ဇော"),
        ("haw", "ʻIolani Luahine", "IL"),
    ],
)
def test_initials_are_capitals_of_the_language(locale: str, name: str, initials: str) -> None:
    assert LocaleFilters(locale, UTC).initials(name) == initials


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("tr", "İYI DIŞ iyı dış İyı dış"),
        ("en", "IYI DIŞ iyi diş Iyi diş"),
    ],
)
@pytest.mark.parametrize("end", ["", "{% assign x = 1 %}"])
def test_letter_case_follows_the_language(locale: str, expected: str, end: str) -> None:
    text = f"{{{{ n | upcase }}}} {{{{ n | downcase }}}} {{{{ n | capitalize }}}}{end}"
    compiled = template(alt=text, fields={"n": {"default": "iyI dIŞ"}}, locale=locale)
    words = compiled.alt_text.render(LiquidContext({"n": "iyI dIŞ"}, LocaleFilters(locale, UTC)))
    assert words == expected


@pytest.mark.parametrize(
    ("locale", "name", "capitalized"),
    [
        ("tr", "ßabc", "Ssabc"),
        ("az", "ﬁn", "Fin"),
        ("hy", "ևալ", "Եվալ"),
        ("lt", "i\u0307\u0301ngrida", "Íngrida"),
        ("nl-NL", "IJSBRAND", "IJsbrand"),
        ("el", "έλλη ΟΔΥΣΣΕΥΣ", "Έλλη οδυσσευς"),
        ("tr", "", ""),
    ],
)
def test_capitalize_loses_no_letter(locale: str, name: str, capitalized: str) -> None:
    assert LocaleFilters(locale, UTC).change_case("capitalize", name) == capitalized


@pytest.mark.parametrize(
    "value", ["{{ points }}", "{% if true %}x{% endif %}", "now", "today", "<b>*|"]
)
def test_liquid_in_a_value_is_never_evaluated(value: str) -> None:
    compiled = template(
        alt="{{ name }}! {{ name | append: '?' }}", fields={"name": {}, "points": {}}
    )
    shown = bind_link(compiled, name=f"a {value}").alt_text(compiled)
    assert shown == f"a {value}! a {value}?"


def test_now_and_today_in_a_value_are_not_the_current_time() -> None:
    compiled = template(alt='[{{ name | date: "%Y" }}]', fields={"name": {}})
    assert (
        bind_link(compiled, name="now").alt_text(compiled)
        == bind_link(compiled, name="today").alt_text(compiled)
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
def test_liquid_that_cannot_run_is_an_error_at_publish(text: str) -> None:
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
def test_liquid_that_fails_at_render_is_empty(text: str) -> None:
    assert alt_text(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_a_text_uses_time_if_its_liquid_names_now(text: str, expected: bool) -> None:
    assert uses_time(text) is expected


def test_now_in_any_rendered_property_makes_a_template_depend_on_time() -> None:
    shown = {"type": "text", "text": "{{ now | time }}"}
    assert template(layers=[{"type": "group", "layers": [shown]}]).depends_on_time
    assert template(
        layers=[{"type": "text", "text": "x", "if": "now > at"}], fields=FIELDS
    ).depends_on_time
    assert template(
        background="{% if now > at %}red{% else %}blue{% endif %}", fields=FIELDS
    ).depends_on_time
    assert not template(alt="{{ now }}", fallback={"layers": [shown]}).depends_on_time


# The fast path and python-liquid agree

ITERATION_NAMES = ("item.name", "item.points", "item.none", "forloop.index", "forloop.last")
NAMES = ("name", "points", "none", "ok", *ITERATION_NAMES)
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


def outcome(parsed: Any, context: LiquidContext) -> str:
    try:
        return str(parsed.render(context))
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
def test_the_fast_path_renders_like_python_liquid(
    parts: list[str], values: dict[str, Any], isolate: bool
) -> None:
    source = "".join(parts)
    parsed = parse_template(source)
    assert isinstance(parsed, FastTemplate)
    context = LiquidContext(values, LocaleFilters("en", UTC), isolate)
    assert outcome(parsed, context) == outcome(ParsedLiquid(source, condition=False), context)


@given(CONDITIONS, VALUES)
def test_fast_path_conditions_evaluate_like_python_liquid(
    source: str, values: dict[str, Any]
) -> None:
    condition = parse_condition(source)
    assert isinstance(condition, TruthyCondition | ComparisonCondition)
    context = LiquidContext(values, LocaleFilters("en", UTC))
    assert condition.evaluate(context) == bool(ParsedLiquid(source, condition=True).render(context))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ -0.4 | number: 0 }}", "0"),
        ("{{ -0.001 | currency: 'EUR' }}", "€0.00"),
        ("{{ 0.0 | times: -1 }}", "0"),
        ("{{ -0.4 | round }}", "0"),
        ("{{ -0.5 | number: 0 }}", "-1"),
    ],
)
def test_a_number_that_is_rounded_to_zero_has_no_minus(text: str, result: str) -> None:
    assert alt_text(text) == result
