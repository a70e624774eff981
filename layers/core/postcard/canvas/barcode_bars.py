"""Bar codes on whole device pixels."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from postcard.geometry import Box


def module_width(count: int, width: float) -> int:
    """The device pixels of one of `count` modules in a width; 0 if there is no room for them."""
    return int(width / count + 1e-6) if count else 0


def bar_boxes(code: Sequence[int], box: Box) -> Iterator[Box]:
    """The dark bars in a box of device pixels, centred across."""
    each = module_width(len(code), box.width)
    x = round(box.x + (box.width - each * len(code)) / 2)
    top, bottom = round(box.y), round(box.bottom)
    for dark, run in groupby(code):
        width = each * len(list(run))
        if dark and width:
            yield Box(x, top, width, bottom - top)
        x += width
