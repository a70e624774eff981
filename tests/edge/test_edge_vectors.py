"""Every case of docs/contract/link-vectors.json, in every engine."""

from collections.abc import Sequence

from tests.edge.engines import Engine, FunctionResult, ViewerRequest, outcome_of
from tests.links.link_cases import KEYS, VECTORS, Outcome, outcome, valid_spellings


def outcomes(engine: Engine, links: Sequence[str]) -> list[Outcome]:
    return [
        outcome_of(result)
        for result in engine.run([ViewerRequest.from_link(link) for link in links])
    ]


def test_every_spelling_has_its_cache_path(engine: Engine) -> None:
    cases = valid_spellings()
    found = outcomes(engine, [link for _, link, _ in cases])
    assert [one.address for one in found] == [address for _, _, address in cases]


def test_the_canonical_link_is_passed_to_the_image_function(engine: Engine) -> None:
    links = [case["link"] for case in VECTORS["valid"]]
    assert [one.canonical for one in outcomes(engine, links)] == links


def test_what_was_appended_is_not_passed_on(engine: Engine) -> None:
    cases = [(case["link"], link) for case in VECTORS["valid"] for link in case.get("spelled", [])]
    found = outcomes(engine, [link for _, link in cases])
    assert [one.canonical for one in found] == [canonical for canonical, _ in cases]


def test_inserted_values_are_parsed_as_in_the_contract(engine: Engine) -> None:
    cases = [*VECTORS["merge"]["cases"], *VECTORS["marked"]]
    assert outcomes(engine, [case["link"] for case in cases]) == [
        Outcome(200, f"/renders/{KEYS.epoch}/welcome/3/{case['digest']}.png", case["canonical"])
        for case in cases
    ]


def test_bad_links_are_refused_with_their_status(engine: Engine) -> None:
    cases = VECTORS["invalid"]
    found = outcomes(engine, [case["link"] for case in cases])
    assert [one.status for one in found] == [case["status"] for case in cases]


def test_image_ids_are_checked_by_their_checksum(engine: Engine) -> None:
    ids = [case["image_id"] for case in VECTORS["images"]["examples"]]
    found = outcomes(engine, [f"/i/{id}.jpg" for id in ids])
    assert found == [Outcome(200, f"/images/{id}.jpg") for id in ids]
    id = ids[0]
    guesses = [id[:at] + ("a" if id[at] != "a" else "b") + id[at + 1 :] for at in range(4, 30)]
    assert {one.status for one in outcomes(engine, [f"/i/{id}.png" for id in guesses])} == {404}


def test_python_and_the_edge_agree_on_all_of_it(engine: Engine) -> None:
    links = [
        *(link for _, link, _ in valid_spellings()),
        *(
            case["link"]
            for kind in (VECTORS["merge"]["cases"], VECTORS["marked"], VECTORS["invalid"])
            for case in kind
        ),
    ]
    assert outcomes(engine, links) == [outcome(link) for link in links]


def test_error_responses_are_not_cached(engine: Engine) -> None:
    links = ["/r/a.png", "/x", VECTORS["invalid"][-1]["link"]]
    found: list[FunctionResult] = engine.run([ViewerRequest.from_link(link) for link in links])
    assert {result["headers"]["cache-control"]["value"] for result in found} == {"no-store"}
