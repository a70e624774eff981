"""A bar plot over days as a figure: SVG with a title for each bar, axes as text, and a table.

The SVG is stretched to the figure's width, so that axes keep the page's size of text from 320
pixels on. Colours come from classes: a Content-Security-Policy refuses inline styles.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from postcard.usage.report.elements import Element, element
from postcard.usage.report.number_text import axis_text, count_text
from postcard.usage.report.period import Interval

HEIGHT = 160  # units of the SVG; a bar is 10 units wide with its gap
UNIT = 10
TICK_STEPS = (1, 2, 2.5, 5, 10)
MAX_TICKS = 5
FEW_BARS, MANY_BARS = 12, 45
X_LABELS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a plot: its name, its CSS class, and a number for each interval."""

    name: str
    css_class: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class BarPlot:
    """What a plot shows. Series are stacked, the first at the bottom.

    `noun` is what is counted ("first opens"). `incomplete` says of an interval whether its
    numbers still grow.
    """

    plot_id: str
    title: str
    noun: str
    intervals: Sequence[Interval]
    series: Sequence[Series]
    incomplete: Callable[[Interval], bool] = lambda _: False


def bar_plot(plot: BarPlot) -> Element:
    """The figure of a plot."""
    totals = [sum(values) for values in zip(*(each.values for each in plot.series), strict=True)]
    ticks = axis_ticks(max(totals, default=0))
    return element(
        "figure",
        _caption(plot),
        element(
            "div",
            _y_axis(ticks),
            element("div", _grid(len(ticks)), _svg(plot, totals, ticks[-1]), class_="plot-area"),
            _x_axis(plot.intervals),
            class_="plot-frame",
        ),
        _incomplete_note(plot),
        _table(plot, totals),
        class_="plot",
    )


def axis_ticks(largest: int) -> list[int]:
    """Round numbers from 0 to at least `largest`, at equal distances, at most five."""
    if largest <= 1:
        return [0, 1]
    magnitude = 10 ** max(0, math.floor(math.log10(largest)) - 1)
    for scale in (magnitude, magnitude * 10):
        for step in TICK_STEPS:
            distance = step * scale
            count = math.ceil(largest / distance)
            if distance == int(distance) and count < MAX_TICKS:
                return [int(distance) * index for index in range(count + 1)]
    raise AssertionError("ten times the magnitude has fewer ticks")


# --- parts


def _caption(plot: BarPlot) -> Element:
    legend = [
        element("span", element("span", class_=f"legend-swatch {each.css_class}"), each.name)
        for each in plot.series
        if len(plot.series) > 1
    ]
    return element(
        "figcaption",
        element("h2", plot.title, id=f"plot-{plot.plot_id}"),
        *([element("p", *legend, class_="legend")] if legend else []),
    )


def _svg(plot: BarPlot, totals: Sequence[int], top: int) -> Element:
    bars = [_bar(plot, index, total, top) for index, total in enumerate(totals)]
    return element(
        "svg",
        *bars,
        role="img",
        aria_label=_description(plot, totals),
        viewBox=f"0 0 {UNIT * len(bars)} {HEIGHT}",
        preserveAspectRatio="none",
        class_="plot-bars",
    )


def _description(plot: BarPlot, totals: Sequence[int]) -> str:
    text = f"{plot.title}: {count_text(sum(totals))} {plot.noun}."
    if any(totals):
        most = max(range(len(totals)), key=totals.__getitem__)
        text += f" Most on {plot.intervals[most].label}: {count_text(totals[most])}."
    return f"{text} The table below has all numbers."


