"""Cells that a spreadsheet would run are escaped; telephone numbers and amounts are not."""

import itertools

import pytest

from postcard.campaigns.tables.formula_cells import escape_formula


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "=1+1",
            " =1",
            "=",
            "+1+1",
            "-A1",
            "-1+cmd|' /C calc'!A0",
            "@SUM(1)",
            "\t=1",
            "\r",
            "\n1",
        ),
        *(
            "＝1",
            "＋A1",
            "－A1",
            "＠x",
            "\u00a0=1",
            "\u3000＝1",
            "+1 555 0100 x5",
            "-(A1)",
        ),
        *('=HYPERLINK("https://x","y")', "+45;1", "-1*2", "+1^2", "-1%A1", "+1&2", "=+45 12"),
    ],
)
def test_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "",
            "Ann",
            "'=1",
            "a=1",
            "1+1",
            "(+45) 12",
            "-3.50",
            "+",
            "+-",
            "-",
            "+4",
            "－3",
            "＋８１ ３ １２３４",
        ),
        *("+45 12 34 56 78", "+1 (555) 010-9999", "+49 (0) 30/123 456", "-1,250.00", "- 5"),
        *("+1 555‑010‑9999", "+33\u00a01\u00a023", "user@example.com", "2026-12-01"),
    ],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert escape_formula(cell) == cell


def test_telephone_numbers_stay_in_a_thousand_forms() -> None:
    countries, areas = (
        ("1", "44", "45", "49", "353", "81", "972"),
        ("{}", "({})", "(0){}", "(0) {}"),
    )
    signs = ("+", "＋")
    between = (" ", "-", ".", "/", " - ", "\u00a0", "‑", "")
    ends = ("010 9999", "0109999", "010-99-99", "01.09.99.9", "010/9999")
    forms = [
        f"{sign}{country}{gap}{area.format('555')}{gap}{end}"
        for sign, country, area, gap, end in itertools.product(
            signs, countries, areas, between, ends
        )
    ]
    assert len(forms) > 1000
    assert [form for form in forms if escape_formula(form) != form] == []
