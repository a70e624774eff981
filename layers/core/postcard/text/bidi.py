"""The Unicode bidirectional algorithm (UAX #9), by libfribidi.

Pillow's raqm loads the same library at run time. Without it Pillow silently falls back to its
basic layout, which reverses Arabic and breaks Indic scripts.
"""

import ctypes
import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from PIL import features

from postcard.runtime.lazy_regex import lazy_regex
from postcard.text.simple_latin import is_simple_latin

LIBRARY_NAME = "libfribidi.dylib" if sys.platform == "darwin" else "libfribidi.so.0"

_LTR, _RTL = 0x110, 0x111  # FriBidi's strong paragraph types
_MAY_REORDER = lazy_regex(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE_INITIATORS, _POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"
_RLI, _FSI = "\u2067", "\u2068"
_ISOLATES, _EMBEDDINGS = lazy_regex("[\u2066-\u2068]"), lazy_regex("[\u202a-\u202e]")
_ISOLATES_AS_NEUTRAL = dict.fromkeys(range(0x2066, 0x206A), "\ufffc")
_AT_LINE_END = " \t\n\u2066\u2067\u2068\u2069"
_MAX_ISOLATE_DEPTH = 20


@lru_cache(maxsize=1)
def load_fribidi() -> ctypes.CDLL:
    """Load the library of the system, the Lambda layer or this repository.

    Raises RuntimeError if there is none, or if Pillow cannot shape text with it.
    """
    for candidate in _library_paths():
        try:
            library = ctypes.CDLL(candidate, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        if not features.check("raqm"):
            break
        return library
    raise RuntimeError(
        f"text cannot be shaped: put {LIBRARY_NAME} on the library path (Debian: libfribidi0; "
        "the vendor layer has it in lib/) and use a Pillow wheel that has raqm"
    )


def _library_paths() -> Iterator[str]:
    yield LIBRARY_NAME
    for folder in (*os.environ.get("LD_LIBRARY_PATH", "").split(":"), "/opt/lib"):
        if folder:
            yield str(Path(folder) / LIBRARY_NAME)
    layers = Path(__file__).resolve().parents[3]
    yield str(layers / "vendor" / "lib" / os.uname().machine / LIBRARY_NAME)
    yield f"/opt/homebrew/lib/{LIBRARY_NAME}"


def base_is_rtl(text: str) -> bool:
    """Whether the first strong character is right to left; isolated text counts only if alone.

    >>> base_is_rtl("\u2068שלום\u2069, welcome"), base_is_rtl("\u2068שלום\u2069!")
    (False, True)
    """
    if is_simple_latin(text) or not _MAY_REORDER.search(text):
        return False
    outside = _first_strong(text, skip_isolates=True)
    return (outside or _first_strong(text, skip_isolates=False)) in ("R", "AL")


def _first_strong(text: str, *, skip_isolates: bool) -> str:
    depth = 0
    for character in text:
        if character in _ISOLATE_INITIATORS:
            depth += 1
        elif character in _POP_ISOLATE:
            depth = max(0, depth - 1)
        elif not (depth and skip_isolates):
            bidi_class = unicodedata.bidirectional(character)
            if bidi_class in ("L", "R", "AL"):
                return bidi_class
    return ""


def embedding_levels(text: str, *, rtl: bool) -> Sequence[int]:
    """The embedding level of each character: even reads left to right, odd right to left.

    What is isolated is resolved on its own: FriBidi lets the last strong letter of one isolate
    decide about the numbers of the next one.
    """
    if not rtl and (is_simple_latin(text) or not _MAY_REORDER.search(text)):
        return bytes(len(text))
    if not _ISOLATES.search(text) or _EMBEDDINGS.search(text):
        return _fribidi_levels(text, rtl=rtl)
    isolates = _top_level_isolates(text)
    if isolates is None:
        return _fribidi_levels(text, rtl=rtl)
    base = int(rtl)
    kept = [index for start, end in _around(isolates, len(text)) for index in range(start, end)]
    levels = [base] * len(text)
    neutral = "".join(text[index] for index in kept).translate(_ISOLATES_AS_NEUTRAL)
    outside = _fribidi_levels(neutral, rtl=rtl)
    for index, level in zip(kept, outside, strict=True):
        levels[index] = level
    for start, end in isolates:
        content, initiator = text[start:end], text[start - 1]
        inner_rtl = initiator == _RLI or (
            initiator == _FSI and _first_strong(content, skip_isolates=True) in ("R", "AL")
        )
        raised = base + (1 if inner_rtl != rtl else 2) - inner_rtl
        levels[start:end] = [raised + one for one in embedding_levels(content, rtl=inner_rtl)]
    visible = len(text.rstrip(_AT_LINE_END))
    levels[visible:] = [base] * (len(text) - visible)  # rule L1
    return levels


def _top_level_isolates(text: str) -> list[tuple[int, int]] | None:
    """Start and end of the content of each isolate that is in no other; None if nested deeply."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for index, character in enumerate(text):
        if character in _ISOLATE_INITIATORS:
            depth += 1
            if depth > _MAX_ISOLATE_DEPTH:
                return None
            if depth == 1:
                start = index + 1
        elif character in _POP_ISOLATE and depth:
            depth -= 1
            if not depth:
                found.append((start, index))
    if depth:
        found.append((start, len(text)))
    return found


def _around(ranges: Sequence[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """What is left of `length` items without these ranges."""
    before = 0
    for start, end in ranges:
        yield before, start
        before = end
    yield before, length


def _fribidi_levels(text: str, *, rtl: bool) -> Sequence[int]:
    library, count = load_fribidi(), len(text)
    characters = (ctypes.c_uint32 * count)(*map(ord, text))
    types, brackets = (ctypes.c_uint32 * count)(), (ctypes.c_uint32 * count)()
    levels = (ctypes.c_int8 * count)()
    base = ctypes.c_uint32(_RTL if rtl else _LTR)
    library.fribidi_get_bidi_types(characters, count, types)
    library.fribidi_get_bracket_types(characters, count, types, brackets)
    library.fribidi_get_par_embedding_levels_ex(types, brackets, count, ctypes.byref(base), levels)
    return list(levels)


def visual_order(levels: Sequence[int]) -> list[int]:
    """The indices of items with these embedding levels from left to right (UAX #9, rule L2).

    >>> visual_order([0, 1, 1, 0, 2])
    [0, 2, 1, 3, 4]
    """
    order = list(range(len(levels)))
    if not levels or max(levels) == 0:
        return order
    for level in range(max(levels), min(level | 1 for level in levels) - 1, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = order[start:end][::-1]
            start = max(end, start + 1)
    return order
