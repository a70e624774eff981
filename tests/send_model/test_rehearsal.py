"""A rehearsed mailing: who opens when, what is drawn once, and what it is compared with."""

from random import Random

import pytest

from postcard.prices.prices import PICTURE_BYTES
from postcard.send_model.assumptions import Assumptions, read_assumptions
from postcard.send_model.mailing import mails_opened_by_people, opens_of_a_mailing
from postcard.send_model.rehearsal import minutes_at_rate, rehearse
from postcard.send_model.simulation import Send


@pytest.fixture(scope="module")
def assumptions() -> Assumptions:
    return read_assumptions()


def test_as_many_mails_are_opened_as_is_assumed(assumptions: Assumptions) -> None:
    opens = opens_of_a_mailing(range(5000), 10, assumptions, Random(1))
    share = mails_opened_by_people(assumptions)
    scanned = (1 - share) * assumptions.mailing["scanned"]
    assert len(opens.first_opens) / 5000 == pytest.approx(share + scanned, abs=0.03)
    assert list(opens.first_opens) == sorted(opens.first_opens)
    assert opens.opens == len(opens.first_opens) + opens.further_opens > 5000 * share


def test_mails_with_one_picture_have_one_first_open(assumptions: Assumptions) -> None:
    opens = opens_of_a_mailing([n // 286 for n in range(2000)], 1, assumptions, Random(1))
    assert len(opens.first_opens) == 7
    assert opens.further_opens > 1000


def test_nobody_but_proxies_and_scanners_opens_if_no_reader_does(assumptions: Assumptions) -> None:
    opens = opens_of_a_mailing(range(2000), 1, assumptions, Random(1), opened=0.0)
    apple = assumptions.curves["apple_proxy"]["share"] / 0.95
    assert len(opens.first_opens) / 2000 == pytest.approx(apple + 0.05 * (1 - apple), abs=0.04)


def test_the_pace_decides_how_long_a_send_takes(assumptions: Assumptions) -> None:
    share = mails_opened_by_people(assumptions)
    assert minutes_at_rate(1000, round(1000 * share), assumptions) == pytest.approx(60, rel=0.01)
    assert minutes_at_rate(10_000_000, 1, assumptions) == 43_200


def test_a_send_that_is_too_fast_shows_fallbacks_and_says_so(assumptions: Assumptions) -> None:
    few, enough = (
        rehearse(range(3000), 0.05, Send(concurrency=size), assumptions, Random(1), opened=0.0)
        for size in (1, 1000)
    )
    assert not few.shows_all and few.to_json()["fallbacks"] > 0
    assert enough.shows_all and enough.to_json()["fallbacks"] == 0
    assert "fallback pictures 0" in enough.to_text()


def test_larger_pictures_cost_more_and_every_open_is_paid(assumptions: Assumptions) -> None:
    small, large = (
        rehearse(range(500), 5, Send(), assumptions, Random(1), picture_bytes=size)
        for size in (PICTURE_BYTES, 40 * PICTURE_BYTES)
    )
    assert small.cost()["dollars"]["us-east-1"] < large.cost()["dollars"]["us-east-1"]
    figures = small.to_json()
    assert figures["opens"] == figures["drawn"] + figures["opened_again"]
    assert figures["peaks_a_second"]["CloudFront requests"][1] == 250_000


def test_the_same_seed_gives_the_same_rehearsal(assumptions: Assumptions) -> None:
    first, second = (
        rehearse(range(300), 2, Send(), assumptions, Random(4)).to_json() for _ in range(2)
    )
    assert first == second
