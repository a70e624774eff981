"""The table of a full run's figures."""

from tests.trust.results_table import RUN, table


def test_a_figure_is_a_row_with_its_command() -> None:
    figure = {"what": "invalid links", "test": "tests/trust/test_links.py", "links": 1_000_000}
    assert table([figure])[2:] == [
        f"| invalid links | links 1,000,000 | `{RUN} tests/trust/test_links.py` |"
    ]


def test_figures_of_many_cases_are_one_row() -> None:
    figures = [
        {"what": "hosts", "test": "t.py", "host": f"h{n}", "seconds": n / 10, "shown": "right"}
        for n in range(9)
    ]
    (row,) = table([*figures, {**figures[8], "seconds": 3.1, "shown": "dependency"}])[2:]
    assert row == (
        f"| hosts | 10 tried; seconds at most 3.1; shown dependency: 1, right: 9 | `{RUN} t.py` |"
    )


def test_integers_are_summed_and_the_last_figure_of_a_case_counts() -> None:
    figures = [
        {"what": "calls", "call": "GET /a", "cases": 5, "statuses": {"200": 5}},
        {"what": "calls", "call": "GET /b", "cases": 7, "statuses": {"200": 1, "404": 6}},
        {"what": "calls", "call": "GET /b", "cases": 8, "statuses": {"200": 2, "404": 6}},
    ]
    (row,) = table(figures)[2:]
    assert "cases 13; statuses 200: 7, 404: 6" in row
