"""Signatures, and building links."""

import hashlib
import hmac as standard_hmac
from dataclasses import replace
from typing import Any

import pytest

from postcard.errors import BadRequest, Forbidden, UriTooLong
from postcard.links import build, signing
from postcard.links.parse import parse_link
from postcard.links.verify import verify_signature
from tests.links.link_cases import KEYS, VECTORS, outcome, sign_link, split


def test_the_hmac_is_keyed_with_the_text_of_the_key() -> None:
    key = VECTORS["signing_keys_hex"]["k1"]
    right = standard_hmac.new(key.encode(), b"m", hashlib.sha256).digest()
    assert signing.hmac_sha256(key, "m") == right


def test_signatures_are_compared_whole_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare = standard_hmac.compare_digest

    def watched(right: bytes, given: bytes) -> bool:
        compared.append((right, given))
        return compare(right, given)

    monkeypatch.setattr(standard_hmac, "compare_digest", watched)
    link = sign_link({"a": "1"})
    good = link[-43:]
    for signature in (good, good[:-1] + "A", "", "x", "é"):
        outcome(link[:-43] + signature)
    assert [given.decode() for _, given in compared] == [good, good[:-1] + "A", "", "x", "é"]
    assert {right.decode() for right, _ in compared} == {good}


def test_an_unknown_key_is_refused_after_the_same_comparison() -> None:
    link = parse_link(*split(sign_link({"a": "1"})))
    with pytest.raises(Forbidden) as unknown:
        verify_signature(replace(KEYS, signing_keys={}), link)
    with pytest.raises(Forbidden) as wrong:
        verify_signature(KEYS, replace(link, signature="x"))
    assert unknown.value.code == wrong.value.code == "bad_signature"
    assert unknown.value.detail == wrong.value.detail


def test_a_link_signed_with_a_rotated_key_has_the_same_cache_path() -> None:
    other = build.sign_link(
        replace(KEYS, active_kid="2026b"),
        template="welcome",
        format="png",
        fields={"a": "1"},
        version=1,
        campaign="x",
    )
    assert outcome(other).address == outcome(sign_link({"a": "1"})).address


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"version": 0}, "/template_version"),
        ({"version": 1_000_000}, "/template_version"),
        ({"width": 0}, "/width"),
        ({"width": 5001}, "/width"),
        ({"dpr": 4}, "/dpr"),
        ({"dpr": 1.4999999999}, "/dpr"),
        ({"dpr": float("nan")}, "/dpr"),
        ({"quality": 0}, "/quality"),
        ({"quality": 101}, "/quality"),
        ({"expires": 999_999_999}, "/expires_at"),
        ({"expires": 10_000_000_000}, "/expires_at"),
        ({"campaign": ""}, "/campaign"),
        ({"campaign": "A"}, "/campaign"),
        ({"campaign": "a" * 33}, "/campaign"),
        ({"format": "bmp"}, "/format"),
        ({"template": "A"}, "/template_id"),
        ({"open": ("a.color",)}, "/open"),
        ({"open": ("b", "b")}, "/open"),
        ({"open": ("gclid",)}, "/open"),
        ({"open": ("a",), "fields": {"a": "1"}}, "/open"),
        ({"fields": {"_v": "1"}}, "/modifications"),
        ({"fields": {"A": "1"}}, "/modifications"),
        ({"fields": {"utm_source": "1"}}, "/modifications"),
        ({"fields": {"a": "\ud800"}}, "/modifications"),
    ],
)
def test_links_that_parsing_would_refuse_are_not_signed(
    parameters: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        sign_link(
            parameters.get("fields", {}), **{k: v for k, v in parameters.items() if k != "fields"}
        )
    assert pointer in [fault.pointer for fault in refused.value.errors]


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(BadRequest) as refused:
        sign_link({"A": ""}, width=0, quality=0)
    assert len(refused.value.errors) == 3


def test_the_longest_signed_link_can_be_parsed() -> None:
    free_bytes = 3000 - len(split(sign_link({"a": ""}))[1])
    assert outcome(sign_link({"a": "x" * free_bytes})).status == 200
    with pytest.raises(UriTooLong):
        sign_link({"a": "x" * (free_bytes + 1)})


def test_the_most_fields_of_a_signed_link_can_be_parsed() -> None:
    assert outcome(sign_link({f"f{i}": "" for i in range(29)})).status == 200
    with pytest.raises(UriTooLong):
        sign_link({f"f{i}": "" for i in range(30)})
    with pytest.raises(UriTooLong):
        sign_link({f"f{i}": "" for i in range(27)}, open=("a", "b"))
