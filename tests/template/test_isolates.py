"""Values in right-to-left lines: none is reordered, and none reorders the line."""

from typing import Any

import pytest

from postcard.template.liquid.text_markers import isolate
from postcard.text.bidi import base_is_rtl, embedding_levels, visual_order
from tests.rendering.drawing import decode, render, render_layers
from tests.template.template_cases import template

LABEL = "קוד: "
LINE = {"type": "text", "size": 20, "width": 190, "direction": "rtl"}


def seen(text: str, *, rtl: bool = True) -> str:
    """The characters of a line from left to right, without invisible ones."""
    levels = embedding_levels(text, rtl=rtl)
    shown = [text[index] for index in visual_order(levels)]
    return "".join(each for each in shown if each not in "\u2068\u2069\u200e\u200f")


@pytest.mark.parametrize(
    "value",
    [
        "(555) 010-4477", "4242 1111 9090", "+972-50-010-4567", "-15%", "12:30 – 14:00", "3 × 4",
        "#10-22", "10/12 & 5", "A-12 / 7", "2027-01-01 21:05", "1 250", "25%", "1,250.50", "7:05",
    ],
)  # fmt: skip
@pytest.mark.parametrize("label", [LABEL, "الرمز: "])
def test_a_value_keeps_its_order_in_a_right_to_left_line(label: str, value: str) -> None:
    assert seen(label + isolate(value) + " !").find(value) > 0


@pytest.mark.parametrize("before", ["דן", "Dan", "١٢", "(5) דן", "12-34"])
@pytest.mark.parametrize("value", ["(555) 010-4477", "4242 1111", "-15%", "12-34 (5)", "דן 5-6"])
@pytest.mark.parametrize("rtl", [True, False])
def test_a_value_keeps_its_order_after_any_other_value(before: str, value: str, rtl: bool) -> None:
    """FriBidi alone orders the digits of a value by the letters of the value before it."""
    parts = (before, value, before)
    shown = [seen(part, rtl=base_is_rtl(part)) for part in parts]
    line = seen(" | ".join(map(isolate, parts)), rtl=rtl)
    assert line == " | ".join(reversed(shown) if rtl else shown)


def test_isolates_in_isolates_are_resolved_from_the_inside() -> None:
    line = "\u2067אב \u2066ab \u2067גד 1-2\u2069 3-4\u2069 5-6\u2069 7-8"
    assert list(embedding_levels(line, rtl=False)) == [
        0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 2, 2, 2, 2, 2, 1, 1, 2, 2, 2, 0, 0, 0, 0, 0,
    ]  # fmt: skip
    deep = "\u2067" * 500 + "אב 1-2"
    assert len(embedding_levels(deep, rtl=True)) == len(deep)


def test_a_plain_number_stays_with_the_sign_beside_it() -> None:
    assert seen(LABEL + isolate("15") + "%").startswith("15%")
    assert seen(f"{LABEL}{isolate('07')}:{isolate('30')}").startswith("07:30")


def test_every_line_of_a_value_is_an_isolate() -> None:
    lines = isolate("1 2 3\n4 5 6").split("\n")
    assert [seen(LABEL + line)[:5] for line in lines] == ["1 2 3", "4 5 6"]


NUMBERS: dict[str, Any] = {"type": "list", "items": {"n": {"type": "number"}}, "max_items": 2}


@pytest.mark.parametrize(
    ("properties", "given", "like"),
    [
        ({"fields": {"v": {"default": "1 2-3"}}}, "{{ v }}", "1 2-3"),
        ({"fields": {"v": {"type": "number", "default": -4.5}}}, "{{ v }}", "-4.5"),
        ({"fields": {"v": {"default": "x"}}}, "{{ v | replace: 'x', '4 5' }}", "4 5"),
        ({"fields": {"v": {"type": "date", "default": "2027-01-02"}}}, "{{ v }}", "2027-01-02"),
        ({"fields": {"v": NUMBERS | {"default": [{"n": -1}, {"n": 2}]}}}, "{{ v[0].n }}", "-1"),
    ],
)
def test_every_kind_of_value_is_an_isolate(
    properties: dict[str, Any], given: str, like: str
) -> None:
    drawn = render_layers({**LINE, "text": f"{LABEL}{given} !"}, **properties)
    expected = render_layers({**LINE, "text": f"{LABEL}\u2068{like}\u2069 !"})
    assert drawn == expected


def test_a_layers_text_given_by_a_request_is_an_isolate() -> None:
    layers = [{**LINE, "name": "line", "text": "-"}]
    given = render(template(layers=layers), {"name": "line", "text": "(555) 010 – 44"})
    expected = render_layers({**LINE, "text": "\u2068(555) 010 – 44\u2069"})
    assert decode(given) == expected
