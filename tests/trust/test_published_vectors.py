"""What others published about signing: their vectors are reproduced, their mistakes are not."""

import itertools
import json
from typing import Any

import pytest

from postcard.errors import Problem
from postcard.links import signing
from postcard.links.parse import parse_link
from postcard.links.verify import verify_signature
from tests.links.link_cases import KEYS, ROOT, sign_link

FOLDER = ROOT.parent / "shared/corpus/vectors"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the corpus is not beside this tree")


def published(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


def test_imgproxy_s_signatures_are_base64_url_of_our_mac() -> None:
    vectors = [v for v in published("imgproxy.json")["vectors"] if "key_utf8" in v]
    assert len(vectors) >= 3
    for vector in vectors:
        text = vector["salt_utf8"] + vector["path"]
        whole = signing.base64url(signing.hmac_sha256(vector["key_utf8"], text))
        whole_is_right = vector["ok"] and vector.get("size", 32) == 32
        assert (
            signing.is_valid_signature(vector["key_utf8"], text, vector["signature"])
            == whole_is_right
        )
        if vector["ok"]:
            assert whole.startswith(vector["signature"][: vector.get("size", 32) * 4 // 3])


def test_aws_s_image_handler_s_signature_is_our_mac_in_hex() -> None:
    for vector in published("aws-dit.json")["good"]:
        assert not vector["query"]
        assert signing.is_valid_signature(vector["key"], vector["path"], vector["signature"])


def test_wycheproof_s_macs_are_told_right_from_wrong() -> None:
    groups = published("wycheproof/hmac_sha256_test.json")["testGroups"]
    tried = 0
    for case in (case for group in groups if group["tagSize"] == 256 for case in group["tests"]):
        key, text = bytes.fromhex(case["key"]), bytes.fromhex(case["msg"])
        if key.isascii() and text.isascii():  # our keys and messages are text
            tried += 1
            found = signing.is_valid_signature(key.decode(), text.decode(), case["tag"])
            assert found == (case["result"] == "valid"), case["comment"]
    assert tried >= 5


def test_requests_that_shared_a_signature_elsewhere_have_each_their_own() -> None:
    """AWS joined decoded values unescaped, Cloudinary left `%` as it was."""
    elsewhere = published("aws-dit.json")["ambiguities_shown_here"]
    texts = [request for case in elsewhere for request in case.get("requests", [])]
    assert texts
    fields = [
        {"h": "50", "w": "100"},
        {"h": "50&w=100"},
        {"h": "50%26w=100"},
        {"h": "50&w", "w": "1"},
    ]
    minted = [sign_link(each) for each in fields]
    assert len({link[-43:] for link in minted}) == len(fields)
    for one, other in itertools.pairwise(minted):
        swapped = one[:-43] + other[-43:]
        with pytest.raises(Problem) as refusal:
            verify_signature(KEYS, parse_link(*swapped.split("?")))
        assert refusal.value.status == 403


def test_a_cut_signature_is_none() -> None:
    """Cloudinary takes 48 bits, imgproxy as few as one is told to."""
    link = sign_link({"a": "1"})
    for length in range(43):
        with pytest.raises(Problem):
            verify_signature(KEYS, parse_link(*link[: len(link) - 43 + length].split("?")))
