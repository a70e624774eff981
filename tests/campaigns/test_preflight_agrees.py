"""What preflight predicts is what is then drawn."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from postcard.campaigns.preflight.drawing_forecast import DrawingForecaster
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json
from postcard.template.validation.parse import parse_document
from tests.campaigns.drawn_texts import drawn_texts
from tests.campaigns.mailing_people import Row, names, welcome_rows
from tests.documents.people import FIXED_VALUES
from tests.rendering.drawing import renderer
from tests.template.template_cases import template

Given = list[dict[str, Any]]
WELCOME = "tmpl_a1b2c3d4e5"
NOON = 1_790_000_000.0
WIDTH = 30  # pixels: layout is the same at every size, and small pictures are quick to draw
ALL, DRAWN = (1_000_000, 20_000) if os.environ.get("POSTCARD_PREFLIGHT") else (5_000, 500)


@cache
def seed_template(name: str) -> Template:
    text = Path(f"local/seed/{name}.json").read_text(encoding="utf-8")
    return Template.compile(name, 1, parse_document(text))


def as_given(row: Row) -> Given:
    return [{"name": name, "value": value} for name, value in row.items()]


def differing(compiled: Template, rows: Sequence[Given]) -> list[tuple[Given, Any, Any]]:
    """The rows whose forecast is not what is drawn, with both."""
    fonts = renderer().fonts
    forecaster = DrawingForecaster(compiled, fonts, now=NOON)
    found = []
    for given in rows:
        values = bind(compiled, modifications_from_json(compiled, given), mode="default")
        forecast = forecaster.forecast(values)
        texts = [
            (each.pointer, each.font_scale, each.truncated, each.missing_characters)
            for each in forecast.texts
        ]
        codes = [fault.code for fault in forecast.warnings]
        drawn, drawn_codes = drawn_texts(compiled, values, fonts, width=WIDTH, now=NOON)
        predicted_codes = {code: codes.count(code) for code in ("invalid_value", "liquid_error")}
        warned = {code: drawn_codes.get(code, 0) for code in predicted_codes}
        if (texts, predicted_codes) != (drawn, warned):
            found.append((given, (texts, predicted_codes), (drawn, warned)))
    return found


def test_the_welcome_banner_is_drawn_as_predicted_for_a_tenth_of_all_rows() -> None:
    rows = list(welcome_rows(ALL, seed=11))
    sampled = Random(1).sample(rows, DRAWN)
    assert differing(seed_template(WELCOME), [*map(as_given, sampled)]) == []


def some_values(name: str, compiled: Template, number: int) -> Row:
    """Values for a seed template: its examples, with other texts."""
    random, row = Random(number), dict(FIXED_VALUES.get(name, {}))
    for field_name, field in compiled.fields.items():
        if field.type == "text" and not field.choices and not field.pattern:
            row[field_name] = names(random) if random.random() < 0.8 else names(random) * 3
        elif field.type == "number" and random.random() < 0.5:
            row[field_name] = random.choice((0, 7, 1250, 99_999.5, 1_000_000))
        elif field.type == "list":
            row[field_name] = [
                {
                    key: names(random)
                    for key, inner in field.items.items()
                    if inner.type == "text" and not inner.choices and not inner.pattern
                }
                for _ in range(random.randint(0, field.max_items))
            ]
    return row


SEEDS = sorted(path.stem for path in Path("local/seed").glob("*.json") if path.stem != WELCOME)


@pytest.mark.parametrize("name", SEEDS)
def test_every_seed_template_is_drawn_as_predicted(name: str) -> None:
    rows = [
        some_values(name, seed_template(name), number) for number in range(max(DRAWN // 50, 40))
    ]
    assert differing(seed_template(name), [*map(as_given, rows)]) == []


def test_rows_that_modify_layers_and_repeat_groups_are_drawn_as_predicted() -> None:
    """Whatever was looked at before: what is kept for one row is never shown for another."""
    compiled = template(
        width=200,
        height=200,
        locale="{{ locale }}",
        fields={
            "name": {"default": "you"},
            "locale": {"default": "en"},
            "vip": {"type": "boolean", "default": False},
            "items": {"type": "list", "max_items": 3, "items": {"label": {"default": "Mug"}}},
        },
        layers=[
            {"type": "text", "name": "title", "text": "Hi {{ name }}", "x": 0, "width": 60,
             "height": 20, "fit": "shrink", "max_lines": 1},
            {"type": "text", "name": "plain", "text": "Static words", "width": 90, "height": 20,
             "fit": "shrink", "max_lines": 1},
            {"type": "text", "text": "VIP {{ name | upcase }}", "if": "vip", "width": 40,
             "max_lines": 1},
            {"type": "group", "flow": "row", "width": 120, "gap": 4, "layers": [
                {"type": "text", "text": "{{ name }}", "max_lines": 1},
                {"type": "image", "source": "asset:photo", "width": 40, "height": 10},
                {"type": "text", "text": "{{ name }} {{ name }}", "max_lines": 1}]},
            {"type": "group", "repeat": "items", "as": "item", "flow": "column", "layers": [
                {"type": "text", "text": "{{ item.label }}", "width": 50, "fit": "shrink",
                 "max_lines": 1}]},
            {"type": "barcode", "symbology": "ean13", "value": "{{ name }}", "width": 100,
             "height": 30},
            {"type": "text", "text": "{{ name }}", "opacity": 0, "width": 10, "max_lines": 1},
        ],
    )  # fmt: skip
    random = Random(3)
    rows: list[Given] = []
    for _ in range(60):
        given: Given = [{"name": "name", "value": names(random)}]
        given += random.choice(([], [{"name": "locale", "value": "tr"}]))
        given += random.choice(([], [{"name": "vip", "value": True}]))
        given += random.choice(([], [{"name": "plain", "text": names(random) * 2}]))
        given += random.choice(([], [{"name": "plain", "visible": False}]))
        given += random.choice(([], [{"name": "title", "color": "#123456"}]))
        labels = [{"label": names(random)} for _ in range(random.randint(0, 3))]
        given += [{"name": "items", "value": labels}] if labels else []
        rows.append(given)
    assert differing(compiled, rows + rows[::-1]) == []
