"""Sanitizes fonts in a subprocess, which has no secrets and can be killed."""

import json
import os
import sys

from postcard.text.font_file import FontError

MAX_CHECK_SECONDS = 16.0  # wall-clock time for one font
_TOO_SLOW = "it takes too long to check: leave out letters that you do not need (a subset)"
_BROKEN = "it is broken: save it anew from your font editor"


def sanitize_in_subprocess(body: bytes, *, timeout: float = MAX_CHECK_SECONDS) -> bytes:
    """The sanitized font, with its metadata table; `FontError` says what to do about a bad one."""
    import subprocess  # not needed where fonts are only listed

    command = [sys.executable, "-m", "postcard.font_sanitizer"]
    try:
        completed = subprocess.run(  # noqa: S603  # our own program; the font is its input
            command,
            input=body,
            capture_output=True,
            timeout=timeout,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired as timeout_error:
        raise FontError(_TOO_SLOW) from timeout_error
    if completed.returncode:
        raise FontError(_TOO_SLOW if completed.returncode < 0 else _BROKEN)
    header, _, font = completed.stdout.partition(b"\n")
    if error := json.loads(header).get("error"):
        raise FontError(error)
    return font
