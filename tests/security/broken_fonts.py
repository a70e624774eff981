"""Sanitizes randomly broken fonts, the same ones each time, in a process with limited memory.

    python -m tests.security.broken_fonts COUNT [SEED]

Prints a line of JSON: how many were refused, how many accepted, and unexpected errors.
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

MAX_MEMORY_BYTES = 1_000_000_000


def valid_fonts() -> list[bytes]:
    """The valid fonts to break: each kind of outlines and container, with kerning and axes."""
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
    """A font with a `kern` table."""
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
    """A font with composite glyphs."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    font = open_font(box_font("ABC"))
    for name, part in (("u0042", "u0041"), ("u0043", "u0042")):
        pen = TTGlyphPen(font.getGlyphSet())
        pen.addComponent(part, (0.5, 0, 0, 0.5, 10, 10))
        font["glyf"][name] = pen.glyph()
    return font_bytes(font)


def corrupt(body: bytes, random: Random) -> bytes:
    """Change one to eight places; sometimes cut, repeat, or replace all by noise."""
    kind = random.randrange(20)
    if kind == 0:
        return body[: random.randrange(len(body))]
    if kind == 1:
        return body[:4] + random.randbytes(random.randrange(2000))
    if kind == 2:
        at = random.randrange(len(body))
        return body[:at] + body[at : at + 64] * random.randrange(1, 5) + body[at:]
    changed = bytearray(body)
    for _ in range(random.randint(1, 8)):
        at = _corruption_offset(len(body), random)
        size = random.choice((1, 1, 2, 4))
        value = random.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", random.randbytes(4)))
        changed[at : at + size] = value[:size]
    return bytes(changed[: len(body)])


def _corruption_offset(length: int, random: Random) -> int:
    """Half of them in the table directory and the first tables, which hold offsets."""
    return random.randrange(min(length, 600)) if random.random() < 0.5 else random.randrange(length)


def _outcome(body: bytes) -> str:
    """Sanitizes the result again, which must be accepted with the same metadata."""
    try:
        written, metadata = sanitize(body)
    except FontError:
        return "refused"
    if not can_draw(written, metadata.character_ranges[:200]):
        return "refused"
    return "accepted" if sanitize(written)[1] == metadata else "unstable"


def main(count: int, seed: int = 1) -> None:
    """Sanitize `count` broken fonts."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    logging.disable(logging.CRITICAL)
    random, fonts = Random(seed), valid_fonts()
    outcomes: Counter[str] = Counter()
    errors: list[str] = []
    slowest = 0.0
    for number in range(count):
        began = time.process_time()
        try:
            outcomes[_outcome(corrupt(random.choice(fonts), random))] += 1
        except Exception as error:  # what this program looks for
            errors.append(f"{number}: {type(error).__name__}: {error}"[:200])
        slowest = max(slowest, time.process_time() - began)
    result = {**outcomes, "errors": errors, "slowest": round(slowest, 2)}
    print(json.dumps({**result, "megabytes": peak_memory_megabytes("self")}))


def peak_memory_megabytes(process: int | str) -> int:
    """A process's peak memory; `ru_maxrss` would include its parent's."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
