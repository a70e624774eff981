"""Escapes cells that a spreadsheet would run as formulas (OWASP: CSV injection)."""

import re

from postcard.runtime.lazy_regex import lazy_regex

FIRST_SIGNS = "=+-@\t\r\n＝＋－＠"  # the last four are full-width forms
_BLANKS = " \u00a0\u2007\u202f\u3000"
MAY_BE_FIRST = frozenset(FIRST_SIGNS + _BLANKS)  # of a cell that is a formula
# A sign, then only digits and what stands between them: no letters that could name a cell or call
# something, no operator but - and /. So telephone numbers and amounts stay as they are.
_NUMBER = lazy_regex(r"[+\-＋－][0-9０-９ ().,/\-\u00a0\u2007\u2010-\u2015\u202f\u3000]*", re.ASCII)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may take the cell for a formula.

    >>> [is_formula(cell) for cell in ("=1+1", " =1", "+1+1", "-A1", "+45 12 34 56 78", "-3.50")]
    [True, True, True, True, False, False]
    """
    text = cell.lstrip(_BLANKS)
    return text.startswith(tuple(FIRST_SIGNS)) and not _NUMBER.fullmatch(text)


def escape_formula(cell: str) -> str:
    """The cell, with an apostrophe before it if it is a formula."""
    return f"'{cell}" if cell and cell[0] in MAY_BE_FIRST and is_formula(cell) else cell
