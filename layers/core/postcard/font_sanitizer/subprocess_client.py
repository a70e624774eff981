"""Fonts checked in a process of their own, which can be ended and knows no secret."""

import json
import os
import sys

from postcard.text.font_file import FontError

MAX_CHECK_SECONDS = 16.0  # of a wall clock, for one font
_TOO_SLOW = "it takes too long to check: leave out letters that you do not need (a subset)"
_BROKEN = "it is broken: save it anew from your font editor"


def sanitize_in_subprocess(body: bytes, *, timeout: float = MAX_CHECK_SECONDS) -> bytes:
    """The font written anew, with its card; `FontError` says what to do about a bad one."""
    import subprocess  # what lists fonts without checking one does without

    command = [sys.executable, "-m", "postcard.font_sanitizer"]
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the font is its input
            command,
            input=body,
            capture_output=True,
            timeout=timeout,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise FontError(_TOO_SLOW) from late
    if done.returncode:
        raise FontError(_TOO_SLOW if done.returncode < 0 else _BROKEN)
    line, _, font = done.stdout.partition(b"\n")
    if error := json.loads(line).get("error"):
        raise FontError(error)
    return font
