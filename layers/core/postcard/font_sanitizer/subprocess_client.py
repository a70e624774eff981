"""Sanitizes fonts in a sandboxed subprocess, which has no secrets and can be killed."""

import json
import signal
import subprocess

from postcard.runtime import sandboxed_subprocess
from postcard.runtime.sandbox import Seal
from postcard.text.font_file import FontCheckUnavailable, FontError

MAX_CHECK_SECONDS = 16.0  # wall-clock time for one font
_MIN_CPU_SHARE = 0.8  # of the time-out: a font that used less was slowed down by the machine
_PROGRAM = "from postcard.font_sanitizer.__main__ import main; main()"
_TOO_SLOW = "it takes too long to check: leave out letters that you do not need (a subset)"
_BROKEN = "it is broken: save it anew from your font editor"
_TRY_AGAIN = "it could not be checked just now: try again"


def sanitize_in_subprocess(body: bytes, *, timeout: float = MAX_CHECK_SECONDS) -> bytes:
    """The sanitized font, with its metadata table; `FontError` says what to do about a bad one.

    `FontCheckUnavailable` if the process was lost or the machine was too busy.
    """
    output, status = _run(body, timeout)
    if not output or status == -signal.SIGKILL:
        raise FontCheckUnavailable(_TRY_AGAIN)
    sandboxed_subprocess.unsealed_files.add(Seal.from_byte(output[:1]))
    if status:
        raise FontError(_TOO_SLOW if status < 0 else _BROKEN)
    header, _, font = output[1:].partition(b"\n")
    if error := json.loads(header).get("error"):
        raise FontError(error)
    return font


def _run(body: bytes, timeout: float) -> tuple[bytes, int]:
    """What the subprocess writes, and its exit status."""
    try:
        process = sandboxed_subprocess.start(_PROGRAM)
    except OSError as error:
        raise FontCheckUnavailable(_TRY_AGAIN) from error
    with process:
        try:
            output, _ = process.communicate(body, timeout)
        except subprocess.TimeoutExpired as expired:
            used_up = _cpu_seconds(process.pid) >= _MIN_CPU_SHARE * timeout
            raise (FontError if used_up else FontCheckUnavailable)(_TOO_SLOW) from expired
        finally:
            process.kill()
        return output, process.wait()


def _cpu_seconds(pid: int) -> float:
    try:
        return sandboxed_subprocess.cpu_seconds(pid)
    except OSError:
        return 0.0
