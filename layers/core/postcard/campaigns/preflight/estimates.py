"""Estimates the bytes of a table's pictures from a sample, and what the mailing costs."""

import math
import statistics
from collections.abc import Sequence

from postcard.ports import JsonObject
from postcard.prices.prices import REGIONS, cost_by_region, dollars
from postcard.prices.usage_costs import picture_units
from postcard.runtime.lazy_dataclass import dataclass

_CONFIDENCE = 2.02  # standard errors of a mean of 40, on each side of 95 %


@dataclass(frozen=True, slots=True)
class PictureBytes:
    """The mean bytes of a picture; the true mean is within `margin` of it in 95 of 100 cases."""

    mean: int
    margin: int
    sampled: int

    @classmethod
    def of(cls, sizes: Sequence[int]) -> "PictureBytes | None":
        """The estimate from the sizes of some pictures; None without any."""
        if not sizes:
            return None
        mean = statistics.fmean(sizes)
        deviation = statistics.stdev(sizes) if len(sizes) > 1 else 0.0
        return cls(round(mean), round(_CONFIDENCE * deviation / math.sqrt(len(sizes))), len(sizes))

    def to_json(self) -> JsonObject:
        """The estimate."""
        return {"mean": self.mean, "margin": self.margin, "sampled": self.sampled}


def mailing_cost(pictures: int, picture_bytes: int) -> JsonObject:
    """US dollars if every picture is opened once and stored for 90 days, by region.

    `each` is the cost of one picture.
    """
    units = picture_units(drawn=pictures, picture_bytes=picture_bytes)
    one = picture_units(drawn=1, picture_bytes=picture_bytes)
    each = {region: round(float(sum(dollars(one, region).values())), 8) for region in REGIONS}
    return {"pictures": pictures, "each": each, **cost_by_region(units)}
