"""Writes digits, spaces, signs and apostrophes of any script in ASCII."""

import re

_ASCII: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms
    **dict.fromkeys(map(ord, "\u200e\u200f\u061c\u200b\ufeff"), ""),
    **dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2013\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4`\u05f3"), "'"),
}


def to_ascii(text: str) -> str:
    """The text with plain digits, spaces, minus signs and apostrophes.

    Other characters stay: a superscript is no digit.

    >>> to_ascii("\\u0661\\u0662\\u202f\\u2212\\uff13\\u00b2")
    '12 -3\\u00b2'
    """
    if text.isascii():
        return text
    plain = text.translate(_ASCII)
    digits = (str(int(char)) if char.isdecimal() else char for char in plain)
    return re.sub(r"\s+", " ", "".join(digits)).strip()
