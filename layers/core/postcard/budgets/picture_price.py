"""What a picture costs at its first open, by AWS's list prices, in billionths of a US dollar."""

import math
from decimal import Decimal
from functools import cache

from postcard.prices.prices import PICTURE_BYTES, RENDER_MS, batch_units, dollars, price_region
from postcard.prices.usage_costs import usage_dollars
from postcard.runtime.lazy_dataclass import dataclass

BILLION = 1_000_000_000  # amounts are whole billionths of a US dollar
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class PicturePrice:
    """The price of a picture: a fixed part, and a price for each millisecond and byte."""

    each: int
    millisecond: float
    byte: float

    def cost(self, *, milliseconds: float, picture_bytes: int) -> int:
        """The cost of drawing, sending and keeping a picture once."""
        return self.each + math.ceil(self.millisecond * milliseconds + self.byte * picture_bytes)

    @property
    def usual_cost(self) -> int:
        """The cost of the typical picture of the documentation: 80 ms, 60,000 bytes."""
        return self.cost(milliseconds=RENDER_MS, picture_bytes=PICTURE_BYTES)


@cache
def picture_price(region: str, *, stored: bool = True) -> PicturePrice:
    """The price in a region; with `stored`, S3 keeps the picture for 90 days."""
    region = price_region(region)

    def billionths(**counts: int) -> Decimal:
        return usage_dollars({"first_opens": 1, **counts}, region, stored=stored) * BILLION

    each = billionths()
    return PicturePrice(
        math.ceil(each),
        float(billionths(duration_ms=_MANY) - each) / _MANY,
        float(billionths(bytes=_MANY, stored_bytes=_MANY) - each) / _MANY,
    )


def batch_cost(rows: int, region: str) -> int:
    """The cost of processing a batch with so many rows, without the pictures."""
    if rows == 0:
        return 0
    lines = dollars(batch_units(rows=rows), price_region(region))
    return math.ceil(sum(lines.values(), Decimal(0)) * BILLION)


def image_record_cost(region: str) -> int:
    """The cost of the record of one opaque image."""
    return math.ceil(usage_dollars({"images": 1}, price_region(region)) * BILLION)


def billionths(usd: float) -> int:
    """US dollars to whole billionths, rounded down."""
    return math.floor(Decimal(str(usd)) * BILLION)


def usd(billionths: int) -> float:
    """Billionths to US dollars, rounded to a millionth."""
    return round(billionths / BILLION, 6)
