"""Addresses, image ids, and what the image function makes of a call."""

import hashlib
import string
from dataclasses import replace

import pytest

from postcard.errors import BadRequest, Forbidden
from postcard.links.cache_path import CachePath, cache_path, parse_cache_path, unverified_cache_path
from postcard.links.image_ids import is_valid_image_id
from postcard.links.parse import parse_link
from postcard.links.verify import VerifiedLink, verify_request
from tests.links.link_cases import KEYS, NOW, VECTORS, outcome, sign_link, split

FAR = 1_900_000_000


def called(path: str, link: str, *, now: float = NOW) -> VerifiedLink:
    return verify_request(KEYS, path, parse_link(*split(link)), now=now)


def test_campaign_key_and_spelling_are_no_part_of_the_address() -> None:
    assert (
        outcome(sign_link({"a": "1"}, campaign="x")).address
        == outcome(sign_link({"a": "1"})).address
    )


def test_a_higher_epoch_is_a_new_address_of_the_same_digest() -> None:
    link = parse_link(*split(sign_link({"a": "1"})))
    raised = cache_path(replace(KEYS, epoch=8), link, now=NOW)
    assert raised == cache_path(KEYS, link, now=NOW).replace("/7/", "/8/")


def test_ended_pictures_are_one_for_everybody() -> None:
    ended = {
        outcome(sign_link({"a": name}, expires=expires, campaign=campaign), now=FAR).address
        for name, expires, campaign in [("x", 1_700_000_000, None), ("y", 1_800_000_000, "c")]
    }
    assert len(ended) == 1
    assert "/welcome/ended/" in ended.pop()


def test_an_address_is_taken_apart() -> None:
    link = sign_link({"a": "1"})
    path = outcome(link).address
    assert parse_cache_path(path) == CachePath(
        7, "welcome", "1", path.split("/")[-1].removesuffix(".png"), "png"
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/renders",
        "/renders/7/welcome/1/abc.png",
        "/renders/7/welcome/0/{}.png",
        "/renders/7/welcome/dead/{}.png",
        "/renders/x/welcome/1/{}.png",
        "/renders/²/welcome/1/{}.png",
        "/renders/" + "9" * 5000 + "/welcome/1/{}.png",
        "/renders/7/Welcome/1/{}.png",
        "/renders/7/welcome/1/{}.bmp",
        "/renders/7/welcome/1/{}.png/",
        "/images/7/welcome/1/{}.png",
    ],
)
def test_what_is_no_address_is_none(path: str) -> None:
    assert parse_cache_path(path.format("0" * 64)) is None


def test_the_function_draws_what_the_edge_asks_for() -> None:
    link = sign_link({"a": "1"})
    opened = called(outcome(link).address, link)
    assert (opened.kind, opened.unverified) == ("version", False)
    assert opened.link.fields == {"a": "1"}
    live = sign_link({"a": "1"}, version=None)
    assert called(outcome(live).address, live).kind == "live"


def test_the_class_in_the_path_is_the_edges_decision() -> None:
    link = sign_link({"a": "1"}, expires=1_800_000_000)
    before, after = (outcome(link, now=now).address for now in (1_700_000_000, FAR))
    assert called(before, link, now=FAR).kind == "version"
    assert called(after, link, now=1_700_000_000).kind == "ended"


def test_a_link_without_an_expiry_has_no_ended_address() -> None:
    link = sign_link({"a": "1"})
    ended = outcome(sign_link({"a": "1"}, expires=1_700_000_000), now=FAR).address
    with pytest.raises(BadRequest):
        called(ended, link)


@pytest.mark.parametrize("link", ["", "/r/welcome.png", "nonsense", "/r/welcome.png?a=1&_kid=k1"])
def test_a_call_without_its_link_draws_nothing(link: str) -> None:
    path = outcome(sign_link({"a": "1"})).address
    with pytest.raises((BadRequest, Forbidden)):
        called(path, link)


def test_a_call_for_another_path_than_the_links_is_a_400() -> None:
    link, other = sign_link({"a": "1"}), sign_link({"a": "2"})
    with pytest.raises(BadRequest):
        called(outcome(other).address, link)
    with pytest.raises(BadRequest):
        called(outcome(link).address.replace("/7/", "/6/"), link)
    with pytest.raises(BadRequest):
        called("/renders/7/welcome", link)


def test_without_the_edges_keys_the_function_judges_signature_and_clock_itself() -> None:
    link = sign_link({"a": "1"}, expires=1_800_000_000)
    path = unverified_cache_path(parse_link(*split(link)))
    assert path.startswith("/renders/0/welcome/unverified/")
    assert hashlib.sha256(link.encode()).hexdigest() in path
    before, after = called(path, link, now=1_700_000_000), called(path, link, now=FAR)
    assert (before.kind, before.unverified) == ("version", True)
    assert (after.kind, after.unverified) == ("ended", True)
    with pytest.raises(BadRequest):
        called(path, sign_link({"a": "2"}))
    forged = link.replace("a=1", "a=2")
    with pytest.raises(Forbidden):
        called(unverified_cache_path(parse_link(*split(forged))), forged)


@pytest.mark.parametrize("place", range(4, 30))
def test_a_guessed_image_id_is_refused(place: int) -> None:
    id = VECTORS["images"]["examples"][0]["image_id"]
    for other in string.ascii_lowercase[:8]:
        guess = id[:place] + other + id[place + 1 :]
        assert is_valid_image_id(KEYS, guess) == (guess == id)


@pytest.mark.parametrize(
    "id", ["", "img_", "img_" + "a" * 25, "xmg_" + "a" * 26, "img_" + "A" * 26]
)
def test_what_is_no_image_id_is_refused(id: str) -> None:
    assert not is_valid_image_id(KEYS, id)
