"""Reads numbers as mail platforms, databases and spreadsheets write them.

Imported only for a text that is not in Postcard's own form (`values.py`): most values are. Where a
text has two readings (`1.250`) the locale decides, which imports Babel.
"""

import re

from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.fields.ascii_digits import to_ascii
from postcard.template.schema.locales import find_locale, is_american

MAX_NUMBER_LENGTH = 60

_SIGN = r"(?P<sign>[+-]?) ?"
_DECIMAL = lazy_regex(
    rf"{_SIGN}(?P<whole>[0-9]{{0,15}})(?:(?P<point>[.,\u066b])(?P<fraction>[0-9]{{1,40}}))?"
)
_GROUPED = lazy_regex(
    rf"{_SIGN}(?P<whole>[1-9][0-9]{{0,2}}(?P<group>[ '.,\u066c])"
    r"[0-9]{3}(?:(?P=group)[0-9]{3}){0,4})"
    r"(?:(?!(?P=group))(?P<point>[.,\u066b])(?P<fraction>[0-9]{1,40}))?"
)
_GROUPED_IN_PAIRS = lazy_regex(  # as in India: 12,34,567.50
    rf"{_SIGN}(?P<whole>[1-9][0-9]?(?:,[0-9]{{2}}){{1,6}},[0-9]{{3}})"
    r"(?:\.(?P<fraction>[0-9]{1,40}))?"
)


def read_localized_number(given: str, locale: str) -> float | None:
    """The number, rounded to six decimals; None if the text has no reading as a number.

    >>> read_localized_number("1.250,50", "en"), read_localized_number("1 250", "en")
    (1250.5, 1250.0)
    >>> read_localized_number("1.250", "en"), read_localized_number("1.250", "de")
    (1.25, 1250.0)
    """
    if len(given) > MAX_NUMBER_LENGTH:
        return None
    text = to_ascii(given).replace("\u060c", ",")
    decimal = _DECIMAL.fullmatch(text)
    grouped = _GROUPED.fullmatch(text) or _GROUPED_IN_PAIRS.fullmatch(text)
    match = decimal or grouped
    if decimal and grouped:  # 1.250 or 1,250
        match = decimal if decimal["point"] == decimal_separator(locale) else grouped
    if match is None:
        return None
    whole, fraction = re.sub(r"[^0-9]", "", match["whole"]), match["fraction"] or "0"
    if not match["whole"] and not match["fraction"]:
        return None
    number = float(f"{whole or '0'}.{fraction}")
    return round(-number if match["sign"] == "-" else number, 6)


def decimal_separator(locale: str) -> str:
    """What the locale writes before decimals in Latin digits: `.` or `,`."""
    if is_american(locale) or (found := find_locale(locale)) is None:
        return "."
    symbols = found.number_symbols
    latin = symbols.get("latn") or symbols[found.default_numbering_system]
    return "," if latin["decimal"] == "," else "."


def accepted_forms(locale: str) -> str:
    """A sentence about the forms of a number, with what two of them mean in the locale."""
    dot, comma = (read_localized_number(text, locale) for text in ("1.250", "1,250"))
    return (
        "1250, 1 250, 1'250, 1,250.50 or 1.250,50; "
        f"1.250 is {dot:g} and 1,250 is {comma:g} in the locale {locale}."
    )
