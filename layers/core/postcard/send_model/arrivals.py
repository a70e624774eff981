"""Makes the instants of first opens, in seconds since the start of a send."""

import math
from random import Random
from typing import Any

from postcard.send_model.assumptions import Assumptions

MAX_ROWS = 10_000_000


def opens_of_a_send(
    rows: int, minutes: float, assumptions: Assumptions, random: Random
) -> list[float]:
    """Each row is delivered within `minutes`, at an even rate, and opened by the curves."""
    curves = list(assumptions.curves.values())
    shares = [curve["share"] for curve in curves]
    chosen = random.choices(curves, shares, k=rows)
    return sorted(random.uniform(0, 60 * minutes) + lag(curve, random) for curve in chosen)


def opens_at_a_rate(rate: float, seconds: float, ramp: float, random: Random) -> list[float]:
    """Opens at random instants; the rate rises evenly during `ramp` seconds, then it stays."""
    in_ramp, after = int(rate * ramp / 2), int(rate * seconds)
    rising = (ramp * math.sqrt(random.random()) for _ in range(in_ramp))
    return sorted([*rising, *(ramp + random.uniform(0, seconds) for _ in range(after))])


def lag(curve: dict[str, Any], random: Random) -> float:
    """The seconds from the delivery of a mail to its first open, by a curve."""
    if curve["kind"] == "exponential":
        return random.expovariate(1 / curve["mean_seconds"])
    return random.lognormvariate(math.log(curve["median_seconds"]), curve["sigma"])
