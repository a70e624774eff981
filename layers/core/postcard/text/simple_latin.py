"""Texts that need no looking at: most are, and looking takes patterns that are slow to compile."""

_FIRST_COMBINING_MARK = "\u0300"


def is_simple_latin(text: str) -> bool:
    """Whether all is printed, from left to right, a letter each: nothing joins, turns or breaks.

    The isolates round values change nothing among such letters. False says nothing.

    >>> is_latin("Zo\u00eb, \u2068hi\u2069"), is_latin("a\u0301"), is_latin("\u05d0")
    (True, False, False)
    """
    bare = text.replace("\u2068", "").replace("\u2069", "")
    if not bare.isprintable():
        return False
    return bare.isascii() or max(bare) < _FIRST_COMBINING_MARK
