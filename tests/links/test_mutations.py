"""One signed link, spoilt and respelled in every way of the corpus that a link alone can show."""

import json

import pytest

from tests.links.link_cases import ROOT, outcome, sign_link
from tests.links.link_mutations import REFUSED, SAME_PICTURE, TESTED_ELSEWHERE

CORPUS = ROOT.parent / "shared/corpus/vectors/signature-mutations.json"
LINK = sign_link({"a": "1", "first_name": "Zoë B"}, expires=1_790_000_000)
SIGNATURE = LINK[-43:]


def test_the_link_itself_is_right() -> None:
    assert outcome(LINK).status == 200


@pytest.mark.parametrize("id", sorted(REFUSED))
def test_a_spoilt_link_gets_no_picture(id: str) -> None:
    for link in REFUSED[id](LINK, SIGNATURE):
        assert outcome(link).status in (400, 403), link


@pytest.mark.parametrize("id", sorted(SAME_PICTURE))
def test_another_spelling_is_the_same_link(id: str) -> None:
    right = outcome(LINK)
    for link in SAME_PICTURE[id](LINK, SIGNATURE):
        found = outcome(link)
        assert (found.status, found.address) == (200, right.address), link
        if SIGNATURE in found.canonical:
            assert found.canonical == LINK


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside this tree")
def test_every_kind_of_the_corpus_has_its_place() -> None:
    kinds = {mutation["id"] for mutation in json.loads(CORPUS.read_text())["mutations"]}
    assert kinds == REFUSED.keys() | SAME_PICTURE.keys() | TESTED_ELSEWHERE.keys()
