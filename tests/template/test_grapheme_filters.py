"""Liquid's filters that cut a text never tear a letter that readers see."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.template.evaluator import Evaluator
from postcard.template.liquid.bounds import LiquidFailed, StepBudget
from postcard.template.liquid.context import LiquidContext
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.template.liquid.parse import parse_template
from postcard.template.schema.graphemes import count_graphemes
from postcard.text.segmentation import graphemes
from tests.template.template_cases import bind_link, template

FAMILY, FLAG, ACCENT = "👩‍👩‍👧", "🇩🇪", "e\u0323\u0301"


def shown(text: str, name: str = "", **field: object) -> str:
    compiled = template(alt=text, fields={"name": {"default": "-", **field}})
    return bind_link(compiled, name=name).alt_text(compiled)


@pytest.mark.parametrize(
    ("text", "name", "result"),
    [
        ("{{ name | slice: 0, 2 }}", f"{FAMILY}{FLAG}a", f"{FAMILY}{FLAG}"),
        ("{{ name | slice: 1 }}", f"{FAMILY}{FLAG}a", FLAG),
        ("{{ name | slice: -2, 2 }}", f"{FAMILY}{FLAG}a", f"{FLAG}a"),
        ("{{ name | slice: -3, 9 }}", f"x{FAMILY}{FLAG}a", f"{FAMILY}{FLAG}a"),
        ("{{ name | slice: 5, 2 }}", "abc", ""),
        ("{{ name | truncate: 3, '…' }}", f"{FLAG}{FAMILY}{FLAG}{FLAG}", f"{FLAG}{FAMILY}…"),
        ("{{ name | truncate: 3, '…' }}", f"{FLAG}{FAMILY}{FLAG}", f"{FLAG}{FAMILY}{FLAG}"),
        ("{{ name | truncate: 5 }}", "Zoë Maria", "Zo..."),
        ("{{ name | truncate: 3 }}", "abc", "abc"),
        ("{{ name | truncate: 2 }}", "abcd", "..."),
        ("{{ name | truncate: 2, FLAG }}".replace("FLAG", f"'{FLAG}'"), "abc", f"a{FLAG}"),
        (
            "{{ name | truncatewords: 2, '…' }}",
            f"{FAMILY} 10\u00a0kg of it",
            f"{FAMILY} 10\u00a0kg…",
        ),
        ("{{ name | truncatewords: 2 }}", "two words", "two words"),
        ("{{ name | truncatewords: 2 }}", "two words more", "two words..."),
        ("{{ name | split: '' | join: '-' }}", f"a{FAMILY}{FLAG}", f"a-{FAMILY}-{FLAG}"),
        ("{{ name | split: ', ' | join: '-' }}", "a, b", "a-b"),
        ("{{ name | slice: 0, 2 }}", "क्षत्रिय", "क्षत्रि"),
        ("{{ name | slice: -1 }}", "အောင် ကျော်", "ကျော်"),
    ],
)
def test_a_text_is_cut_between_graphemes(text: str, name: str, result: str) -> None:
    assert shown(text, name) == result


@given(
    st.lists(st.sampled_from(["a", " ", FAMILY, FLAG, ACCENT, "한", "ที่", "👍🏽"]), max_size=12),
    st.integers(-14, 14),
    st.integers(0, 14),
)
def test_every_piece_is_made_of_whole_graphemes(parts: list[str], start: int, count: int) -> None:
    text = "".join(parts)
    context = LiquidContext({"t": text}, LocaleFilters("en", UTC), budget=StepBudget())
    sliced = parse_template(f"{{{{ t | slice: {start}, {count} }}}}").render(context)
    assert sliced in text and set(graphemes(sliced)) <= set(graphemes(text))
    cut = parse_template(f"{{{{ t | truncate: {count}, '…' }}}}").render(context)
    assert cut == text or (cut.endswith("…") and count_graphemes(cut) <= max(1, count))
    assert set(graphemes(cut)) <= {*graphemes(text), "…"}


def test_stars_of_emphasis_do_not_count() -> None:
    layers = [{"type": "text", "text": "{{ name | slice: 0, 3 }}"}]
    compiled = template(layers=layers, fields={"name": {"emphasis": True}})
    values = bind_link(compiled, name="*Max*imilian").values
    evaluator = Evaluator(compiled, values, 0.0, lambda *_: None)
    layer = evaluator.resolve(compiled.document.layers[0], "/layers/0")
    assert layer.text.translate({0xFDD0: "[", 0xFDD1: "]", 0x2068: "", 0x2069: ""}) == "[Max]"


def test_numbers_lists_and_nothing_are_sliced_as_before() -> None:
    assert shown("{{ 12345 | slice: 1, 2 }}") == "23"
    assert shown("{{ 'a,b,c' | split: ',' | slice: 1, 2 | join: ';' }}") == "b;c"
    assert (
        shown(
            "{{ nil | slice: 0, 2 }}{{ nil | truncate: 3 }}{{ name | default: nil | truncate: 3 }}",
            "abc",
        )
        == "abc"
    )


@pytest.mark.parametrize("call", ["slice: 'x'", "truncate: 'x'", "truncatewords: 'x'"])
def test_an_argument_that_is_no_number_fails(call: str) -> None:
    context = LiquidContext({"t": "abc"}, LocaleFilters("en", UTC))
    with pytest.raises(LiquidFailed):
        parse_template(f"{{{{ t | {call} }}}}").render(context)


def test_cutting_costs_steps_by_the_length_of_the_text() -> None:
    text, source = "é" * 90_000, "{{ t | slice: 0, 1 }}"
    budget = StepBudget(text_steps=9_000)
    context = LiquidContext({"t": text}, LocaleFilters("en", UTC), budget=budget)
    with pytest.raises(LiquidFailed, match="steps"):
        parse_template(source).render(context)
