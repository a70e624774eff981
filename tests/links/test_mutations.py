"""One signed link, changed in each way of the mutation corpus that concerns links alone."""

import pytest

from tests.corpus import files
from tests.links.link_cases import outcome, sign_link
from tests.links.link_mutations import REFUSED, SAME_PICTURE, TESTED_ELSEWHERE

LINK = sign_link({"a": "1", "first_name": "Zoë B"}, expires=1_790_000_000)
SIGNATURE = LINK[-43:]


def test_the_unchanged_link_is_valid() -> None:
    assert outcome(LINK).status == 200


@pytest.mark.parametrize("id", sorted(REFUSED))
def test_a_corrupted_link_is_refused(id: str) -> None:
    for link in REFUSED[id](LINK, SIGNATURE):
        assert outcome(link).status in (400, 403), link


@pytest.mark.parametrize("id", sorted(SAME_PICTURE))
def test_another_spelling_has_the_same_cache_path(id: str) -> None:
    right = outcome(LINK)
    for link in SAME_PICTURE[id](LINK, SIGNATURE):
        found = outcome(link)
        assert (found.status, found.address) == (200, right.address), link
        if SIGNATURE in found.canonical:
            assert found.canonical == LINK


def test_every_mutation_of_the_corpus_is_covered() -> None:
    mutations = files.signing_vectors("signature-mutations.json")["mutations"]
    kinds = {mutation["id"] for mutation in mutations}
    assert kinds == REFUSED.keys() | SAME_PICTURE.keys() | TESTED_ELSEWHERE.keys()
