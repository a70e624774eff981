"""Liquid and values that are written to cost time or memory (template.md, "Liquid errors")."""

import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.lex import get_lexer

from postcard.runtime.lru_cache import memo_cache
from postcard.template.evaluator import NO_CLOCK, Evaluator
from postcard.template.fields.field_types import TextField
from postcard.template.fields.values import BadValue, clean_text, is_missing, read_value
from postcard.template.liquid.bounds import MAX_STEPS, LiquidFailed, StepBudget
from postcard.template.liquid.context import LiquidContext
from postcard.template.liquid.lexer import tokenize
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.template.liquid.parse import liquid_errors, names_used, parse_template, uses_time
from postcard.template.liquid.python_liquid import ParsedLiquid
from tests.template.template_cases import bind_link, faults, template

VALUES = {
    "n": 900_000_000_000_000,
    "text": "x" * 5000,
    "html": "<b" * 2500,
    "emoji": "😀" * 5000,
    "digits": "9" * 4000,
    "products": [{"name": "a", "price": 2}, {"name": "b", "price": 1}],
}


def context(steps: int = MAX_STEPS, **values: Any) -> LiquidContext:
    budget = StepBudget(text_steps=steps)
    return LiquidContext({**VALUES, **values}, LocaleFilters("en", UTC), budget=budget)


def rendered(source: str, **values: Any) -> str:
    return parse_template(source).render(context(**values))


# Reading takes linear time


class CountingText(str):
    """A text that counts the characters that are searched and copied."""

    characters = 0

    def find(self, sub: str, start: Any = 0, end: Any = None) -> int:
        found = super().find(sub, start)
        self.characters += (found if found >= 0 else len(self)) - start
        return found

    def __getitem__(self, key: Any) -> str:
        part = super().__getitem__(key)
        self.characters += len(part)
        return part


def parse(source: str) -> None:
    with pytest.raises(LiquidFailed):
        ParsedLiquid(source, condition=False)


UNCLOSED = ["{{", "{%", "{% raw %}", "{% doc %}", "{% raw %}{% doc %}", "{{ a }} {{", "%}{%"]
READERS: list[tuple[Callable[[str], object], str]] = [
    *[(is_missing, delimiter) for delimiter in ("{{", "{%", "*|a", "<%", "${", "[[", "[%")],
    *[(reader, part) for reader in (uses_time, names_used) for part in ("{{", "{%", "{{{%")],
    *[(parse, part) for part in UNCLOSED],
    (parse, "{% comment %}{%!"),
]


@pytest.mark.parametrize(("read", "part"), READERS)
def test_a_text_of_unclosed_delimiters_is_read_a_few_times_at_most(
    read: Callable[[str], object], part: str
) -> None:
    text = CountingText(part * (20_000 // len(part)))
    read(text)
    assert 0 < text.characters < 4 * len(text)


NAMES = ["a", "raw", "endraw", "doc", "enddoc", "comment", "endcomment", "if", "#"]
MARKUP = ["{% comment %}", "{% endcomment %}", "{%- raw -%}", "{% endraw %}"]
DELIMITERS = st.sampled_from(["{{", "}}", "{%", "%}", "-", " ", "\n", *NAMES, *MARKUP])


def tokens(lexer: Any, source: str) -> Any:
    try:
        return [(token.kind, token.value) for token in lexer(source)]
    except LiquidError as error:
        return str(error.args[0])


@settings(deadline=None)
@given(st.lists(DELIMITERS, max_size=14).map("".join))
def test_the_lexer_makes_the_same_tokens_as_that_of_python_liquid(source: str) -> None:
    assert tokens(tokenize, source) == tokens(get_lexer(), source)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["assign", "echo", "#", " ", "\t", "\n", "x", "=", "!"])).map("".join)
)
def test_the_liquid_tag_reads_the_same_lines_as_that_of_python_liquid(lines: str) -> None:
    def outcome(environment: Any) -> str:
        try:
            return str(environment.from_string(f"{{% liquid {lines} %}}"))
        except LiquidError:
            return "failed"

    # python-liquid refuses a line of spaces; here it is an empty line, as in Shopify's Liquid.
    lines = "\n".join(line for line in lines.split("\n") if line.strip(" \t") or not line)
    ours = ParsedLiquid("", condition=False).template.env
    assert outcome(ours) == outcome(Environment())


@pytest.mark.parametrize("marks", ["\u0315\u0300", "\u302e\U0001d165", "\u0f73"])
def test_a_run_of_combining_characters_is_cut_before_it_is_sorted(marks: str) -> None:
    assert len(clean_text("a" + marks * 50_000 + "b")) < 100
    with pytest.raises(BadValue):
        read_value(TextField(), "a" + "\u0315\u0300" * 50_000)


def test_one_grapheme_does_not_hide_a_text_of_any_length() -> None:
    field = TextField(max_length=10)
    assert read_value(field, "👩🏽‍❤️‍💋‍👨🏽" * 10)
    with pytest.raises(BadValue, match="longer than 10 characters"):
        read_value(field, "\u1100" * 50_000)


