"""Sanitizes fonts in a sandboxed subprocess, which has no secrets and can be killed."""

import contextlib
import json
import select
import time

from postcard.runtime.sandbox import Seal
from postcard.runtime.sandboxed_subprocess import SandboxedSubprocess, cpu_seconds, unsealed_files
from postcard.text.font_file import FontCheckUnavailable, FontError

MAX_CHECK_SECONDS = 16.0  # wall-clock time for one font
MAX_OUTPUT_BYTES = 64_000_000  # a font has at most 32 MB unpacked
_MIN_CPU_SHARE = 0.8  # of the time-out: a font that used less was slowed down by the machine
_PROGRAM = "from postcard.font_sanitizer.__main__ import main; main()"
_TOO_SLOW = "it takes too long to check: leave out letters that you do not need (a subset)"
_BROKEN = "it is broken: save it anew from your font editor"
_TRY_AGAIN = "it could not be checked just now: try again"


def sanitize_in_subprocess(body: bytes, *, timeout: float = MAX_CHECK_SECONDS) -> bytes:
    """The sanitized font, with its metadata table; `FontError` says what to do about a bad one.

    `FontCheckUnavailable` if the process was lost or the machine was too busy.
    """
    try:
        process = SandboxedSubprocess(_PROGRAM, cpu_seconds)
    except OSError as error:
        raise FontCheckUnavailable(_TRY_AGAIN) from error
    try:
        return _font(_response(process, body, time.monotonic() + timeout))
    except FontError:
        raise
    except (ValueError, AttributeError) as error:  # a process that was taken over says anything
        raise FontError(_BROKEN) from error
    except TimeoutError as expired:
        used_up = (process.cpu_seconds() or 0.0) >= _MIN_CPU_SHARE * timeout
        raise (FontError if used_up else FontCheckUnavailable)(_TOO_SLOW) from expired
    finally:
        process.kill()


def _response(process: SandboxedSubprocess, body: bytes, ends_at: float) -> bytes:
    """The response of the process to a font; `FontError` if it did not end well."""
    output = bytearray()
    with contextlib.suppress(EOFError):
        _exchange(process, memoryview(body), output, ends_at)
    if output:
        process.seal = Seal.from_byte(bytes(output[:1]))
        unsealed_files.add(process.seal)
    if process.was_lost():
        raise FontCheckUnavailable(_TRY_AGAIN)
    status = process.exit_status()
    if status:
        raise FontError(_TOO_SLOW if status < 0 else _BROKEN)
    return bytes(output[1:])


def _exchange(
    process: SandboxedSubprocess, unsent: memoryview, output: bytearray, ends_at: float
) -> None:
    """Send a font and collect the response, until EOFError; TimeoutError at `ends_at`."""
    is_sending = True
    while len(output) <= MAX_OUTPUT_BYTES:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        pipes = [process.input_pipe] if is_sending else []
        readable, writable, _ = select.select([process.output_pipe], pipes, [], left)
        if writable:
            try:
                unsent = process.write(unsent)
            except BrokenPipeError:  # it ended: what it wrote before is read
                unsent = memoryview(b"")
            is_sending = bool(unsent)
            if not is_sending:
                process.close_input()
        if readable:
            output += process.read(MAX_OUTPUT_BYTES)
    raise FontError(_BROKEN)


def _font(response: bytes) -> bytes:
    header, _, font = response.partition(b"\n")
    if error := json.loads(header).get("error"):
        raise FontError(error)
    return font
