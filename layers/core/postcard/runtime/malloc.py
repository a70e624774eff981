"""Tunes glibc's malloc: to reuse the memory of one picture's pixels, or to return it."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # glibc's malloc.h
_TRIM_THRESHOLD_BYTES = 128 << 20
_MMAP_THRESHOLD_BYTES = 32 << 20  # the most that glibc accepts
_TOP_PAD_BYTES = 16 << 20
_RETURNED_BLOCK_BYTES = 256 << 10  # Pillow allocates pixels in blocks of 1 MB


def tune_malloc() -> None:
    """Keep freed memory in the process: page faults cost more than drawing on the pages.

    Does nothing where the C library is not glibc.
    """
    _set_options(
        {
            _M_MMAP_THRESHOLD: _MMAP_THRESHOLD_BYTES,
            _M_TRIM_THRESHOLD: _TRIM_THRESHOLD_BYTES,
            _M_TOP_PAD: _TOP_PAD_BYTES,
        }
    )


def return_freed_memory() -> None:
    """Give freed pixels back to the system at once.

    Under a memory limit, whether an image fits then depends on that image alone, and not on what
    the images before it left behind.
    """
    _set_options(
        {
            _M_MMAP_THRESHOLD: _RETURNED_BLOCK_BYTES,
            _M_TRIM_THRESHOLD: _RETURNED_BLOCK_BYTES,
            _M_TOP_PAD: 0,
        }
    )


def _set_options(options: dict[int, int]) -> None:
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in options.items():
            mallopt(option, value)
