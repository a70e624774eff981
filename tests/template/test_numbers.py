"""Numbers and amounts of money, compared with those that Chromium writes."""

import json
from datetime import UTC
from typing import Any

import pytest

from postcard.template.liquid.locale_filters import LocaleFilters
from tests.template.chromium_amounts import AMOUNTS, TABLE, pairs

ROWS = json.loads(TABLE.read_text(encoding="utf-8"))


def test_the_table_has_every_pair() -> None:
    assert [(tag, currency) for tag, currency, *_ in ROWS] == pairs()
    assert len(ROWS) >= 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_numbers_and_amounts_are_those_of_chromium(row: list[Any]) -> None:
    tag, currency, *expected = row
    filters = LocaleFilters(tag, UTC)
    written = [[filters.number(n), filters.currency(n, currency)] for n in AMOUNTS]
    assert written == expected


@pytest.mark.parametrize(
    ("tag", "number", "amount"),
    [
        ("he-IL", "\u200e-1,234.5", "\u200f\u200e-1,234.50\u00a0\u200f\u20aa"),
        ("sv-SE", "\u22121\u00a0234,5", "\u22121\u00a0234,50\u00a0\u20aa"),
        ("en-US", "-1,234.5", "-\u20aa1,234.50"),
        ("es-ES", "-1234,5", "-1234,50\u00a0ILS"),
        ("kk-KZ", "-1\u00a0234,5", "-1\u00a0234,50\u00a0\u20aa"),
    ],
)
def test_a_minus_sign_is_the_locales(tag: str, number: str, amount: str) -> None:
    filters = LocaleFilters(tag, UTC)
    assert (filters.number(-1234.5), filters.currency(-1234.5, "ILS")) == (number, amount)


def test_a_rounded_amount_of_zero_has_no_minus_sign() -> None:
    filters = LocaleFilters("en-US", UTC)
    assert (filters.number(-0.0004), filters.currency(-0.001, "USD")) == ("0", "$0.00")


def test_money_in_the_locales_own_digits_has_their_pattern() -> None:
    """As Chromium's `Intl.NumberFormat` writes it, which has patterns by numbering system."""
    arabic, persian = (LocaleFilters(tag, UTC, native_digits=True) for tag in ("ar-EG", "fa-IR"))
    assert arabic.currency(-12.5, "USD") == "\u061c-\u200f\u0661\u0662\u066b\u0665\u0660\u00a0US$"
    assert persian.currency(-12.5, "USD") == "\u200e\u2212\u200e$\u06f1\u06f2\u066b\u06f5\u06f0"
    assert persian.currency(12, "EUR", 0) == "\u200e\u20ac\u06f1\u06f2"


def test_the_locales_own_digits_keep_its_signs() -> None:
    filters = LocaleFilters("ar-EG", UTC, native_digits=True)
    assert filters.number(-1234.5) == "\u061c-\u0661\u066c\u0662\u0663\u0664\u066b\u0665"
