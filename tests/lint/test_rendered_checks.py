"""Findings about the drawn example: low contrast, cut texts, missing letters, large files."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from postcard.geometry import Box, output_size
from postcard.lint.checks import check_rendered
from postcard.rendering.renderer import PreparedRender
from postcard.template.bind import bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from tests.rendering.drawing import plain_picture, renderer
from tests.template import template_cases

SEEDS = Path("local/seed")
TEXT: dict[str, Any] = {"type": "text", "text": "Hello", "x": 20, "y": 20, "color": "#777777"}
PLATE: dict[str, Any] = {"type": "rectangle", "width": 200, "height": 100}
FAINT = ["low_contrast"]
NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z


def template(**properties: Any) -> Template:
    """A template that is no small picture."""
    return template_cases.template(**{"height": 101, **properties})


@cache
def pictures() -> dict[str, bytes]:
    seeded = {f"asset:{file.stem}": file.read_bytes() for file in (SEEDS / "assets").iterdir()}
    return {**seeded, "asset:a": plain_picture("white")}


def codes_and_pointers(made: Template, weight: int = 0) -> list[tuple[str, str]]:
    size = output_size(made.width, made.height)
    prepared = PreparedRender(made, bind_examples(made), size, now=NOW)
    drawn = renderer().render(prepared, pictures(), format=made.format)
    boxes = [(one.pointer, Box(one.x, one.y, one.width, one.height)) for one in drawn.boxes]
    found = check_rendered(made, renderer().fonts, boxes, weight or len(drawn.image.body), now=NOW)
    return [(fault.code, fault.pointer) for fault in found]


def codes(*layers: dict[str, Any], **document: Any) -> list[str]:
    return [code for code, _ in codes_and_pointers(template(layers=list(layers), **document))]


# Faint texts


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"color": "#767676"}, []),  # 4.54
        ({"color": "#777777"}, FAINT),  # 4.48
        ({"size": 23.5}, FAINT),
        ({"size": 24}, []),
        ({"size": 24, "color": "#949494"}, []),  # 3.03
        ({"size": 24, "color": "#969696"}, FAINT),  # 2.95
        ({"size": 18.5, "weight": 700}, FAINT),
        ({"size": 19, "weight": 700}, []),
        ({"color": "black", "opacity": 0.5}, FAINT),
        ({"color": "#000000a0"}, []),
        ({"style": "pale", "color": None}, FAINT),
        ({"color": "{{ brand }}"}, []),
        ({"color": {"type": "linear", "stops": [["#ccc", 0], ["#ddd", 1]]}}, []),
        ({"stroke": {"color": "black"}}, []),
        ({"shadow": {"color": "black"}}, []),
        ({"rotation": 45}, []),
        ({"highlight": {"color": "black"}, "color": "#cccccc"}, []),
        ({"highlight": {"color": "black"}, "color": "#333333"}, FAINT),
    ],
)
def test_a_text_with_too_little_contrast_to_a_plain_colour_is_a_finding(
    properties: dict[str, Any], found: list[str]
) -> None:
    layer = {key: value for key, value in {**TEXT, **properties}.items() if value is not None}
    fields = {"brand": {"type": "color", "default": "#eeeeee"}}
    assert codes(layer, styles={"pale": {"color": "#aaaaaa"}}, fields=fields) == found


@pytest.mark.parametrize(
    ("behind", "found"),
    [
        ({**PLATE, "fill": "white"}, []),
        ({**PLATE, "fill": "#444444"}, FAINT),
        ({**PLATE, "fill": "#44444400"}, []),
        ({**PLATE, "fill": "#444444", "width": 40}, []),  # half behind it
        ({**PLATE, "fill": "#444444", "x": 120}, []),  # beside it
        ({**PLATE, "fill": {"type": "linear", "stops": [["#444", 0], ["#555", 1]]}}, []),
        ({**PLATE, "fill": "#444444", "blend": "multiply"}, []),
        ({**PLATE, "type": "ellipse", "fill": "#444444"}, []),
        ({**PLATE, "type": "image", "source": "asset:a"}, []),
        ({**PLATE, "type": "group", "fill": "#444444"}, FAINT),
        ({**PLATE, "type": "group", "opacity": 0.9, "fill": "#444444"}, FAINT),
        ({**PLATE, "stroke": {"color": "#444444", "width": 30}}, []),
    ],
)
def test_the_background_of_a_text_counts_where_it_is_one_colour(
    behind: dict[str, Any], found: list[str]
) -> None:
    assert codes(behind, {**TEXT, "color": "#767676"}) == found


def test_an_unknown_background_is_known_again_once_it_is_covered() -> None:
    photo = {**PLATE, "type": "image", "source": "asset:a"}
    card = {**PLATE, "x": 10, "y": 10, "width": 150, "height": 60, "fill": "white"}
    assert codes(photo, TEXT) == []
    assert codes(photo, card, TEXT) == FAINT
    assert codes(photo, {**card, "fill": "#fffffff0"}, TEXT) == []
    assert codes(card, {**photo, "y": 80}, TEXT) == FAINT
    assert codes(TEXT, photo) == FAINT


def test_the_background_of_a_transparent_document_is_unknown() -> None:
    assert codes(TEXT, background="transparent") == ["low_contrast_in_dark_mode"]
    assert codes({**TEXT, "color": "#dddddd"}, background="transparent") == []
    assert codes(TEXT, background="{{ brand }}", fields={"brand": {"type": "color"}}) == []


def test_a_text_in_a_group_is_compared_with_the_groups_fill() -> None:
    group = {"type": "group", "fill": "#444444", "padding": 9, "layers": [TEXT]}
    made = template(layers=[group, {**TEXT, "if": "false"}])
    assert codes_and_pointers(made) == [("low_contrast", "/layers/0/layers/0")]
    assert codes({**group, "rotation": 9}) == []


def test_a_repeated_text_is_checked_with_every_item_and_reported_once() -> None:
    words = {**TEXT, "x": 0, "y": 0, "color": "#555555"}
    card = {"type": "rectangle", "width": 60, "height": 30, "fill": "#444444", "if": "item.dark"}
    copies = {
        "type": "group",
        "flow": "column",
        "layers": [{"type": "group", "repeat": "products", "layers": [card, words]}],
    }

    def findings(*dark: bool) -> list[tuple[str, str]]:
        items = {"dark": {"type": "boolean", "default": False}}
        products = {"type": "list", "items": items, "example": [{"dark": one} for one in dark]}
        return codes_and_pointers(template(fields={"products": products}, layers=[copies]))

    assert findings(False, False) == []
    faint = [("low_contrast", "/layers/0/layers/0/layers/1")]
    assert findings(True, False) == findings(False, True) == findings(True, True) == faint


def test_the_finding_names_the_span_with_the_least_contrast() -> None:
    spans = [{"text": "a", "color": "#777777"}, {"text": "b", "color": "#dddddd"}]
    made = template(layers=[{**TEXT, "text": spans}])
    drawn = [("/layers/0", Box(20, 20, 20, 20))]
    (found,) = check_rendered(made, renderer().fonts, drawn, 1)
    assert found.detail == (
        "#dddddd on #ffffff is hard to read: its contrast is 1.3, "
        "and letters of this size need 4.5."
    )


# Tight boxes

NAME: dict[str, Any] = {
    "type": "text",
    "text": "Hi {{ name }}",
    "width": 180,
    "height": 24,
    "size": 18,
    "fit": "shrink",
    "min_size": 10,
    "max_lines": 1,
}


def overflows(layer: dict[str, Any], **field: Any) -> bool:
    made = template(layers=[{**NAME, **layer}], fields={"name": field})
    found = codes_and_pointers(made)
    assert found in ([], [("text_overflow", "/layers/0")])
    return bool(found)


def test_a_shrinking_text_that_its_longest_value_overflows_is_a_finding() -> None:
    assert not overflows({}, max_length=20)
    assert overflows({}, max_length=40)
    assert not overflows({"min_size": 5}, max_length=40)
    assert not overflows({"max_lines": 2, "height": 30}, max_length=40)
    assert overflows({}, choices=["Bo", "x" * 40])
    assert not overflows({}, choices=["Bo", "Cy"])


def test_a_field_without_a_maximum_length_is_not_tried() -> None:
    assert not overflows({})
    assert not overflows({}, max_length=40, pattern="[A-Z]{2,40}")
    assert not overflows({"text": "Hi"}, max_length=40)


def test_a_text_that_the_author_lets_be_cut_is_no_finding() -> None:
    assert not overflows({"overflow": "ellipsis"}, max_length=40)
    assert not overflows({"fit": "none"}, max_length=40)  # max_lines alone
    del (plain := {**NAME})["max_lines"]
    made = template(layers=[{**plain, "fit": "none"}], fields={"name": {"max_length": 40}})
    assert codes_and_pointers(made) == [("text_overflow", "/layers/0")]


def test_a_text_that_is_cut_with_its_example_is_a_finding_in_any_group() -> None:
    inner = {**NAME, "text": "Terms and conditions of the autumn sale apply"}
    made = template(layers=[{"type": "group", "flow": "row", "layers": [inner]}])
    assert codes_and_pointers(made) == [("text_overflow", "/layers/0/layers/0")]


@pytest.mark.parametrize(("to", "cut"), [("2026-11-23", False), ("2126-11-23", True)])
def test_a_countdown_is_checked_with_the_time_of_publishing(to: str, cut: bool) -> None:
    days = {**NAME, "text": "{{ countdown.days }} days", "width": 64, "fit": "none"}
    del days["max_lines"]
    made = template(layers=[days], countdown={"to": to})
    assert (("text_overflow", "/layers/0") in codes_and_pointers(made)) == cut


# Fonts without the language's letters


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"locale": "en", "font": "Playfair Display"}, []),
        ({"locale": "vi", "font": "Playfair Display"}, []),
        ({"locale": "ar", "font": "Playfair Display"}, [("unsupported_characters", "/font")]),
        ({"locale": "ar"}, []),  # the default font was not chosen for a language
        ({"locale": "ar", "font": ["Inter", "Noto Sans Arabic"]}, []),
        (
            {"locale": "{{ tongue }}", "font": "Playfair Display"},
            [("unsupported_characters", "/font")],
        ),
        ({"locale": "el", "styles": {"big": {"font": "Noto Serif"}}}, []),
        (
            {"locale": "th", "styles": {"big": {"font": "Inter"}}},
            [("unsupported_characters", "/styles/big/font")],
        ),
        ({"locale": "ar", "font": "Nobody's"}, []),
    ],
)
def test_a_font_that_cannot_write_the_language_is_a_finding(
    document: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    fields = {"tongue": {"example": "ar", "default": "en"}}
    assert lettered(layers=[], fields=fields, **document) == found


def lettered(**document: Any) -> list[tuple[str, str]]:
    return [
        one
        for one in codes_and_pointers(template(**document))
        if one[0] == "unsupported_characters"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ code }}", False),
        ("No. {{ code | downcase }}", False),
        ("{{ size }}", False),
        ("Python 3", False),
        ("{{ mail }}", False),
        ("{{ name }}", True),
        ("{{ code }} {{ name }}", True),
        ("رقم {{ code }}", True),
        ('{{ code | prepend: "رقم" }}', True),
        ("{{ grade | number }}", True),
        ("{{ tag }}", True),
        ("{{ other }}", True),
        ("{{ dotted }}", True),
        ("{{ rest }}", True),
        ("{{ posix }}", True),
        ("{{ drink }}", True),
    ],
)
def test_a_text_that_only_shows_letters_of_its_font_is_no_finding(
    text: str, expected: bool
) -> None:
    fields = {
        "code": {"pattern": "[A-Z0-9-]{6,24}", "example": "CRT-2026"},
        "size": {"choices": ["S", "M", "L"], "default": "M"},
        "mail": {"pattern": r"[\w.+-]+@[\w.-]+\.[a-z]+", "example": "a@b.eu"},
        "name": {"default": "Ada"},
        "grade": {"type": "number", "default": 9},
        "tag": {"pattern": r"\pL+", "default": "a"},
        "other": {"pattern": "[^0-9]+", "default": "a"},
        "dotted": {"pattern": "a.c", "default": "abc"},
        "rest": {"pattern": r"\D+", "default": "a"},
        "posix": {"pattern": "[[:^digit:]]+", "default": "a"},
        "drink": {"choices": ["chai", "شاي"], "default": "chai"},
    }
    layer = {"type": "text", "x": 9, "y": 9}

    def found(styles: dict[str, Any] | None = None, **properties: Any) -> list[str]:
        document = {"fields": fields, "styles": styles or {}, "locale": "ar"}
        return [where for _, where in lettered(layers=[{**layer, **properties}], **document)]

    assert found(text=text, font="Inter") == ["/layers/0/font"] * expected
    assert found(text=[{"text": text, "font": "Inter"}]) == ["/layers/0/text/0/font"] * expected
    styles = {"code": {"font": "Inter"}}
    assert found(styles, text=text, style="code") == ["/styles/code/font"] * expected
    assert found(styles, text=text, emphasis="code") == ["/styles/code/font"] * expected


# Digits that count


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, True),
        ({"features": ["tnum"]}, False),
        ({"style": "number"}, False),
        ({"style": "number", "features": ["-kern"]}, True),
        ({"font": "Noto Sans"}, False),  # all its digits are alike
        ({"text": "{{ countdown.minutes }} min"}, False),
        ({"text": [{"text": "{{ countdown.seconds }}", "features": ["tnum"]}]}, False),
        ({"text": [{"text": "in "}, {"text": "{{ countdown.seconds }}"}]}, True),
    ],
)
def test_a_countdown_in_proportional_digits_is_a_finding(
    properties: dict[str, Any], expected: bool
) -> None:
    layer = {"type": "text", "text": "{{ countdown.hours }}:{{ countdown.seconds }}", **properties}
    document = {"styles": {"number": {"features": ["tnum"]}}, "layers": [layer]}

    def codes_of(**countdown: Any) -> list[str]:
        made = template(countdown={"to": "2026-11-23", **countdown}, **document)
        return [code for code, _ in codes_and_pointers(made)]

    assert codes_of() == ["proportional_digits"] * expected
    assert codes_of(frames=1) == []


# Heavy pictures


def test_a_picture_over_a_megabyte_is_a_finding() -> None:
    made = template()
    assert codes_and_pointers(made, weight=1_000_000) == []
    assert codes_and_pointers(made, weight=1_000_001) == [("large_file", "")]


# The templates to start with


@pytest.mark.parametrize("file", sorted(SEEDS.glob("*.json")), ids=lambda file: file.stem)
def test_the_sample_templates_have_no_findings(file: Path) -> None:
    made = Template.compile(file.stem, 1, parse_document(file.read_text()))
    assert codes_and_pointers(made) == []


def test_texts_of_items_are_tried_with_their_longest_values_and_reported_once() -> None:
    def findings(**more: Any) -> list[tuple[str, str]]:
        words = {"type": "text", "text": "{{ item.name }}", "width": 90, "height": 20, **more}
        group = {"type": "group", "repeat": "products", "layers": [words]}
        items = {"name": {"max_length": 40, "example": "Mug"}}
        fields = {"products": {"type": "list", "items": items, "max_items": 3}}
        return codes_and_pointers(template(fields=fields, layers=[group]))

    assert findings() == [("text_overflow", "/layers/0/layers/0")]
    assert findings(fit="shrink", min_size=4) == []
    assert findings(overflow="clip") == []
