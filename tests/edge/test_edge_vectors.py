"""Every case of docs/contract/link-vectors.json, in every engine."""

from collections.abc import Sequence

from tests.edge.engines import Engine, FunctionResult, ViewerRequest, outcome_of
from tests.links.link_cases import KEYS, VECTORS, Outcome, outcome, valid_spellings


def answers(engine: Engine, links: Sequence[str]) -> list[Outcome]:
    return [
        outcome_of(answer)
        for answer in engine.run([ViewerRequest.from_link(link) for link in links])
    ]


def test_every_spelling_finds_its_picture(engine: Engine) -> None:
    cases = valid_spellings()
    found = answers(engine, [link for _, link, _ in cases])
    assert [one.address for one in found] == [address for _, _, address in cases]


def test_the_canonical_link_goes_on_to_the_lambda(engine: Engine) -> None:
    links = [case["link"] for case in VECTORS["valid"]]
    assert [one.canonical for one in answers(engine, links)] == links


def test_what_a_mail_platform_pastes_is_read_right(engine: Engine) -> None:
    cases = VECTORS["merge"]["cases"]
    assert answers(engine, [case["link"] for case in cases]) == [
        Outcome(200, f"/renders/{KEYS.epoch}/welcome/3/{case['digest']}.png", case["canonical"])
        for case in cases
    ]


def test_bad_links_are_refused_with_their_status(engine: Engine) -> None:
    cases = VECTORS["invalid"]
    found = answers(engine, [case["link"] for case in cases])
    assert [one.status for one in found] == [case["status"] for case in cases]


def test_image_ids_are_known_by_their_last_characters(engine: Engine) -> None:
    ids = [case["image_id"] for case in VECTORS["images"]["examples"]]
    found = answers(engine, [f"/i/{id}.jpg" for id in ids])
    assert found == [Outcome(200, f"/images/{id}.jpg") for id in ids]
    id = ids[0]
    guesses = [id[:at] + ("a" if id[at] != "a" else "b") + id[at + 1 :] for at in range(4, 30)]
    assert {one.status for one in answers(engine, [f"/i/{id}.png" for id in guesses])} == {404}


def test_python_and_the_edge_agree_on_all_of_it(engine: Engine) -> None:
    links = [
        *(link for _, link, _ in valid_spellings()),
        *(
            case["link"]
            for kind in (VECTORS["merge"]["cases"], VECTORS["invalid"])
            for case in kind
        ),
    ]
    assert answers(engine, links) == [outcome(link) for link in links]


def test_an_answer_is_not_kept(engine: Engine) -> None:
    links = ["/r/a.png", "/x", VECTORS["invalid"][-1]["link"]]
    found: list[FunctionResult] = engine.run([ViewerRequest.from_link(link) for link in links])
    assert {answer["headers"]["cache-control"]["value"] for answer in found} == {"no-store"}
