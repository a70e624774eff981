"""The design of the peers (`design.json`) as a template document of ours."""

import json
from typing import Any

from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published


def template(design: dict[str, Any], size: str) -> Template:
    """One size of the design, ready to draw."""
    return Template.compile(
        "design", 1, load_published(json.dumps(document(design, size))), trusted=True
    )


def document(design: dict[str, Any], size: str) -> dict[str, Any]:
    """The document, as a designer would write it."""
    place, colors = design["sizes"][size], design["colors"]
    return {
        "width": place["w"],
        "height": place["h"],
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
            *_background_layers(place, design["gradient"]),
            *_text_layers(place, colors),
            _qr_layer(place["qr"]),
        ],
    }


def _background_layers(place: dict[str, Any], gradient: dict[str, float]) -> list[dict[str, Any]]:
    whole = {"width": place["w"], "height": place["h"]}
    face = place["avatar"]
    ring, side = face["ring"], face["d"]
    stops = [[f"rgba(0,0,0,{gradient['a0']})", 0], [f"rgba(0,0,0,{gradient['a1']})", 1]]
    return [
        {"type": "image", **whole, "source": "asset:photo"},
        {"type": "rectangle", **whole, "fill": {"type": "linear", "angle": 90, "stops": stops}},
        {
            "type": "rectangle",
            "x": face["x"] - ring,
            "y": face["y"] - ring,
            "width": side + 2 * ring,
            "height": side + 2 * ring,
            "radius": "full",
            "fill": "#ffffff",
        },
        {
            "type": "image",
            "x": face["x"],
            "y": face["y"],
            "width": side,
            "height": side,
            "radius": "full",
            "source": "{{ avatar }}",
        },
    ]


def _text_layers(place: dict[str, Any], colors: dict[str, str]) -> list[dict[str, Any]]:
    para = place["para"]
    return [
        _heading_layer(place["heading"]),
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
        *_coupon_layers(place["coupon"], colors),
    ]


def _heading_layer(place: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "text",
        "x": place["x"],
        "y": place["base"] - 100,
        "width": place["max_w"],
        "height": 100,
        "text": "{{ heading }}",
        "weight": 700,
        "size": place["max_px"],
        "fit": "shrink",
        "min_size": place["min_px"],
        "max_lines": 1,
        "valign": "bottom",
        "trim": "cap",
    }


def _coupon_layers(place: dict[str, Any], colors: dict[str, str]) -> list[dict[str, Any]]:
    box = {"x": place["x"], "y": place["y"], "width": place["w"], "height": place["h"]}
    letters = {
        "type": "text",
        **box,
        "text": "{{ coupon }}",
        "weight": 700,
        "size": place["px"],
        "color": colors["boxfg"],
        "align": "center",
        "valign": "middle",
        "trim": "cap",
    }
    return [{"type": "rectangle", **box, "radius": place["r"], "fill": colors["box"]}, letters]


def _qr_layer(place: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "qr",
        "x": place["x"],
        "y": place["y"],
        "width": place["d"],
        "height": place["d"],
        "value": "{{ url }}",
        "quiet_zone": 2,
    }
