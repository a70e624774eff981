"""Writes numbers and amounts of money by the rules of CLDR.

Babel has CLDR's patterns and symbols, but its formatter does not apply a locale's minus sign, its
decimal point of money, its minimum grouping digits, or the space beside a currency's letters.
"""

import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

Affixes = tuple[tuple[str, str], tuple[str, str]]  # prefix and suffix; positive, negative

_NO_BREAK_SPACE = "\u00a0"
# Locales that write 1234 without a separator, but 12.345 with one: CLDR's minimumGroupingDigits is
# 2. Babel leaves it out of its data. The territories of a language, or all.
_ALL = frozenset[str | None]()
_FOUR_DIGITS_UNGROUPED = {
    **dict.fromkeys(("be", "bg", "et", "hu", "hy", "ia", "ie"), _ALL),
    **dict.fromkeys(("it", "ka", "lv", "pl", "sl", "sq"), _ALL),
    "es": frozenset((None, "EA", "ES", "GQ", "IC", "PH")),
    "pt": frozenset(("CH", "CV", "GQ", "GW", "LU", "MO", "MZ", "PT", "ST", "TL")),
    "ru": frozenset(("UA",)),
}
_SWISS = {"group": "'"}
# Symbols that CLDR has and Babel's data does not: it omits drafts, and CLDR 48 changed the Swiss.
_SYMBOLS = {
    **dict.fromkeys(("de_CH", "de_LI", "en_CH", "it_CH", "gsw", "gsw_CH", "gsw_LI"), _SWISS),
    "de_AT": {"group": _NO_BREAK_SPACE, "currencyGroup": "."},
    "fr_MA": {"group": "."},
    "pt_CV": {"currencyDecimal": "$"},
}
# Likewise the places of a currency's sign, and signs: of a locale, or of all of its language.
_AFFIXES = {
    **dict.fromkeys(("es_AR", "es_CO"), ("\u00a4\u00a0", "")),
    "es_GQ": ("\u00a4", ""),
    "fa_AF": ("\u00a4\u00a0", ""),
}
_NATIVE_AFFIXES = {  # by language and numbering system: Babel has the pattern of one only
    ("ar", "arab"): ("\u200f", "\u00a0\u00a4"),
    ("fa", "arabext"): ("\u200e\u00a4", ""),
}
_CURRENCY_SIGNS = {
    ("bn_IN", "USD"): "$",
    ("de_LI", "EUR"): "EUR",
    ("ru", "UAH"): "грн.",
    ("sw_KE", "USD"): "$",
    ("uk", "UAH"): "грн",
    **{(f"zh_Hans_{place}", "CNY"): "CN\u00a5" for place in ("HK", "MO", "SG")},
}
# English of Europe writes euros as the institutions of the EU do, whatever the country's numbers.
_EUROPEAN_ENGLISH = (
    "150", "BE", "CH", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GE", "HU", "IT", "LT", "LV",
    "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "UA",
)  # fmt: skip


def format_number(
    amount: Decimal,
    places: tuple[int, int],
    pattern: "NumberPattern",
    locale: "Locale",
    numbering_system: str,
    currency: str | None = None,
) -> str:
    """The amount in a pattern of the locale; `places` are the least and the most decimals.

    The digits are ASCII. A rounded amount of zero has no minus sign.
    """
    symbols = {
        **locale.number_symbols["latn"],
        **locale.number_symbols.get(numbering_system, {}),
        **_SYMBOLS.get(str(locale), {}),
    }
    decimal, group = symbols.get("decimal", "."), symbols.get("group", ",")
    affixes = (pattern.prefix, pattern.suffix)
    if currency:
        decimal = symbols.get("currencyDecimal", decimal)
        group = symbols.get("currencyGroup", group)
        affixes = _currency_affixes(locale, numbering_system, affixes)
    if currency == "EUR" and locale.language == "en" and locale.territory in _EUROPEAN_ENGLISH:
        decimal, group, affixes = ".", ",", _with_minus(("\u00a4", ""))
    integer, _, fraction = f"{abs(amount):.{places[1]}f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places[0], "0")
    number = _group_digits(integer, pattern.grouping, group, _minimum_grouping(locale))
    number += decimal + fraction if fraction else ""
    minus = symbols.get("minusSign", "-")
    prefix, suffix = (_unquote(affix[amount < 0]).replace("-", minus) for affix in affixes)
    if currency:
        symbol = _currency_sign(locale, currency)
        prefix, suffix = _with_symbol(prefix, suffix, symbol)
    return prefix + number + suffix


def _currency_affixes(locale: "Locale", numbering_system: str, affixes: Affixes) -> Affixes:
    """The affixes of the pattern of money, each for a positive and for a negative amount."""
    stated = _AFFIXES.get(str(locale)) or _NATIVE_AFFIXES.get((locale.language, numbering_system))
    return _with_minus(stated) if stated else affixes


def _with_minus(affixes: tuple[str, str]) -> Affixes:
    prefix, suffix = affixes
    return (prefix, "-" + prefix), (suffix, suffix)


def _currency_sign(locale: "Locale", currency: str) -> str:
    for name in (str(locale), locale.language):
        if (name, currency) in _CURRENCY_SIGNS:
            return _CURRENCY_SIGNS[name, currency]
    return str(locale.currency_symbols.get(currency, currency))


def _group_digits(digits: str, sizes: tuple[int, int], separator: str, minimum: int) -> str:
    """The digits in groups: the last of `sizes[0]`, the others of `sizes[1]` digits.

    >>> _group_digits("1234567", (3, 2), ",", 1), _group_digits("1234", (3, 3), ".", 2)
    ('12,34,567', '1234')
    """
    size = sizes[0]
    if len(digits) < size + minimum:
        return digits
    groups: list[str] = []
    while len(digits) > size:
        groups.append(digits[-size:])
        digits, size = digits[:-size], sizes[1]
    return separator.join([digits, *reversed(groups)])


def _minimum_grouping(locale: "Locale") -> int:
    territories = _FOUR_DIGITS_UNGROUPED.get(locale.language)
    if territories is None:
        return 1
    return 2 if territories is _ALL or locale.territory in territories else 1


def _with_symbol(prefix: str, suffix: str, symbol: str) -> tuple[str, str]:
    """The affixes with the currency's symbol, and a space if its letters touch the digits."""
    if prefix.endswith("\u00a4") and _needs_space(symbol[-1:]):
        prefix += _NO_BREAK_SPACE
    if suffix.startswith("\u00a4") and _needs_space(symbol[:1]):
        suffix = _NO_BREAK_SPACE + suffix
    return prefix.replace("\u00a4", symbol), suffix.replace("\u00a4", symbol)


def _needs_space(character: str) -> bool:
    """CLDR's currencySpacing: all but signs and spaces are set apart from digits."""
    return unicodedata.category(character)[0] not in "SZ" if character else False


def _unquote(affix: str) -> str:
    return affix.replace("''", "\0").replace("'", "").replace("\0", "'")
