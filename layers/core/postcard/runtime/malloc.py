"""Memory for pixels, kept between pictures instead of being given back and cleared anew."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # glibc's malloc.h
_KEPT = 128 << 20  # bytes
_LARGEST = 32 << 20  # bytes: the most that glibc takes
_AHEAD = 16 << 20  # bytes


def keep() -> None:
    """Let malloc hold on to freed pixels. Fresh pages cost more than the drawing on them.

    Does nothing where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_M_MMAP_THRESHOLD, _LARGEST)
        tune(_M_TRIM_THRESHOLD, _KEPT)
        tune(_M_TOP_PAD, _AHEAD)
