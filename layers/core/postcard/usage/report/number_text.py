"""Numbers, shares, dollars and days as the page writes them."""

from datetime import date
from decimal import Decimal

MILLION, BILLION = 1_000_000, 1_000_000_000
COMPACT_FROM = 10 * MILLION
MAX_DECIMALS = 8
CENT = Decimal("0.01")


def count_text(number: int) -> str:
    """A count: `12,408`."""
    return f"{number:,}"


def large_count_text(number: int) -> str:
    """A count in few characters: `12,408`, `12.4 million`, `1.9 billion`."""
    if number < COMPACT_FROM:
        return count_text(number)
    if round(number / MILLION, 1) < 1_000:
        return f"{number / MILLION:.1f} million"
    return f"{number / BILLION:,.1f} billion"


def axis_text(number: int) -> str:
    """A count at an axis: `800`, `1.2k`, `3M`."""
    for size, letter in ((BILLION, "B"), (MILLION, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.2f}".rstrip("0").rstrip(".") + letter
    return str(number)


def share_text(part: int, whole: int) -> str:
    """A share: `93.4 %`, or `–` of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def dollar_text(dollars: Decimal) -> str:
    """US dollars: with cents, below one with three digits that count, below a cent with two.

    >>> dollar_text(Decimal("1234.5")), dollar_text(Decimal("0.000199712"))
    ('$1,234.50', '$0.0002')
    """
    if dollars >= 1:
        return f"${dollars:,.2f}"
    digits = 3 if dollars >= CENT else 2
    decimals = min(digits - 1 - dollars.adjusted(), MAX_DECIMALS) if dollars else 0
    text = f"{dollars:.{decimals}f}"
    return "$" + (text.rstrip("0").rstrip(".") if "." in text else text)


def day_text(day: date) -> str:
    """A day without its year: `23 Nov`."""
    return f"{day.day} {day:%b}"


def long_day_text(day: date) -> str:
    """A day with its weekday and year: `Mon 23 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def time_text(rfc3339: str) -> str:
    """A time of the API: `30 Nov 2026, 21:00 UTC`."""
    day = date.fromisoformat(rfc3339[:10])
    return f"{day_text(day)} {day.year}, {rfc3339[11:16]} UTC"


def change_text(now: int | Decimal, before: int | Decimal) -> str:
    """The change from `before`: `+12 %`, `−3 %`, `no change`, or nothing where it was 0."""
    if not before:
        return ""
    percent = round(100 * (Decimal(now) - Decimal(before)) / Decimal(before))
    if percent == 0:
        return "no change"
    return f"{'+' if percent > 0 else '−'}{abs(percent):,} %"
