"""The embedded engine: its crypto is right, and no script can hang or confuse the server."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.aws.edge_function import EdgeFunction, EdgeFunctionError
from tests.edge.engines import CLOCK, ENTRY, SOURCE, ViewerRequest, outcome_of
from tests.links.link_cases import outcome, sign_link
from tests.trust.run_scale import scaled

HEAD = "import cf from 'cloudfront';\nimport crypto from 'crypto';\n"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def function(body: str, entry: str | None = "e", seconds: float = 60.0) -> EdgeFunction:
    return EdgeFunction(HEAD + body, lambda name: entry, seconds=seconds)


def run(edge: EdgeFunction, uri: str = "/", query: str | None = None) -> dict[str, object]:
    return edge.handle(ViewerRequest(uri).event, query=query)


@pytest.fixture(scope="module")
def hasher() -> Iterator[EdgeFunction]:
    edge = function("""
        function handler(event) {
          const [key, text] = JSON.parse(event.request.uri);
          const hmac = (how) => crypto.createHmac('sha256', key).update(text).digest(how);
          const hash = crypto.createHash('sha256').update(text).digest('hex');
          return { hash: hash, hex: hmac('hex'), base64url: hmac('base64url') };
        }""")
    yield edge
    edge.close()


@settings(max_examples=scaled(50, 500), deadline=None)
@given(key=TEXTS, text=TEXTS)
def test_its_hashes_are_those_of_the_standard_library(
    hasher: EdgeFunction, key: str, text: str
) -> None:
    mac = hmac.digest(key.encode(), text.encode(), "sha256")
    assert run(hasher, json.dumps([key, text])) == {
        "hash": hashlib.sha256(text.encode()).hexdigest(),
        "hex": mac.hex(),
        "base64url": urlsafe_b64encode(mac).decode().rstrip("="),
    }


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 4096])
def test_its_hashes_are_right_around_the_block_size(hasher: EdgeFunction, size: int) -> None:
    found = run(hasher, json.dumps(["k" * size, "x" * size]))
    assert found["hash"] == hashlib.sha256(b"x" * size).hexdigest()
    assert found["hex"] == hmac.digest(b"k" * size, b"x" * size, "sha256").hex()


def test_the_raw_query_is_unchanged() -> None:
    edge = function("function handler(e) { return { q: [e.request.rawQueryString()] } }")
    assert run(edge, query="a=%41&&b") == {"q": ["a=%41&&b"]}
    assert run(edge, query="") == {"q": [""]}
    assert run(edge) == {"q": [None]}
    edge.close()


def test_the_store_is_read_once_per_request() -> None:
    entries: dict[str, str] = {"postcard": ENTRY}
    read_names = []

    def entry(name: str) -> str | None:
        read_names.append(name)
        return entries.get(name)

    edge = EdgeFunction(CLOCK + SOURCE, entry)
    path, _, query = sign_link({"a": "1"}).partition("?")
    assert outcome_of(run(edge, path, query)).address == outcome(sign_link({"a": "1"})).address
    entries["postcard"] = ENTRY.replace('"epoch": 7', '"epoch": 8')
    assert outcome_of(run(edge, path, query)).address.startswith("/renders/8/")
    del entries["postcard"]
    assert outcome_of(run(edge, path, query)).address.startswith("/renders/0/")
    assert read_names == ["postcard"] * 3
    edge.close()


def test_without_the_store_links_are_passed_on_unverified() -> None:
    def entry(name: str) -> str | None:
        raise ConnectionError("the store is down")

    edge = EdgeFunction(CLOCK + SOURCE, entry)
    path, _, query = sign_link({"a": "1"}).partition("?")
    assert outcome_of(run(edge, path, query)).address.startswith("/renders/0/")
    edge.close()


# V8 returns a cancelled call's result after its event loop has ended, and mini-racer warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "body",
    [
        "function handler(event) { while (event.request.uri === '/') {} return { ok: 1 } }",
        "async function handler(event) { const e = await cf.kvs().get('postcard');"
        " while (event.request.uri === '/') {} return { ok: 1 } }",
    ],
    ids=["at once", "after reading the store"],
)
def test_a_script_that_hangs_is_stopped_and_the_next_request_succeeds(body: str) -> None:
    edge = function(body, seconds=0.2)
    with pytest.raises(EdgeFunctionError, match="too long"):
        run(edge, "/")
    assert run(edge, "/other") == {"ok": 1}
    edge.close()


@pytest.mark.parametrize(
    "body",
    [
        "function handler(event) { throw new Error('no') }",
        "async function handler(event) { const e = await cf.kvs().get('x'); throw 'no' }",
        "function handler(event) { return new Promise(() => {}) }",
        "function handler(event) { return undefined }",
        "function handler(event) { return 7 }",
        "async function handler(event) { const e = await cf.kvs().get('x'); crypto.no() }",
    ],
)
def test_a_script_that_fails_is_an_error_and_the_next_request_succeeds(body: str) -> None:
    edge = function(
        f"{body.replace('handler', 'first')}\n"
        + """
        function handler(event) { return event.request.uri === '/' ? first(event) : { ok: 1 } }"""
    )
    with pytest.raises(EdgeFunctionError):
        run(edge, "/")
    assert run(edge, "/other") == {"ok": 1}
    edge.close()


def test_concurrent_requests_get_their_own_results() -> None:
    edge = EdgeFunction(CLOCK + SOURCE, lambda name: ENTRY)
    links = [sign_link({"a": str(number)}) for number in range(60)]

    def address(link: str) -> str:
        path, _, query = link.partition("?")
        return outcome_of(run(edge, path, query)).address

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(address, links)) == [outcome(link).address for link in links]
    edge.close()