def _bar(plot: BarPlot, index: int, total: int, top: int) -> Element:
    """The bar of an interval; the rectangle behind it makes its title easy to reach."""
    heights = [HEIGHT * each.values[index] / top for each in plot.series]
    feet = [0.0, *accumulate(heights)]
    width = UNIT * _bar_share(len(plot.intervals))
    x = UNIT * index + (UNIT - width) / 2
    rectangles = [
        element(
            "rect",
            x=_number(x),
            y=_number(HEIGHT - foot - height),
            width=_number(width),
            height=_number(height),
            class_=each.css_class,
        )
        for each, foot, height in zip(plot.series, feet, heights, strict=False)
        if height
    ]
    is_open = plot.incomplete(plot.intervals[index])
    return element(
        "g",
        element("title", _tooltip(plot, index, total)),
        element("rect", x=UNIT * index, y=0, width=UNIT, height=HEIGHT, class_="bar-hover"),
        *rectangles,
        class_="bar incomplete" if is_open else "bar",
    )


def _bar_share(bars: int) -> float:
    """The part of its place that a bar fills: few bars are slim, many are close together."""
    return 0.5 if bars <= FEW_BARS else 0.7 if bars <= MANY_BARS else 0.8


def _tooltip(plot: BarPlot, index: int, total: int) -> str:
    interval = plot.intervals[index]
    text = f"{interval.label}: {count_text(total)} {plot.noun}"
    if len(plot.series) > 1:
        parts = (f"{each.name.lower()} {count_text(each.values[index])}" for each in plot.series)
        text += f" ({', '.join(parts)})"
    return f"{text}, not complete yet" if plot.incomplete(interval) else text


def _y_axis(ticks: Sequence[int]) -> Element:
    labels = [element("span", axis_text(tick)) for tick in reversed(ticks)]
    return element("div", *labels, class_="y-axis", aria_hidden="true")


def _grid(ticks: int) -> Element:
    lines = [element("span") for _ in range(ticks)]
    return element("div", *lines, class_="grid-lines", aria_hidden="true")


def _x_axis(intervals: Sequence[Interval]) -> Element:
    """Some labels at equal distances: the first and the last at the plot's ends."""
    count = min(X_LABELS, len(intervals))
    last = len(intervals) - 1
    places = sorted({round(index * last / max(1, count - 1)) for index in range(count)})
    labels = [element("span", intervals[place].short_label) for place in places]
    return element("div", *labels, class_="x-axis", aria_hidden="true")


def _incomplete_note(plot: BarPlot) -> Element:
    if not any(map(plot.incomplete, plot.intervals)):
        return element("p", class_="plot-note")
    return element("p", "Pale bars are not complete yet.", class_="plot-note")


def _table(plot: BarPlot, totals: Sequence[int]) -> Element:
    """All numbers, newest first."""
    is_stacked = len(plot.series) > 1
    columns = [each.name for each in plot.series] + (["All"] if is_stacked else [])
    head = element(
        "tr",
        element("th", "Day" if _are_days(plot.intervals) else "Week", scope="col"),
        *(element("th", name, scope="col", class_="numeric") for name in columns),
    )
    rows = [
        element(
            "tr",
            element("th", _row_label(plot, plot.intervals[index]), scope="row"),
            *(
                element("td", count_text(number), class_="numeric")
                for number in (
                    *(each.values[index] for each in plot.series),
                    *([totals[index]] if is_stacked else []),
                )
            ),
        )
        for index in reversed(range(len(totals)))
    ]
    table = element(
        "table",
        element("caption", plot.title, class_="visually-hidden"),
        element("thead", head),
        element("tbody", *rows),
        class_="numbers",
    )
    return element(
        "details",
        element("summary", "As a table", aria_label=f"As a table: {plot.title}"),
        element(
            "div",
            table,
            class_="table-scroll",
            role="region",
            aria_label=f"{plot.title}, as a table",
            tabindex=0,
        ),
        class_="plot-table",
    )


def _row_label(plot: BarPlot, interval: Interval) -> str:
    return f"{interval.label}, so far" if plot.incomplete(interval) else interval.label


def _are_days(intervals: Sequence[Interval]) -> bool:
    return all(each.first == each.last for each in intervals)


def _number(value: float) -> str:
    """At most two decimals, which is finer than a pixel."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
