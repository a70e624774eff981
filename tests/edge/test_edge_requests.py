"""Paths, methods, headers, and a store that cannot be read."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postcard.links.cache_path import unverified_cache_path
from postcard.links.parse import parse_link
from postcard.links.verify import verify_request
from tests.edge.engines import ENTRY, EmbeddedEngine, Engine, NodeEngine, ViewerRequest, outcome_of
from tests.links.link_cases import KEYS, VECTORS, outcome, sign_link, split
from tests.trust.run_scale import scaled

LINK = sign_link({"a": "1"})
IMAGE = f"/i/{VECTORS['images']['examples'][0]['image_id']}.png"


def statuses(engine: Engine, cases: list[ViewerRequest]) -> list[int]:
    return [outcome_of(result).status for result in engine.run(cases)]


def test_other_paths_are_404(engine: Engine) -> None:
    paths = ["/", "/r", "/i", "/i/", "/x", "/renders/7/a/1/b.png", "/images/a.png", "", "//r/a.png"]
    paths += ["/%72/a.png", "/R/a.png", "/v1/images", "/errors/fallback.png", "/i/../r/a.png"]
    paths += [IMAGE.upper(), IMAGE + "/", IMAGE.replace(".png", ".bmp"), IMAGE[:-4], IMAGE + "\n"]
    assert set(statuses(engine, [ViewerRequest(path, split(LINK)[1]) for path in paths])) == {404}


def test_malformed_links_are_400(engine: Engine) -> None:
    paths = ["/r/", "/r/a", "/r/a.bmp", "/r/a.png\n", "/r/a/b.png", "/r/%61.png", "/r/A.png"]
    assert set(statuses(engine, [ViewerRequest(path, split(LINK)[1]) for path in paths])) == {400}


def test_a_link_without_its_query_is_a_400(engine: Engine) -> None:
    assert statuses(
        engine, [ViewerRequest("/r/welcome.png"), ViewerRequest("/r/welcome.png", "")]
    ) == [400, 400]


def test_get_and_head_are_passed_on_and_other_methods_are_405(engine: Engine) -> None:
    methods = ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "get", "TRACE"]
    expected = [200, 200, *[405] * 5]
    for link in (LINK, IMAGE):
        assert (
            statuses(engine, [ViewerRequest.from_link(link, method=method) for method in methods])
            == expected
        )
    refused = engine.run([ViewerRequest.from_link(LINK, method="POST")])[0]
    assert refused["headers"]["allow"]["value"] == "GET, HEAD"


def test_the_query_and_the_viewers_postcard_headers_are_dropped(engine: Engine) -> None:
    headers = {
        name: {"value": "forged"}
        for name in (
            "x-postcard-link",
            "x-postcard-origin",
            "X-Postcard-Link",
            "x-postcards",
            "host",
        )
    }
    link, image = engine.run(
        [
            ViewerRequest.from_link(LINK, headers=headers),
            ViewerRequest.from_link(IMAGE + "?acl", headers=headers),
        ]
    )
    assert link["querystring"] == image["querystring"] == {}
    passed_on = {"x-postcards": {"value": "forged"}, "host": {"value": "forged"}}
    assert link["headers"] == {**passed_on, "x-postcard-link": {"value": LINK}}
    assert image["headers"] == passed_on


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("/r/welcome.bmp?_kid=k1", "Bad Request: the path is wrong"),
        ("/c/A_B/welcome.png?_kid=k1", "Bad Request: the path is wrong"),
        (LINK + "&utm_a=1" * 40, "Bad Request: the length is wrong"),
        ("/r/welcome.png?a=1", "Bad Request: _kid is wrong"),
        (LINK.replace("_v=1", "_v=01"), "Bad Request: _v is wrong"),
        (LINK.replace("a=1", "a=1&a=2"), "Bad Request: a is wrong"),
        (LINK.replace("a=1", "a=1&<b>=2"), "Bad Request: part 4 of the query is wrong"),
        (LINK.replace("a=1", "a=1&%zz=2"), "Bad Request: part 4 of the query is wrong"),
        (LINK + "&_sig=x", "Bad Request: _sig is wrong"),
        (LINK + "&_w=600", "Bad Request: _w is wrong"),
        (LINK + "&_open=a", "Bad Request: _open is wrong"),
        ("/r/welcome.png?_kid=k1&_m=u", "Bad Request: _open is wrong"),
        (LINK.replace("a=1", "a=2"), "Forbidden: _sig or _kid is wrong"),
        (LINK.replace("_kid=k1", "_kid=k9"), "Forbidden: _sig or _kid is wrong"),
        ("/x", "Not Found"),
    ],
)
def test_a_refusal_names_the_wrong_part_in_one_line(engine: Engine, link: str, text: str) -> None:
    (result,) = engine.run([ViewerRequest.from_link(link)])
    help_text = 'Try "postcard verify" and see docs/troubleshooting.md'
    assert result["body"]["data"] == f"{text}. {help_text}\n"
    assert result["headers"]["content-type"]["value"] == "text/plain"


def test_an_expired_link_is_rewritten_to_the_ended_path(engine: Engine) -> None:
    ended = sign_link({"a": "1"}, expires=1_700_000_000, width=600)
    found = outcome_of(engine.run([ViewerRequest.from_link(ended)])[0])
    assert found == outcome(ended)
    assert "/welcome/ended/" in found.address


@pytest.mark.parametrize(
    "entry",
    [None, "", "null", "[]", "7", "{", '"x"', "{}"]
    + [json.dumps({**json.loads(ENTRY), name: None}) for name in json.loads(ENTRY)]
    + [json.dumps({**json.loads(ENTRY), "epoch": 0})],
)
def test_without_keys_links_are_passed_on_unverified(engine: Engine, entry: str | None) -> None:
    found = [
        outcome_of(result)
        for result in engine.run(
            [
                ViewerRequest.from_link(LINK, entry=entry),
                ViewerRequest.from_link(IMAGE, entry=entry),
            ]
        )
    ]
    read = parse_link(*split(LINK))
    assert (found[0].address, found[0].canonical) == (unverified_cache_path(read), LINK)
    assert found[1].address == IMAGE.replace("/i/", "/images/")
    forged = ViewerRequest.from_link(LINK.replace("a=1", "a=2"), entry=entry)
    malformed = ViewerRequest.from_link(LINK + "&a=2", entry=entry)
    assert statuses(engine, [forged, malformed]) == [200, 400]


def test_the_image_function_accepts_the_unverified_path_of_the_edge(
    embedded: EmbeddedEngine,
) -> None:
    found = outcome_of(embedded.run([ViewerRequest.from_link(LINK, entry=None)])[0])
    link = parse_link(*split(found.canonical))
    verified = verify_request(lambda epoch: KEYS, found.address, link, now=0)
    assert (verified.kind, verified.unverified) == ("version", True)


@pytest.mark.parametrize("appended", ["&dm_i=1&b=", "&foo=1&__hstc=2&bar=50%", "&" + "x=|" * 400])
def test_without_keys_appended_parameters_stay_behind_the_signature(
    engine: Engine, appended: str
) -> None:
    """So the image function, which has the keys, can still tell them from signed ones."""
    found = outcome_of(engine.run([ViewerRequest.from_link(LINK + appended, entry=None)])[0])
    link = parse_link(*split(found.canonical))
    assert found.canonical.startswith(LINK)
    assert found.address == unverified_cache_path(parse_link(*split(LINK + appended)))
    assert found.address == unverified_cache_path(link)
    assert verify_request(lambda epoch: KEYS, found.address, link, now=0).link.canonical_url == LINK


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=scaled(75, 750),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    uri=st.sampled_from(["/r/welcome.png", IMAGE, "/x"]) | st.text(max_size=20) | JSON,
    method=st.sampled_from(["GET", "HEAD"]) | JSON,
    query=st.text(max_size=40) | JSON,
    headers=st.dictionaries(st.text(max_size=12), JSON, max_size=3) | JSON,
    entry=st.just(ENTRY) | st.none() | st.text(max_size=20),
)
def test_it_never_throws(
    node: NodeEngine, uri: Any, method: Any, query: Any, headers: Any, entry: str | None
) -> None:
    result = node.run([ViewerRequest(uri, query, method, headers, entry)])[0]
    assert result.get("statusCode") in (None, 400, 403, 404, 405)
    assert "statusCode" in result or result["uri"].startswith(("/renders/", "/images/"))
