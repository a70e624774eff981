"""Draws the results of `bench.load` as a plot, with Postcard's own renderer."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published
from postcard.text.fonts import Fonts

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1200, 920
PANEL_WIDTH, PANEL_HEIGHT = 490, 190
LEFT, TOP, COLUMN, LINE = 80, 150, 590, 255
TEXT_COLOR, MUTED_COLOR, GRID_COLOR = "#0f172a", "#64748b", "#e2e8f0"
FIRST_COLOR, SECOND_COLOR = "#2563eb", "#f59e0b"

Layer = dict[str, Any]
Row = Mapping[str, Any]
Series = tuple[str, str, Callable[[Row], float]]

COLUMNS = (("cold", "New links: drawn"), ("cached", "A few links: cached by the CDN"))
ROWS: tuple[tuple[str, tuple[Series, ...]], ...] = (
    ("Pictures a second", (("", FIRST_COLOR, lambda row: row["a_second"]),)),
    (
        "Milliseconds to wait",
        (
            ("p50", FIRST_COLOR, lambda row: row["p50_ms"]),
            ("p99", SECOND_COLOR, lambda row: row["p99_ms"]),
        ),
    ),
    (
        "CPU milliseconds a picture",
        (
            ("image function", FIRST_COLOR, lambda row: row["cpu_ms"].get("image function", 0)),
            ("all", SECOND_COLOR, lambda row: sum(row["cpu_ms"].values())),
        ),
    ),
)


def draw_plot(results: Mapping[str, Any], path: Path) -> None:
    """Write the PNG."""
    template = Template.compile(
        "curve", 1, load_published(json.dumps(document(results))), trusted=True
    )
    size = output_size(WIDTH, HEIGHT)
    renderer = Renderer(Fonts.load(ROOT / "layers/fonts"))
    drawn = renderer.render(
        PreparedRender(template, bind_defaults(template), size), {}, format="png"
    )
    path.write_bytes(drawn.image.body)


def document(results: Mapping[str, Any]) -> dict[str, Any]:
    """The plot as a template document: a panel for each kind of links and each measure."""
    layers = list(_headings(results["cores"]))
    for column, (name, _) in enumerate(COLUMNS):
        for line, (_, series) in enumerate(ROWS):
            corner = (LEFT + column * COLUMN, TOP + line * LINE)
            layers += _panel(results[name], series, corner)
    return {"width": WIDTH, "height": HEIGHT, "background": "#ffffff", "layers": layers}


def _headings(cores: int) -> Iterator[Layer]:
    yield _text(
        f"The whole service on {cores} cores: 600×300 JPEGs", 40, 28, 1100, size=30, weight=700
    )
    for column, (_, title) in enumerate(COLUMNS):
        x = LEFT + column * COLUMN
        yield _text(title, x, 84, PANEL_WIDTH, size=20, weight=600)
        foot = _text("connections", x, HEIGHT - 34, PANEL_WIDTH, size=14, color=MUTED_COLOR)
        yield {**foot, "align": "center"}
        for line, (measure, _) in enumerate(ROWS):
            yield _text(measure, x, TOP + line * LINE - 30, 240, size=15, color=MUTED_COLOR)


def _panel(rows: Sequence[Row], series: Sequence[Series], corner: tuple[int, int]) -> list[Layer]:
    x, y = corner
    top = _round_up(max(value(row) for _, _, value in series for row in rows))
    layers: list[Layer] = []
    for share in (0, 0.5, 1):
        line_y = y + PANEL_HEIGHT * (1 - share)
        layers.append(_rule(x, line_y))
        label = _text(f"{top * share:g}", x - 70, line_y - 9, 60, size=14, color=MUTED_COLOR)
        layers.append({**label, "align": "end"})
    centers = [x + PANEL_WIDTH * (n + 0.5) / len(rows) for n in range(len(rows))]
    for row, center in zip(rows, centers, strict=True):
        label = _text(f"{row['connections']}", center - 30, y + PANEL_HEIGHT + 8, 60, size=14)
        layers.append({**label, "align": "center", "color": MUTED_COLOR})
    for number, (name, color, value) in enumerate(series):
        heights = [y + PANEL_HEIGHT * (1 - value(row) / top) for row in rows]
        layers += _curve(list(zip(centers, heights, strict=True)), color)
        layers += _legend(name, color, x + PANEL_WIDTH - 230 + 150 * number, y - 28)
    return layers


def _curve(points: Sequence[tuple[float, float]], color: str) -> Iterator[Layer]:
    path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    canvas = {"width": WIDTH, "height": HEIGHT}
    if len(points) > 1:
        yield {"type": "path", **canvas, "d": path, "stroke": {"color": color, "width": 3}}
    for x, y in points:
        dot = {"x": x - 5, "y": y - 5, "width": 10, "height": 10, "fill": color}
        yield {"type": "ellipse", **dot}


def _legend(name: str, color: str, x: float, y: float) -> Iterator[Layer]:
    if name:
        yield {"type": "ellipse", "x": x, "y": y + 4, "width": 10, "height": 10, "fill": color}
        yield _text(name, x + 18, y, 130, size=14, color=TEXT_COLOR)


def _rule(x: float, y: float) -> Layer:
    line = {"color": GRID_COLOR, "width": 1}
    return {"type": "line", "x": x, "y": y, "width": PANEL_WIDTH, "height": 0, "stroke": line}


def _text(text: str, x: float, y: float, width: float, **properties: Any) -> Layer:
    layer = {"type": "text", "x": x, "y": y, "width": width, "text": text, "color": TEXT_COLOR}
    return {**layer, "max_lines": 1, **properties}


def _round_up(number: float) -> float:
    """The next larger of 1, 2, 4, 6 or 10 times a power of ten.

    >>> [_round_up(number) for number in (0.7, 37, 41, 650)]
    [1.0, 40.0, 60.0, 1000.0]
    """
    power = 1.0
    while power * 10 <= number:
        power *= 10
    while power > number:
        power /= 10
    return next(power * step for step in (1, 2, 4, 6, 10) if power * step >= number)
