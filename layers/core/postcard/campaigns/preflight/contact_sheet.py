"""Draws the worst rows of a table as one picture, each with its number and what was found."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document

COLUMNS, PICTURE_WIDTH = 4, 300
_MAX_PICTURE_HEIGHT, _MIN_PICTURE_HEIGHT = 300, 60
_MARGIN, _GAP, _CAPTION_HEIGHT, _TITLE_HEIGHT = 24, 20, 58, 46
_INK, _FAINT, _PAPER, _EDGE = "#1b1d23", "#5b6070", "#f3f4f6", "#d3d6dd"


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """A row's picture (None: it has none) with its captions; `size` is the template's."""

    title: str
    caption: str
    body: bytes | None
    size: tuple[int, int] = (PICTURE_WIDTH, PICTURE_WIDTH // 2)


def contact_sheet(title: str, pictures: Sequence[SheetPicture], renderer: Renderer) -> bytes:
    """The sheet as a PNG, with four pictures in a row."""
    height = _picture_height(pictures)
    texts: dict[str, str] = {"title": title}
    layers: list[dict[str, Any]] = [
        {
            "type": "text", "x": _MARGIN, "y": _MARGIN, "width": _width() - 2 * _MARGIN,
            "text": "{{ title }}", "size": 18, "weight": 600, "max_lines": 1,
        }
    ]  # fmt: skip
    for index, picture in enumerate(pictures):
        texts |= {f"title_{index}": picture.title, f"caption_{index}": picture.caption}
        layers += _picture_layers(index, picture, height)
    lines = -(-len(pictures) // COLUMNS)
    document = {
        "width": _width(),
        "height": 2 * _MARGIN + _TITLE_HEIGHT + lines * (height + _CAPTION_HEIGHT + _GAP),
        "background": _PAPER,
        "color": _INK,
        "fields": {name: {"default": text[:300] or " "} for name, text in texts.items()},
        "layers": layers,
    }
    template = Template.compile("sheet", 1, parse_document(json.dumps(document)), trusted=True)
    prepared = PreparedRender(
        template, bind_defaults(template), output_size(template.width, template.height)
    )
    bodies = {_reference(i): each.body for i, each in enumerate(pictures) if each.body}
    return renderer.render(prepared, bodies, format="png").image.body


def _width() -> int:
    return 2 * _MARGIN + COLUMNS * PICTURE_WIDTH + (COLUMNS - 1) * _GAP


def _picture_height(pictures: Sequence[SheetPicture]) -> int:
    sizes = [picture.size for picture in pictures]
    heights = [round(PICTURE_WIDTH * height / width) for width, height in sizes]
    return min(_MAX_PICTURE_HEIGHT, max([_MIN_PICTURE_HEIGHT, *heights]))


def _reference(index: int) -> str:
    return f"asset:row-{index}"


def _picture_layers(index: int, picture: SheetPicture, height: int) -> list[dict[str, Any]]:
    line, column = divmod(index, COLUMNS)
    x = _MARGIN + column * (PICTURE_WIDTH + _GAP)
    y = _MARGIN + _TITLE_HEIGHT + line * (height + _CAPTION_HEIGHT + _GAP)
    box: Mapping[str, Any] = {"x": x, "y": y, "width": PICTURE_WIDTH, "height": height}
    caption: Mapping[str, Any] = {"x": x, "width": PICTURE_WIDTH, "type": "text", "max_lines": 1}
    layers: list[dict[str, Any]] = [
        {"type": "rectangle", **box, "fill": "#ffffff", "stroke": {"color": _EDGE, "width": 1}}
    ]
    if picture.body:
        layers.append({"type": "image", **box, "source": _reference(index), "fit": "contain"})
    else:
        layers.append(
            {
                "type": "text", **box, "text": "no picture", "size": 15, "color": _FAINT,
                "align": "center", "valign": "middle",
            }
        )  # fmt: skip
    layers.append(
        {**caption, "y": y + height + 6, "text": f"{{{{ title_{index} }}}}", "size": 14,
         "weight": 600}
    )  # fmt: skip
    layers.append(
        {**caption, "y": y + height + 26, "text": f"{{{{ caption_{index} }}}}", "size": 13,
         "color": _FAINT, "max_lines": 2, "line_height": 1.15}
    )  # fmt: skip
    return layers
