"""Makes the opens of a mailing: by proxies, scanners and readers, first ones and further ones."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from random import Random

from postcard.send_model.arrivals import lag
from postcard.send_model.assumptions import Assumptions

SCANNERS = "scanners"


@dataclass(frozen=True)
class MailingOpens:
    """The opens of a mailing, in seconds since its first mail.

    `first_opens`: when each address is asked for first, and so drawn; in order. `opens` are all
    opens, also those that the CDN or S3 answers.
    """

    first_opens: Sequence[float]
    opens: int
    opens_by_second: Counter[int] = field(default_factory=Counter)

    @property
    def further_opens(self) -> int:
        """Opens of pictures that are drawn already."""
        return self.opens - len(self.first_opens)

    @property
    def peak(self) -> int:
        """The most opens in one second."""
        return max(self.opens_by_second.values(), default=0)


def opens_of_a_mailing(
    addresses: Sequence[int],
    minutes: float,
    assumptions: Assumptions,
    random: Random,
    *,
    opened: float | None = None,
) -> MailingOpens:
    """Each mail is delivered within `minutes`, at an even rate, and opened by the curves.

    `addresses` has a number for each mail; neighbours with one number show the same picture.
    `opened` is the share of mails that their readers open, instead of that of the assumptions.
    """
    first_opens: list[float] = []
    by_second: Counter[int] = Counter()
    for _, mails in groupby(addresses):
        first = math.inf
        for _ in mails:
            delivered = random.uniform(0, 60 * minutes)
            for instant in _opens_of_a_mail(delivered, assumptions, random, opened):
                by_second[int(instant)] += 1
                first = min(first, instant)
        if first < math.inf:
            first_opens.append(first)
    first_opens.sort()
    return MailingOpens(first_opens, by_second.total(), by_second)


def mails_opened_by_people(assumptions: Assumptions, opened: float | None = None) -> float:
    """The share of mails that are opened, by a proxy or by a reader."""
    shares = _program_shares(assumptions)
    return sum(
        share * _opened_share(name, assumptions, opened) for name, share in shares.items()
    ) / sum(shares.values())


def _opens_of_a_mail(
    delivered: float, assumptions: Assumptions, random: Random, opened: float | None
) -> list[float]:
    curves, mailing = assumptions.curves, assumptions.mailing
    instants = []
    if random.random() < mailing["scanned"]:
        instants.append(delivered + lag(curves[SCANNERS], random))
    shares = _program_shares(assumptions)
    (program,) = random.choices(list(shares), list(shares.values()))
    if random.random() >= _opened_share(program, assumptions, opened):
        return instants
    instants.append(delivered + lag(curves[program], random))
    if program == "apple_proxy":  # it serves further opens itself
        return instants
    chance = mailing["opened_again"] / (1 + mailing["opened_again"])
    while random.random() < chance:
        median, sigma = mailing["again_median_seconds"], mailing["again_sigma"]
        instants.append(instants[-1] + random.lognormvariate(math.log(median), sigma))
    return instants


def _program_shares(assumptions: Assumptions) -> dict[str, float]:
    return {n: curve["share"] for n, curve in assumptions.curves.items() if n != SCANNERS}


def _opened_share(program: str, assumptions: Assumptions, opened: float | None) -> float:
    if opened is None or program == "apple_proxy":
        return assumptions.opened[program]
    return opened
