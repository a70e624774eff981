"""A quick test for texts that need no Unicode algorithms, nor the patterns they would compile.

A module of its own so that callers need not load ICU or FriBidi.
"""

_FIRST_COMBINING_MARK = "\u0300"


def is_simple_latin(text: str) -> bool:
    """Whether all characters are printable Latin letters or signs, each a grapheme of its own.

    Such a text reads from left to right. Isolates around values are allowed, since they change
    nothing. False for some texts that are as simple.

    >>> texts = "Zo\u00eb, \u2068hi\u2069", "a\u0301", "\u05d0"
    >>> [is_simple_latin(text) for text in texts]
    [True, False, False]
    """
    without_isolates = text.replace("\u2068", "").replace("\u2069", "")
    if not without_isolates.isprintable():
        return False
    return without_isolates.isascii() or max(without_isolates) < _FIRST_COMBINING_MARK
