"""Fonts broken at random, the same each time, tried one after another in a bounded process.

    python -m tests.security.broken_fonts COUNT [SEED]

Prints a line of JSON: how many were refused, how many taken, and those that ended otherwise.
"""

import json
import logging
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from postcard.font_sanitizer.sanitize import sanitize
from postcard.text.font_file import FontError
from postcard.text.glyphs import can_draw
from tests.fonts import box_font, font_bytes, open_font, space_grotesk_as, upside_down_font, woff2

MAX_MEMORY_BYTES = 1_000_000_000  # bytes of addresses


def valid_fonts() -> list[bytes]:
    """What is broken: each kind of outlines and of packing, with kerning, axes and marks."""
    small = [box_font("ABCabc", outlines=kind) for kind in ("glyf", "CFF ", "CFF2")]
    return [
        *small,
        upside_down_font(),
        space_grotesk_as(),
        woff2(box_font("AB")),
        woff2(space_grotesk_as()),
        _with_kern_table(),
        _with_composite_glyphs(),
    ]


def _with_kern_table() -> bytes:
    """With the old table of kerning."""
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

    font = open_font(box_font("AB"))
    pairs = KernTable_format_0()
    pairs.version, pairs.coverage, pairs.tupleIndex = 0, 1, None
    pairs.kernTable = {("u0041", "u0042"): -50}
    font["kern"] = newTable("kern")
    font["kern"].version, font["kern"].kernTables = 0, [pairs]
    return font_bytes(font)


def _with_composite_glyphs() -> bytes:
    """With a letter made of others."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    font = open_font(box_font("ABC"))
    for name, part in (("u0042", "u0041"), ("u0043", "u0042")):
        pen = TTGlyphPen(font.getGlyphSet())
        pen.addComponent(part, (0.5, 0, 0, 0.5, 10, 10))
        font["glyf"][name] = pen.glyph()
    return font_bytes(font)


def corrupt(body: bytes, chance: Random) -> bytes:
    """One to eight places changed; now and then cut, doubled, or nothing but noise."""
    kind = chance.randrange(20)
    if kind == 0:
        return body[: chance.randrange(len(body))]
    if kind == 1:
        return body[:4] + chance.randbytes(chance.randrange(2000))
    if kind == 2:
        at = chance.randrange(len(body))
        return body[:at] + body[at : at + 64] * chance.randrange(1, 5) + body[at:]
    changed = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at = _corruption_offset(len(body), chance)
        size = chance.choice((1, 1, 2, 4))
        value = chance.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", chance.randbytes(4)))
        changed[at : at + size] = value[:size]
    return bytes(changed[: len(body)])


def _corruption_offset(length: int, chance: Random) -> int:
    """Half of them in the list of tables and the first bytes of these, where offsets stand."""
    return chance.randrange(min(length, 600)) if chance.random() < 0.5 else chance.randrange(length)


def _outcome(body: bytes) -> str:
    """What we write is sound to us, too: it is taken again and says the same of itself."""
    try:
        written, card = sanitize(body)
    except FontError:
        return "refused"
    if not can_draw(written, card.character_ranges[:200]):
        return "refused"
    return "taken" if sanitize(written)[1] == card else "unsteady"


def main(count: int, seed: int = 1) -> None:
    """Try them all."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    logging.disable(logging.CRITICAL)
    chance, fonts = Random(seed), valid_fonts()
    outcomes: Counter[str] = Counter()
    others: list[str] = []
    slowest = 0.0
    for number in range(count):
        began = time.process_time()
        try:
            outcomes[_outcome(corrupt(chance.choice(fonts), chance))] += 1
        except Exception as failure:  # it is what is looked for
            others.append(f"{number}: {type(failure).__name__}: {failure}"[:200])
        slowest = max(slowest, time.process_time() - began)
    told = {**outcomes, "others": others, "slowest": round(slowest, 2)}
    print(json.dumps({**told, "megabytes": peak_memory_megabytes("self")}))


def peak_memory_megabytes(process: int | str) -> int:
    """The most memory that a process had. Its `ru_maxrss` would be that of who started it."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
