"""A golden picture of each layer type, through the template."""

from typing import Any

import pytest

from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, quarters, render
from tests.template.template_cases import template

FIELDS = {
    "name": {"default": "Zoë Ægirsdóttir", "emphasis": True},
    "points": {"type": "number", "default": 1840},
    "until": {"type": "date", "default": "2026-11-30"},
    "brand": {"type": "color", "default": "#22d3ee"},
    "photo": {"type": "image", "default": "asset:quarters"},
}
STYLES = {
    "label": {"weight": 600, "size": 14, "transform": "uppercase", "letter_spacing": 0.1},
    "strong": {"weight": 800, "color": "{{ brand }}"},
}
FADE = {"type": "linear", "angle": 90, "stops": [["{{ brand }}", 0], ["#0f172a00", 1]]}
CASES: dict[str, list[dict[str, Any]]] = {
    "text": [
        {
            "type": "text",
            "x": 20,
            "y": 16,
            "style": "label",
            "text": "Member since {{ until | date: 'yyyy' }}",
        },
        {
            "type": "text",
            "x": 20,
            "y": 44,
            "width": 360,
            "height": 70,
            "text": "Hi {{ name }}, it is good to see you",
            "size": 40,
            "fit": "shrink",
            "weight": 700,
            "wrap": "balance",
            "max_lines": 2,
        },
        {
            "type": "text",
            "x": 20,
            "y": 124,
            "size": 22,
            "text": [
                {"text": "Gold, "},
                {"text": "{{ points | number }} points", "style": "strong"},
                {"text": "{{ name | initials }}", "rise": 0.4, "size": 12},
            ],
        },
        {
            "type": "text",
            "x": 20,
            "y": 160,
            "width": 360,
            "align": "end",
            "size": 20,
            "text": "شكرا {{ name }} 🎉",
            "highlight": {"color": "#1e293b", "padding": [2, 6], "radius": 6},
        },
    ],
    "image": [
        {
            "type": "image",
            "x": 20,
            "y": 20,
            "width": 100,
            "height": 100,
            "radius": "full",
            "source": "{{ photo }}",
            "border": {"color": "#ffffff", "width": 4},
        },
        {
            "type": "image",
            "x": 140,
            "y": 20,
            "width": 120,
            "height": 60,
            "source": "{{ photo }}",
            "position": "top-left",
        },
        {
            "type": "image",
            "x": 280,
            "y": 20,
            "width": 100,
            "height": 60,
            "source": "asset:quarters",
            "fit": "contain",
            "radius": [20, 0, 20, 0],
        },
        {
            "type": "image",
            "x": 140,
            "y": 100,
            "height": 60,
            "source": "asset:quarters",
            "opacity": 0.5,
            "rotation": 15,
        },
    ],
    "rectangle": [
        {
            "type": "rectangle",
            "x": 20,
            "y": 20,
            "width": 150,
            "height": 80,
            "fill": FADE,
            "radius": 16,
        },
        {
            "type": "rectangle",
            "x": 190,
            "y": 20,
            "width": 80,
            "height": 80,
            "fill": {
                "type": "radial",
                "center": [0.3, 0.3],
                "stops": [["#fde047", 0], ["#b45309", 1]],
            },
            "radius": "full",
        },
        {
            "type": "rectangle",
            "x": 290,
            "y": 20.5,
            "width": 90,
            "height": 80,
            "stroke": {"color": "{{ brand }}", "width": 5},
            "radius": [30, 0, 30, 0],
        },
        {
            "type": "rectangle",
            "x": 60,
            "y": 130,
            "width": 80,
            "height": 30,
            "fill": "#ef444480",
            "rotation": -20,
        },
    ],
    "qr": [
        {
            "type": "qr",
            "x": 20,
            "y": 20,
            "width": 160,
            "value": "https://example.com/r/{{ points }}",
        },
        {
            "type": "qr",
            "x": 200,
            "y": 20,
            "width": 160,
            "value": "Zoë",
            "color": "{{ brand }}",
            "background": "transparent",
            "error_correction": "H",
            "quiet_zone": 0,
        },
    ],
    "group": [
        {
            "type": "group",
            "x": 20,
            "y": 20,
            "padding": [8, 16],
            "radius": "full",
            "fill": "#1e293b",
            "if": "points > 100",
            "layers": [{"type": "text", "size": 22, "text": "{{ points | number }} points"}],
        },
        {
            "type": "group",
            "x": 220,
            "y": 40,
            "width": 120,
            "height": 120,
            "radius": 24,
            "clip": True,
            "border": {"color": "#ffffff", "width": 3},
            "rotation": 10,
            "opacity": 0.8,
            "layers": [
                {
                    "type": "image",
                    "x": -20,
                    "y": -20,
                    "width": 100,
                    "height": 100,
                    "source": "asset:quarters",
                },
                {"type": "text", "x": 10, "y": 80, "text": "{{ name }}", "size": 24},
            ],
        },
    ],
}


@pytest.mark.parametrize("kind", CASES)
def test_each_layer_type_matches_its_golden_picture(kind: str) -> None:
    made = template(
        width=400,
        height=200,
        background="#0f172a",
        color="#f8fafc",
        locale="en-GB",
        fields=FIELDS,
        styles=STYLES,
        layers=CASES[kind],
    )
    rendered = render(
        made, {"name": "name", "text": "Zoë *Ægirsdóttir*"}, pictures={"asset:quarters": quarters()}
    )
    inverted = ["unscannable"] if kind == "qr" else []  # one of its codes is light on dark
    assert [warning.code for warning in rendered.warnings] == inverted
    assert_matches_golden(f"template-{kind}", decode(rendered))
