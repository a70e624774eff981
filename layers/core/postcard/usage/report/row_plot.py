"""A plot of named amounts as a table whose rows have a bar each."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from postcard.usage.report.elements import Element, element


@dataclass(frozen=True, slots=True)
class Amount:
    """A row of the plot: what it is, how much, and the amount as text."""

    label: str
    amount: int | Decimal
    text: str


def row_plot(plot_id: str, title: str, columns: tuple[str, str], rows: Sequence[Amount]) -> Element:
    """The figure of these rows, largest first. It shows its numbers, so it needs no table."""
    largest = max((row.amount for row in rows), default=0)
    head = element(
        "tr",
        element("th", columns[0], scope="col"),
        element("th", columns[1], scope="col"),
        class_="visually-hidden",
    )
    ordered = sorted(rows, key=lambda row: (-row.amount, row.label))
    return element(
        "figure",
        element("figcaption", element("h2", title, id=f"plot-{plot_id}")),
        element(
            "table",
            element("caption", title, class_="visually-hidden"),
            element("thead", head),
            element("tbody", *(_row(row, largest) for row in ordered)),
            class_="row-plot",
        ),
        class_="plot",
    )


def _row(row: Amount, largest: int | Decimal) -> Element:
    length = f"{100 * float(row.amount) / float(largest):.2f}" if largest else "0"
    bar = element("rect", x=0, y=0, width=length, height=1, class_="series-1")
    return element(
        "tr",
        element("th", row.label, scope="row"),
        element(
            "td",
            element("span", row.text, class_="numeric"),
            element(
                "svg",
                bar,
                viewBox="0 0 100 1",
                preserveAspectRatio="none",
                class_="row-bar",
                aria_hidden="true",
            ),
        ),
    )
