"""A font's file: its tables, and the card that we put among them.

The card (a table of our own, which FreeType and HarfBuzz pass over) says in JSON what the font can,
as `coverage.json` does of the fonts that ship: nobody opens the font to ask.
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from postcard.runtime.lazy_dataclass import dataclass

CARD = "card"
MOST_TABLES = 64
KINDS = {b"\x00\x01\x00\x00": "font/ttf", b"true": "font/ttf", b"OTTO": "font/otf"}

_HEAD = struct.Struct(">4sHHHH")
_ENTRY = struct.Struct(">4sIII")


class FontError(ValueError):
    """The bytes are no font that we take; the text says what to do, for people."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a font can. `rows` are its faces as `Fonts` takes them, `letters` first and last in
    turn of those it has.
    """

    family: str
    rows: Sequence[Mapping[str, Any]]
    letters: str


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font on disk that was written by us."""

    path: str
    card: Card


def tables(body: bytes) -> dict[str, bytes]:
    """The tables by name; `FontError` where they overlap, repeat or lie outside the file."""
    if len(body) < _HEAD.size or body[:4] not in KINDS:
        raise FontError("it is no TTF or OTF")
    count = _HEAD.unpack_from(body)[1]
    end = _HEAD.size + count * _ENTRY.size
    if not 0 < count <= MOST_TABLES or end > len(body):
        raise FontError("its list of tables is broken")
    entries = [_ENTRY.unpack_from(body, _HEAD.size + n * _ENTRY.size) for n in range(count)]
    _check_places(((start, length) for _, _, start, length in entries), end, len(body))
    found = {
        tag.decode("latin-1"): body[start : start + length] for tag, _, start, length in entries
    }
    if len(found) < count:
        raise FontError("it has a table twice")
    return found


def read_card(body: bytes) -> Card:
    """The card of a font that was written by us; `FontError` if it has none."""
    try:
        told = json.loads(tables(body)[CARD])
        return Card(told["family"], told["rows"], told["letters"])
    except (KeyError, TypeError, ValueError) as error:
        raise FontError("it was not written by us") from error


def write_card(card: Card) -> bytes:
    """The table that holds a card."""
    told = {"family": card.family, "rows": card.rows, "letters": card.letters}
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode("ascii")


def _check_places(places: Iterable[tuple[int, int]], start: int, size: int) -> None:
    reached = start
    for begin, length in sorted(places):
        if begin < reached:
            raise FontError("its tables overlap")
        reached = begin + length
    if reached > size:
        raise FontError("it is cut short")
