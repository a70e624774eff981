"""The process that reads a stranger's font: `python -m postcard.foundry < font > recast`.

It writes a line of JSON (`{"error": …}` or `{}`) and, if that says no error, the font.
"""

import contextlib
import json
import logging
import resource
import sys

MAX_MEMORY_BYTES = 768_000_000  # bytes of addresses
MAX_CPU_SECONDS = 15  # of work


def main() -> None:
    """One font, within bounds that the system holds it to."""
    _set_limits()
    logging.disable(logging.CRITICAL)
    from postcard.font_sanitizer import lockdown as doors
    from postcard.font_sanitizer.sanitize import sanitize
    from postcard.text.font_file import FontError
    from postcard.text.glyphs import can_draw

    font, out = sys.stdin.buffer.read(), sys.stdout.buffer
    doors.lock_down()
    try:
        body, card = sanitize(font)
        if not can_draw(body, card.character_ranges[:8]):
            raise FontError("letters cannot be drawn from it: save it anew")
    except FontError as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    out.write(b"{}\n" + body)


def _set_limits() -> None:
    limits = (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in limits:
        with contextlib.suppress(ValueError, OSError):  # not every system has them all
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
