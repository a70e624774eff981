"""Rehearses a mailing in virtual time: what it asks of AWS, what readers get, what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from postcard.prices.prices import PICTURE_BYTES, cost_by_region
from postcard.prices.usage_costs import picture_units
from postcard.send_model.assumptions import Assumptions
from postcard.send_model.capacity import Bound, bounds
from postcard.send_model.mailing import MailingOpens, mails_opened_by_people, opens_of_a_mailing
from postcard.send_model.outcome_report import as_json, as_text
from postcard.send_model.simulation import Outcome, Send, SendSimulation

MAX_MINUTES = 60 * 24 * 30.0


@dataclass(frozen=True)
class Rehearsal:
    """A mailing with its simulated send. `mails` were sent within `minutes`."""

    mails: int
    minutes: float
    opens: MailingOpens
    outcome: Outcome
    bounds: Sequence[Bound]
    assumptions: Assumptions
    picture_bytes: int

    @property
    def shows_all(self) -> bool:
        """Whether every reader gets a picture of their own."""
        return not (self.outcome.fallbacks or self.outcome.refused)

    def cost(self) -> dict[str, Any]:
        """US dollars of the pictures by region, with 90 days of storage."""
        units = picture_units(
            drawn=self.outcome.drawn,
            hits=self.opens.opens - self.outcome.drawn,
            picture_bytes=self.picture_bytes,
        )
        return cost_by_region(units)

    def to_json(self) -> dict[str, Any]:
        """The figures by name; each rate of AWS with its limit."""
        figures = as_json(self.outcome, self.bounds, self.assumptions)
        limit = self.assumptions.limits["cloudfront_requests"]
        figures["peaks_a_second"]["CloudFront requests"] = [self.opens.peak, limit]
        return {
            "mails": self.mails,
            "minutes": round(self.minutes, 2),
            "opens": self.opens.opens,
            "opened_again": self.opens.further_opens,
            **figures,
            "picture_bytes": self.picture_bytes,
            "cost": self.cost(),
        }

    def to_text(self) -> str:
        """The same for people."""
        cost = self.cost()
        prices = ", ".join(f"${each:,.2f} in {region}" for region, each in cost["dollars"].items())
        return "\n".join(
            [
                f"{self.mails:,} mails, sent within {_duration(self.minutes)}: {self.opens.opens:,}"
                f" opens, at most {self.opens.peak:,} in a second (CloudFront takes"
                f" {self.assumptions.limits['cloudfront_requests']:,.0f})",
                as_text(self.outcome, self.bounds, self.assumptions),
                f"The pictures cost {prices}, with 90 days of storage (AWS's list prices of"
                f" {cost['prices_of']}).",
            ]
        )


def rehearse(
    addresses: Sequence[int],
    minutes: float,
    send: Send,
    assumptions: Assumptions,
    random: Random,
    *,
    opened: float | None = None,
    picture_bytes: int = PICTURE_BYTES,
) -> Rehearsal:
    """Send a mail for each of `addresses`; neighbours with one number show the same picture."""
    opens = opens_of_a_mailing(addresses, minutes, assumptions, random, opened=opened)
    outcome = SendSimulation(send, assumptions, random).run(opens.first_opens)
    found = bounds(assumptions, send.concurrency, daily_renders=send.daily_renders)
    return Rehearsal(len(addresses), minutes, opens, outcome, found, assumptions, picture_bytes)


def minutes_at_rate(
    mails: int, opens_per_hour: int, assumptions: Assumptions, opened: float | None = None
) -> float:
    """How long a send takes in which so many mails are delivered an hour that will be opened."""
    share = mails_opened_by_people(assumptions, opened)
    return min(MAX_MINUTES, 60 * mails * share / opens_per_hour)


def _duration(minutes: float) -> str:
    if minutes < 2:
        return f"{60 * minutes:,.0f} seconds"
    return f"{minutes:,.0f} minutes" if minutes < 180 else f"{minutes / 60:,.1f} hours"