# What Liquid computes has bounds

DOUBLED = (
    "{% assign a = text %}{% for i in (1..40) %}{% assign a = a | FILTER %}{% endfor %}"
    "{{ a | size }}"
)
HOSTILE = {
    "{% for i in (1..n) reversed %}{{ i }}{% endfor %}": "more than 1000 items",
    "{% for i in (1..n) %}{{ i }}{% endfor %}": "more than 1000 items",
    "{% tablerow i in (1..n) %}{{ i }}{% endtablerow %}": "more than 1000 items",
    "{% assign a = 9 %}{% for i in (1..99) %}{% assign a = a | times: a %}{% endfor %}": (
        "15 digits"
    ),
    "{{ digits | plus: 1 }}": "15 digits",
    "{{ digits | times: digits }}": "15 digits",
    "{{ '1e400' | plus: 1 }}": "15 digits",
    "{{ 'nan' | abs }}": "15 digits",
    DOUBLED.replace("FILTER", "replace: 'x', a"): "100000 characters",
    DOUBLED.replace("FILTER", "append: a"): "100000 characters",
    DOUBLED.replace("FILTER", "prepend: a"): "100000 characters",
    DOUBLED.replace("FILTER", "url_encode | append: a"): "100000 characters",
    "{{ text | replace: '', text }}": "100000 characters",
    "{{ emoji " + "| url_encode " * 900 + "}}": "100000 characters",
    "{{ emoji " + "| escapejs | base64_encode " * 90 + "}}": "100000 characters",
    "{{ text | slice: 0, 900 | split: '' | join: text }}": "100000 characters",
    "{{ text | split: '' | size }}": "1000 items",
    "{% assign a = 'x' | split: ',' %}{% for i in (1..40) %}{% assign a = a | concat: a %}"
    "{% endfor %}{{ a | size }}": "1000 items",
    "{% assign a = (1..n) %}{{ a | reverse }}": "1000 items",
    "{{ 1 | date: text }}": "at most 100 characters",
    "{% for i in (1..1000) %}" + "{{ nothing }}" * 1500 + "{% endfor %}": "steps",
    "{% for i in (1..1000) %}{% endfor %}" * 500: "steps",
    "{% for i in (1..1000) %}{{ text | slice: 0, 999 | split: '' | uniq }}{% endfor %}": "steps",
    "{% for i in (1..1000) %}{% if text contains 'ab' %}{% endif %}{% endfor %}" * 9: "steps",
    "{% for i in (1..1000) %}{% cycle " + ",".join(["a"] * 900) + " %}{% endfor %}": "steps",
    "{% for i in (1..1000) %}{% capture a %}{{ text }}{% endcapture %}{% endfor %}": "steps",
    "{% for i in (1..1000) %}{% assign a = 1 | date: '" + "%B" * 50 + "' %}{% endfor %}": "steps",
    "{% case 1 %}{% when 1, 1, 1, 1, 1, 1, 1, 1, 1 %}" * 12 + "{% endcase %}" * 12: "steps",
    "{% for i in (1..1000) %}"
    + "".join(f"{{% assign a{n} = i %}}" for n in range(600))
    + "{% endfor %}": "steps",
}


@pytest.mark.parametrize(("source", "reason"), HOSTILE.items())
def test_liquid_that_would_cost_time_or_memory_fails_within_bounds(
    source: str, reason: str
) -> None:
    parsed = ParsedLiquid(source, condition=False)
    steps = MAX_STEPS // 10 if reason == "steps" else MAX_STEPS  # fewer, as counting is slow
    calls = 0

    def count_call(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    tracemalloc.start()
    sys.setprofile(count_call)
    try:
        with pytest.raises(LiquidFailed, match=reason):
            parsed.render(context(steps))
    finally:
        sys.setprofile(None)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert calls < 50 * steps
    assert peak_bytes < 8_000_000


@pytest.mark.parametrize("chain", [" | url_encode" * 900, " | upcase | url_encode" * 500])
def test_the_fast_path_and_python_liquid_stop_growing_texts_alike(chain: str) -> None:
    source = f"{{{{ emoji{chain} }}}}"
    for parsed in (parse_template(source), ParsedLiquid(source, condition=False)):
        with pytest.raises(LiquidFailed, match="100000 characters"):
            parsed.render(context())


@settings(deadline=None)
@given(
    st.sampled_from(["(1..9)", "(3..3)", "(4..1)", "products", "'text'"]),
    st.none() | st.integers(0, 12),
    st.none() | st.integers(0, 12),
    st.booleans(),
)
def test_loops_take_the_same_items_as_those_of_python_liquid(
    items: str, limit: int | None, offset: int | None, is_reversed: bool
) -> None:
    arguments = "".join(
        [
            " reversed" if is_reversed else "",
            "" if limit is None else f" limit: {limit}",
            "" if offset is None else f" offset: {offset}",
        ]
    )
    body = "{{ forloop.index }}{{ forloop.last }}{{ i.name }}{{ i | size }}"
    source = (
        f"{{% for i in {items}{arguments} %}}{body}{{% else %}}none{{% endfor %}}"
        f"{{% for i in {items} offset: continue %}}{body}{{% endfor %}}"
        f"{{% tablerow i in {items}{arguments} %}}{{{{ tablerowloop.col }}}}{{% endtablerow %}}"
    )
    assert rendered(source) == Environment().from_string(source).render(**VALUES)


def test_a_large_range_is_fine_where_few_of_its_numbers_are_taken() -> None:
    assert rendered("{% for i in (1..n) limit: 3 %}{{ i }}{% endfor %}") == "123"
    last = "{% for i in (1..n) offset: 899999999999998 %}{{ i }} {% endfor %}"
    assert rendered(last) == "899999999999999 900000000000000 "
    assert rendered("{% for i in (1..n) reversed limit: 2 %}{{ i }}{% endfor %}") == "21"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a <b class='x'>bold</b> word", "a bold word"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<script>x</script>b<style>y</style>c<!-- d > e -->f<br/>g", "abcfg"),
        ("a <b", "a <b"),
    ],
)
def test_strip_html_removes_tags(html: str, text: str) -> None:
    assert rendered("{{ html | strip_html }}", html=html) == text


