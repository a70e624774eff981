"""Cache paths, image ids, and verifying the image function's calls."""

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


def verified(path: str, link: str, *, now: float = NOW) -> VerifiedLink:
    return verify_request(lambda epoch: KEYS, path, parse_link(*split(link)), now=now)


def test_campaign_and_key_id_are_not_part_of_the_cache_path() -> None:
    assert (
        outcome(sign_link({"a": "1"}, campaign="x")).address
        == outcome(sign_link({"a": "1"})).address
    )


def test_a_higher_epoch_changes_the_cache_path_and_not_the_digest() -> None:
    link = parse_link(*split(sign_link({"a": "1"})))
    raised = cache_path(replace(KEYS, epoch=8), link, now=NOW)
    assert raised == cache_path(KEYS, link, now=NOW).replace("/7/", "/8/")


def test_all_expired_links_of_one_size_share_a_cache_path() -> None:
    ended = {
        outcome(sign_link({"a": name}, expires=expires, campaign=campaign), now=FAR).address
        for name, expires, campaign in [("x", 1_700_000_000, None), ("y", 1_800_000_000, "c")]
    }
    assert len(ended) == 1
    assert "/welcome/ended/" in ended.pop()


def test_a_cache_path_is_parsed() -> None:
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
def test_other_paths_are_not_parsed(path: str) -> None:
    assert parse_cache_path(path.format("0" * 64)) is None


def test_the_path_that_the_edge_requests_is_verified() -> None:
    link = sign_link({"a": "1"})
    request = verified(outcome(link).address, link)
    assert (request.kind, request.unverified) == ("version", False)
    assert request.link.fields == {"a": "1"}
    live = sign_link({"a": "1"}, version=None)
    assert verified(outcome(live).address, live).kind == "live"


def test_the_edge_decides_whether_a_link_has_expired() -> None:
    link = sign_link({"a": "1"}, expires=1_800_000_000)
    before, after = (outcome(link, now=now).address for now in (1_700_000_000, FAR))
    assert verified(before, link, now=FAR).kind == "version"
    assert verified(after, link, now=1_700_000_000).kind == "ended"


def test_a_link_without_an_expiry_has_no_ended_path() -> None:
    link = sign_link({"a": "1"})
    ended = outcome(sign_link({"a": "1"}, expires=1_700_000_000), now=FAR).address
    with pytest.raises(BadRequest):
        verified(ended, link)


@pytest.mark.parametrize("link", ["", "/r/welcome.png", "nonsense", "/r/welcome.png?a=1&_kid=k1"])
def test_a_call_without_its_link_is_refused(link: str) -> None:
    path = outcome(sign_link({"a": "1"})).address
    with pytest.raises((BadRequest, Forbidden)):
        verified(path, link)


def test_a_call_for_another_links_path_is_a_400() -> None:
    link, other = sign_link({"a": "1"}), sign_link({"a": "2"})
    with pytest.raises(BadRequest):
        verified(outcome(other).address, link)
    with pytest.raises(BadRequest):
        verified(outcome(link).address.replace("/7/", "/5/"), link)
    with pytest.raises(BadRequest):
        verified("/renders/7/welcome", link)


def test_for_an_unverified_path_signature_and_expiry_are_checked() -> None:
    link = sign_link({"a": "1"}, expires=1_800_000_000)
    path = unverified_cache_path(parse_link(*split(link)))
    assert path.startswith("/renders/0/welcome/unverified/")
    assert hashlib.sha256(link.encode()).hexdigest() in path
    before, after = verified(path, link, now=1_700_000_000), verified(path, link, now=FAR)
    assert (before.kind, before.unverified) == ("version", True)
    assert (after.kind, after.unverified) == ("ended", True)
    with pytest.raises(BadRequest):
        verified(path, sign_link({"a": "2"}))
    forged = link.replace("a=1", "a=2")
    with pytest.raises(Forbidden):
        verified(unverified_cache_path(parse_link(*split(forged))), forged)


@pytest.mark.parametrize("place", range(4, 30))
def test_a_guessed_image_id_is_refused(place: int) -> None:
    id = VECTORS["images"]["examples"][0]["image_id"]
    for other in string.ascii_lowercase[:8]:
        guess = id[:place] + other + id[place + 1 :]
        assert is_valid_image_id(KEYS, guess) == (guess == id)


@pytest.mark.parametrize(
    "id", ["", "img_", "img_" + "a" * 25, "xmg_" + "a" * 26, "img_" + "A" * 26]
)
def test_malformed_image_ids_are_refused(id: str) -> None:
    assert not is_valid_image_id(KEYS, id)
