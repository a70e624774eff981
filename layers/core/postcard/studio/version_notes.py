"""Reads the note that an author sends with a version, in the header `Postcard-Note`."""

import unicodedata
from urllib.parse import unquote_to_bytes

from postcard.errors import BadRequest, Fault
from postcard.template.schema.graphemes import too_many_graphemes

MAX_GRAPHEMES = 200
MAX_CHARACTERS = 2_000  # of a note whose graphemes have many characters each


def read_note(header: str | None) -> str:
    """The note as text; `BadRequest`. It is percent-encoded UTF-8, since headers are ASCII.

    >>> read_note("Gr%C3%BCn instead of red, 50% off")
    'Grün instead of red, 50% off'
    """
    if header is None:
        return ""
    if not header.isascii():
        raise _bad_note("percent-encode it, as encodeURIComponent does")
    try:
        note = unquote_to_bytes(header).decode().strip()
    except UnicodeDecodeError:
        raise _bad_note("percent-encode it in UTF-8, as encodeURIComponent does") from None
    if len(note) > MAX_CHARACTERS or too_many_graphemes(note, MAX_GRAPHEMES):
        raise _bad_note(f"send at most {MAX_GRAPHEMES} characters")
    if any(unicodedata.category(character) == "Cc" for character in note):
        raise _bad_note("send one line, without control characters")
    return note


def _bad_note(advice: str) -> BadRequest:
    detail = f"The note in Postcard-Note cannot be stored: {advice}."
    return BadRequest(detail, errors=[Fault("invalid_request", "/Postcard-Note", detail)])