def test_strip_html_reads_unclosed_tags_once() -> None:
    assert rendered("{{ html | strip_html | size }}") == "5000"


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..1001) %}x{% endfor %}",
        "{% for i in (1..100000000000) reversed %}x{% endfor %}",
        "{% if n > 1000000000000000 %}x{% endif %}",
        "{{ n | times: 99999999999999999999 }}",
        "{{ n" + "[n" * 60 + "]" * 60 + " }}",
        "{% if " + "(" * 60 + "n" + ")" * 60 + " %}x{% endif %}",
        "{% if " + " and ".join(["n"] * 300) + " %}x{% endif %}",
        "{% if " + "not " * 300 + "n %}x{% endif %}",
        "{% if n %}" * 40 + "{% endif %}" * 40,
        "{{" * 2000,
    ],
)
def test_liquid_that_is_out_of_bounds_whatever_the_values_is_an_error_at_publish(text: str) -> None:
    fields = {"n": {"type": "number", "default": 1}}
    assert list(faults(alt=text, fields=fields)) == ["/alt"]


def test_a_text_with_many_errors_reports_the_first_ten() -> None:
    types = {f"name{number}": "text" for number in range(300)}
    unknown = "".join(f"{{{{ nam{number} }}}}" for number in range(1500))
    assert len(liquid_errors(unknown, types)) == 10
    repeated = "{{ products " + "| sort: 'nope' " * 1000 + "}}"
    messages = liquid_errors(repeated, {"products": "list", "products[].name": "text"})
    assert sum(map(len, messages)) < 1000


def test_a_strangers_number_leaves_a_text_empty_with_a_warning() -> None:
    layer = {"type": "text", "text": "{% for i in (1..n) reversed %}*{% endfor %}"}
    compiled = template(layers=[layer], fields={"n": {"type": "number", "default": 3}})

    def text_and_warnings(**values: str) -> tuple[object, list[str]]:
        warnings: list[str] = []
        evaluator = Evaluator(
            compiled,
            bind_link(compiled, **values).values,
            NO_CLOCK,
            lambda code, pointer, detail: warnings.append(f"{code} {pointer}"),
        )
        resolved = evaluator.resolve(compiled.document.layers[0], "/layers/0")
        return resolved.text, warnings

    assert text_and_warnings() == ("***", [])
    assert text_and_warnings(n="999999999999999") == ("", ["liquid_error /layers/0/text"])


@pytest.mark.parametrize(("countdown", "failed"), [(None, 13), ({"frames": 120}, 20)])
def test_all_texts_of_a_picture_share_a_budget_of_steps(
    countdown: dict[str, Any] | None, failed: int
) -> None:
    properties = {"countdown": {"to": "2030-01-01", **countdown}} if countdown else {}
    text = "{% for i in (1..1000) %}" + "{{ nothing }}" * 12 + "{% endfor %}x"
    layers = [{"type": "text", "text": f"{text}{number}"} for number in range(20)]
    compiled = template(layers=layers, fields={"nothing": {}}, **properties)
    warnings: list[str] = []
    evaluator = Evaluator(
        compiled, {"nothing": None}, NO_CLOCK, lambda code, pointer, detail: warnings.append(detail)
    )
    for number, layer in enumerate(compiled.document.layers):
        evaluator.resolve(layer, f"/layers/{number}")
    assert len(warnings) == pytest.approx(failed, abs=2)
    assert set(warnings) == {"all Liquid of the picture takes too many steps."}


def test_parsed_texts_are_cached_by_their_size() -> None:
    memo_cache.clear()
    parse_template("{{ a }}" * 1000)
    assert memo_cache.size > 200 * 7000
    memo_cache.clear()
