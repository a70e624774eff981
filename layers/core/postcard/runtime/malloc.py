"""Memory for pixels, kept between pictures instead of being given back and cleared anew."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # glibc's malloc.h
_TRIM_THRESHOLD_BYTES = 128 << 20  # bytes
_MMAP_THRESHOLD_BYTES = 32 << 20  # bytes: the most that glibc takes
_TOP_PAD_BYTES = 16 << 20  # bytes


def tune_malloc() -> None:
    """Let malloc hold on to freed pixels. Fresh pages cost more than the drawing on them.

    Does nothing where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD_BYTES)
        mallopt(_M_TOP_PAD, _TOP_PAD_BYTES)
