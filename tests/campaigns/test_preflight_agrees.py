"""What preflight foretells is what is then drawn."""

import os
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

WELCOME = "tmpl_a1b2c3d4e5"
NOON = 1_790_000_000.0
WIDTH = 30  # pixels: layout is the same at every size, and small pictures are quick to draw
ALL, DRAWN = (1_000_000, 20_000) if os.environ.get("POSTCARD_PREFLIGHT") else (20_000, 2_000)


@cache
def seed_template(name: str) -> Template:
    text = Path(f"local/seed/{name}.json").read_text(encoding="utf-8")
    return Template.compile(name, 1, parse_document(text))


def differing(template: Template, rows: list[Row]) -> list[tuple[Row, Any, Any]]:
    """The rows whose forecast is not what is drawn, with both."""
    fonts = renderer().fonts
    forecaster = DrawingForecaster(template, fonts, now=NOON)
    found = []
    for row in rows:
        given = [{"name": name, "value": value} for name, value in row.items()]
        values = bind(template, modifications_from_json(template, given), mode="default")
        forecast = forecaster.forecast(values)
        texts = [
            (each.pointer, each.font_scale, each.truncated, each.missing_characters)
            for each in forecast.texts
        ]
        codes = [fault.code for fault in forecast.warnings]
        drawn, drawn_codes = drawn_texts(template, values, fonts, width=WIDTH, now=NOON)
        told = {code: codes.count(code) for code in ("invalid_value", "liquid_error")}
        warned = {code: drawn_codes.get(code, 0) for code in told}
        if (texts, told) != (drawn, warned):
            found.append((row, (texts, told), (drawn, warned)))
    return found


def test_the_welcome_banner_is_drawn_as_foretold_for_a_tenth_of_all_rows() -> None:
    rows = list(welcome_rows(ALL, seed=11))
    sampled = Random(1).sample(rows, DRAWN)
    assert differing(seed_template(WELCOME), sampled) == []


def some_values(name: str, template: Template, number: int) -> Row:
    """Values for a seed template: its examples, with other texts."""
    random, row = Random(number), dict(FIXED_VALUES.get(name, {}))
    for field_name, field in template.fields.items():
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
def test_every_seed_template_is_drawn_as_foretold(name: str) -> None:
    template = seed_template(name)
    rows = [some_values(name, template, number) for number in range(DRAWN // 50)]
    assert differing(template, rows) == []
