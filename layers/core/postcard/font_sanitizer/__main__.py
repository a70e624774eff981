"""Sanitizes one font in a process of its own: `python -m postcard.font_sanitizer < font > result`.

Writes what the sandbox holds (`Seal.to_byte`), a line of JSON, `{"error": …}` or `{}`, and after
`{}` the sanitized font.
"""

import json
import logging
import sys

from postcard.runtime import sandbox


def main() -> None:
    """Sanitize the font on standard input, in the sandbox."""
    logging.disable(logging.CRITICAL)
    from postcard.font_sanitizer.lockdown import lock_down
    from postcard.font_sanitizer.sanitize import sanitize
    from postcard.text.font_file import FontError
    from postcard.text.glyphs import can_draw

    sandbox.announce(lock_down())
    font, out = sys.stdin.buffer.read(), sys.stdout.buffer
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
