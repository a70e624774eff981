"""Sanitizes one font in a process of its own: `python -m postcard.font_sanitizer < font > result`.

Writes a line of JSON, `{"error": …}` or `{}`, and after `{}` the sanitized font.
"""

import json
import logging
import sys

from postcard.runtime.sandbox import set_limits

MAX_MEMORY_BYTES = 768_000_000
MAX_CPU_SECONDS = 15


def main() -> None:
    """Sanitize the font on standard input, within the limits of the sandbox."""
    set_limits(
        max_data_bytes=MAX_MEMORY_BYTES, max_cpu_seconds=MAX_CPU_SECONDS, max_open_files=None
    )
    logging.disable(logging.CRITICAL)
    from postcard.font_sanitizer.lockdown import lock_down
    from postcard.font_sanitizer.sanitize import sanitize
    from postcard.text.font_file import FontError
    from postcard.text.glyphs import can_draw

    font, out = sys.stdin.buffer.read(), sys.stdout.buffer
    lock_down()
    try:
        body, metadata = sanitize(font)
        if not can_draw(body, metadata.character_ranges[:8]):
            raise FontError("its glyphs cannot be drawn: save it anew from your font editor")
    except FontError as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    out.write(b"{}\n" + body)


if __name__ == "__main__":
    main()
