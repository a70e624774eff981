"""Published test vectors of signed URLs and HMACs: the valid verify, known attacks do not work."""

import itertools

import pytest

from postcard.errors import Problem
from postcard.links import signing
from postcard.links.parse import parse_link
from postcard.links.verify import verify_signature
from tests.corpus.files import signing_vectors
from tests.links.link_cases import KEYS, sign_link


def test_signatures_of_imgproxy_are_base64_url_of_our_mac() -> None:
    vectors = [v for v in signing_vectors("imgproxy.json")["vectors"] if "key_utf8" in v]
    assert len(vectors) >= 3
    for vector in vectors:
        text = vector["salt_utf8"] + vector["path"]
        signature = signing.base64url(signing.hmac_sha256(vector["key_utf8"], text))
        is_valid = vector["ok"] and vector.get("size", 32) == 32
        assert signing.is_valid_signature(vector["key_utf8"], text, vector["signature"]) == is_valid
        if vector["ok"]:
            assert signature.startswith(vector["signature"][: vector.get("size", 32) * 4 // 3])


def test_signatures_of_the_aws_image_handler_are_our_mac_in_hex() -> None:
    for vector in signing_vectors("aws-dit.json")["good"]:
        assert not vector["query"]
        assert signing.is_valid_signature(vector["key"], vector["path"], vector["signature"])


def test_the_macs_of_wycheproof_are_accepted_or_rejected_as_published() -> None:
    groups = signing_vectors("wycheproof/hmac_sha256_test.json")["testGroups"]
    count = 0
    for case in (case for group in groups if group["tagSize"] == 256 for case in group["tests"]):
        key, text = bytes.fromhex(case["key"]), bytes.fromhex(case["msg"])
        if key.isascii() and text.isascii():  # our keys and messages are ASCII text
            count += 1
            is_valid = signing.is_valid_signature(key.decode(), text.decode(), case["tag"])
            assert is_valid == (case["result"] == "valid"), case["comment"]
    assert count >= 5


def test_requests_that_shared_a_signature_elsewhere_have_different_ones_here() -> None:
    """AWS joined decoded values unescaped, Cloudinary did not escape `%`."""
    elsewhere = signing_vectors("aws-dit.json")["ambiguities_shown_here"]
    texts = [request for case in elsewhere for request in case.get("requests", [])]
    assert texts
    fields = [
        {"h": "50", "w": "100"},
        {"h": "50&w=100"},
        {"h": "50%26w=100"},
        {"h": "50&w", "w": "1"},
    ]
    links = [sign_link(each) for each in fields]
    assert len({link[-43:] for link in links}) == len(fields)
    for one, other in itertools.pairwise(links):
        swapped = one[:-43] + other[-43:]
        with pytest.raises(Problem) as caught:
            verify_signature(KEYS, parse_link(*swapped.split("?")))
        assert caught.value.status == 403


def test_a_truncated_signature_is_invalid() -> None:
    """Cloudinary accepts 48 bits, imgproxy as few as it is configured to."""
    link = sign_link({"a": "1"})
    for length in range(43):
        with pytest.raises(Problem):
            verify_signature(KEYS, parse_link(*link[: len(link) - 43 + length].split("?")))
