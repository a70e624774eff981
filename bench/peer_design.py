"""Converts the design of the other engines (`design.json`) to a Postcard template."""

import json
from typing import Any

from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published


def template(design: dict[str, Any], size: str) -> Template:
    """The compiled template for one size of the design."""
    return Template.compile(
        "design", 1, load_published(json.dumps(document(design, size))), trusted=True
    )


def document(design: dict[str, Any], size: str) -> dict[str, Any]:
    """The template document for one size of the design."""
    layout, colors = design["sizes"][size], design["colors"]
    return {
        "width": layout["w"],
        "height": layout["h"],
        "background": "#000000",
        "color": colors["fg"],
        "fields": {
            "heading": {},
            "para": {},
            "coupon": {},
            "url": {},
            "avatar": {"type": "image"},
        },
        "layers": [
            *_background_layers(layout, design["gradient"]),
            *_text_layers(layout, colors),
            _qr_layer(layout["qr"]),
        ],
    }


def _background_layers(layout: dict[str, Any], gradient: dict[str, float]) -> list[dict[str, Any]]:
    canvas = {"width": layout["w"], "height": layout["h"]}
    avatar = layout["avatar"]
    ring, side = avatar["ring"], avatar["d"]
    stops = [[f"rgba(0,0,0,{gradient['a0']})", 0], [f"rgba(0,0,0,{gradient['a1']})", 1]]
    return [
        {"type": "image", **canvas, "source": "asset:photo"},
        {"type": "rectangle", **canvas, "fill": {"type": "linear", "angle": 90, "stops": stops}},
        {
            "type": "rectangle",
            "x": avatar["x"] - ring,
            "y": avatar["y"] - ring,
            "width": side + 2 * ring,
            "height": side + 2 * ring,
            "radius": "full",
            "fill": "#ffffff",
        },
        {
            "type": "image",
            "x": avatar["x"],
            "y": avatar["y"],
            "width": side,
            "height": side,
            "radius": "full",
            "source": "{{ avatar }}",
        },
    ]


def _text_layers(layout: dict[str, Any], colors: dict[str, str]) -> list[dict[str, Any]]:
    para = layout["para"]
    return [
        _heading_layer(layout["heading"]),
        {
            "type": "text",
            "x": para["x"],
            "y": para["top"],
            "width": para["max_w"],
            "text": "{{ para }}",
            "size": para["px"],
            "line_height": para["lh"] / para["px"],
            "color": colors["para"],
        },
        *_coupon_layers(layout["coupon"], colors),
    ]


def _heading_layer(layout: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "text",
        "x": layout["x"],
        "y": layout["base"] - 100,
        "width": layout["max_w"],
        "height": 100,
        "text": "{{ heading }}",
        "weight": 700,
        "size": layout["max_px"],
        "fit": "shrink",
        "min_size": layout["min_px"],
        "max_lines": 1,
        "valign": "bottom",
        "trim": "cap",
    }


def _coupon_layers(layout: dict[str, Any], colors: dict[str, str]) -> list[dict[str, Any]]:
    box = {"x": layout["x"], "y": layout["y"], "width": layout["w"], "height": layout["h"]}
    text = {
        "type": "text",
        **box,
        "text": "{{ coupon }}",
        "weight": 700,
        "size": layout["px"],
        "color": colors["boxfg"],
        "align": "center",
        "valign": "middle",
        "trim": "cap",
    }
    return [{"type": "rectangle", **box, "radius": layout["r"], "fill": colors["box"]}, text]


def _qr_layer(layout: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "qr",
        "x": layout["x"],
        "y": layout["y"],
        "width": layout["d"],
        "height": layout["d"],
        "value": "{{ url }}",
        "quiet_zone": 2,
    }
