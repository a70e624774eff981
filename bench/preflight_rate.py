"""Measures how many rows a second `postcard preflight` checks, on one core.

    .venv/bin/python -m bench.preflight_rate [rows]

The welcome banner with names that are all new, and with the first names that people have, each with
a code of its own. Beside them stands the plain layout of every row, which the checks replace.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from postcard.campaigns.preflight.counts import preflight_chunk
from postcard.campaigns.preflight.row_check import PreflightRow, RowChecker
from postcard.geometry import output_size
from postcard.rendering.drawing_context import DrawingContext
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.prepared_render import PreparedRender
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.layers.text import TextLayer
from postcard.template.modifications import modifications_from_json
from postcard.template.validation.parse import parse_document
from postcard.text.fonts import Fonts
from tests.campaigns.drawn_texts import SmallPictures

SYLLABLES_TEXT = "ka ri so ne ma li ta vo de an el is or un ya chi mi ro sa te bra fen ul gor wy"
SYLLABLES = SYLLABLES_TEXT.split()
FIRST_NAMES = 5000  # as many as most countries have among a million people


def new_name(random: Random) -> str:
    return "".join(random.choices(SYLLABLES, k=random.randint(2, 5))).title()


def rows(count: int, name: Callable[[], str], random: Random) -> list[PreflightRow]:
    return [
        PreflightRow(
            number,
            (
                {"name": "user_name", "value": name()},
                {"name": "discount_code", "value": f"SAVE{random.randrange(10**6):06}"},
            ),
        )
        for number in range(1, count + 1)
    ]


def lay_out(template: Template, fonts: Fonts, given: Sequence[PreflightRow]) -> None:
    for row in given:
        values = bind(
            template, modifications_from_json(template, row.modifications), mode="default"
        )
        size = output_size(template.width, template.height)
        frame = PreparedRender(template, values, size).frame()
        pictures = SmallPictures((template.width, template.height))
        drawing = DrawingContext(frame.document, fonts, 1.0, pictures)
        for placed in layout_nodes(drawing, frame.nodes):
            if isinstance(placed.layer, TextLayer):
                placed.layer.layout(placed)


def main(argv: Sequence[str]) -> None:
    count = int(argv[0]) if argv else 20_000
    random = Random(1)
    text = Path("local/seed/tmpl_a1b2c3d4e5.json").read_text(encoding="utf-8")
    template = Template.compile("tmpl_a1b2c3d4e5", 1, parse_document(text))
    fonts = Fonts.load(Path("layers/fonts"))
    known = [new_name(random) for _ in range(FIRST_NAMES)]
    weights = [1 / rank for rank in range(1, FIRST_NAMES + 1)]
    all_new = rows(count, lambda: f"{new_name(random)} {new_name(random)}", random)
    people = rows(count, lambda: random.choices(known, weights)[0], random)
    for name, given in (("all names new", all_new), ("first names of people", people)):
        checker = RowChecker(template, fonts)
        start = time.process_time()
        preflight_chunk(given, checker)
        show(name, count, start)
    few = all_new[: max(1, count // 40)]
    start = time.process_time()
    lay_out(template, fonts, few)
    show("layout of every row", len(few), start)


def show(name: str, count: int, start: float) -> None:
    print(f"{name:24}{count / (time.process_time() - start):>8,.0f} rows/s and core")


if __name__ == "__main__":
    main(sys.argv[1:])
