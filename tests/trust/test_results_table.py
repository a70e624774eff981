"""The table of figures says what was counted."""

from tests.trust.results_table import RUN, table


def test_a_figure_is_a_row_with_its_command() -> None:
    told = {"what": "spoilt links", "test": "tests/trust/test_links.py", "links": 1_000_000}
    assert table([told])[2:] == [
        f"| spoilt links | links 1,000,000 | `{RUN} tests/trust/test_links.py` |"
    ]


def test_a_figure_told_for_each_of_many_is_one_row() -> None:
    told = [
        {"what": "hosts", "test": "t.py", "host": f"h{n}", "seconds": n / 10, "shown": "right"}
        for n in range(9)
    ]
    (row,) = table([*told, {**told[8], "seconds": 3.1, "shown": "dependency"}])[2:]
    assert row == (
        f"| hosts | 10 tried; seconds at most 3.1; shown dependency: 1, right: 9 | `{RUN} t.py` |"
    )


def test_whole_numbers_are_added_and_the_last_of_the_same_counts() -> None:
    told = [
        {"what": "calls", "call": "GET /a", "cases": 5, "answered": {"200": 5}},
        {"what": "calls", "call": "GET /b", "cases": 7, "answered": {"200": 1, "404": 6}},
        {"what": "calls", "call": "GET /b", "cases": 8, "answered": {"200": 2, "404": 6}},
    ]
    (row,) = table(told)[2:]
    assert "cases 13; answered 200: 7, 404: 6" in row
