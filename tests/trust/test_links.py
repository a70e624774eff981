"""Hundreds of thousands of links, through the edge function and the image function.

A rejected link costs nothing, an accepted one has exactly one cache path, and both functions agree.
"""

import itertools
import string
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from postcard.errors import Problem
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_signature
from tests.edge.engines import NjsEngine, ViewerRequest, outcome_of
from tests.edge.test_edge_agreement import corpus
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.links.link_cases import KEYS, VECTORS, Outcome, outcome, sign_link
from tests.links.link_mutations import REFUSED, SAME_PICTURE
from tests.trust.run_scale import record_figure, scaled

LETTERS = string.ascii_letters + string.digits + "ëşğ李😀 %+&=;,'\"<>{}/"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> NjsEngine:
    """Node, because it runs thousands of links at once; tests/edge compare it with njs and V8."""
    return NjsEngine(tmp_path_factory.mktemp("edge"), "node")


@pytest.fixture(scope="module")
def service() -> InMemoryService:
    """A service with the keys of the test vectors and one small template."""
    service = InMemoryService()
    service.link_keys = KEYS
    names = ("first_name", "last_name", "code", "a")
    fields = {name: {"default": "", "max_length": 200, "open": name != "code"} for name in names}
    service.publish(document(fields=fields))
    service.now = 1_789_999_999.0
    return service


def total_cost(service: InMemoryService) -> tuple[int, ...]:
    """Counts of all that a link can cost: renders, fetches, S3 and DynamoDB operations."""
    return (
        service.renderer.renders,
        len(service.web.fetched),
        service.pictures.gets + service.pictures.puts + service.store.gets + service.store.puts,
        service.templates.reads,
        service.counters.added,
    )


def random_link(random: Random) -> str:
    """A signed link with random values, of the form that the mutations need."""
    while True:
        value = "".join(random.choices(LETTERS, k=random.randrange(1, 30)))
        fields = {"a": "1", "first_name": "Zoë B", "last_name": value}
        link = sign_link(fields, expires=1_790_000_000, width=random.randrange(40, 200))
        signature = link[-43:]
        if set(signature) & set("-_") and "a=1" not in quote(value):
            return link


def run_at_edge(edge: NjsEngine, links: Iterable[str]) -> Iterator[tuple[str, Outcome]]:
    """Each link with the edge function's outcome."""
    remaining = iter(links)
    while batch := list(itertools.islice(remaining, 4_000)):
        results = edge.run([ViewerRequest.from_link(link) for link in batch])
        yield from zip(batch, map(outcome_of, results), strict=True)


def invalid_links(random: Random, count: int) -> Iterator[str]:
    """Signed links with every mutation that must be rejected, about `count` of them."""
    for _ in range(0, count, 400):
        link = random_link(random)
        for mutations in REFUSED.values():
            yield from mutations(link, link[-43:])


def test_no_mutated_link_is_accepted_or_costs_anything(
    edge: NjsEngine, service: InMemoryService
) -> None:
    before, count = total_cost(service), 0
    address = outcome(sign_link({"a": "1"})).address
    for link, edge_outcome in run_at_edge(edge, invalid_links(Random(1), scaled(3_000, 1_000_000))):
        count += 1
        assert edge_outcome.status in (400, 403, 404), link
        response = service.get_picture(address, link)
        assert response.status in (400, 403), link
        assert response.headers["cache-control"] == "no-store"
    assert total_cost(service) == before
    record_figure(
        "mutated links rejected by edge and function", links=count, kinds=len(REFUSED), accepted=0
    )


def test_equivalent_spellings_of_a_link_have_the_same_address(edge: NjsEngine) -> None:
    random, addresses, links = Random(2), {}, []
    for _ in range(scaled(60, 4_000)):
        link = random_link(random)
        for mutations in SAME_PICTURE.values():
            for spelling in mutations(link, link[-43:]):
                addresses[spelling] = outcome(link).address
                links.append(spelling)
    for spelling, result in run_at_edge(edge, links):
        assert (result.status, result.address) == (200, addresses[spelling]), spelling
    record_figure(
        "equivalent spellings of valid links",
        links=len(links),
        kinds=len(SAME_PICTURE),
        second_addresses=0,
    )


def test_edge_and_function_agree_on_every_link(edge: NjsEngine) -> None:
    count = scaled(3_000, 1_000_000)
    statuses = {200: 0, 400: 0, 403: 0}
    batches = (corpus(seed=seed + 100, size=1000) for seed in range(count // 1000))
    links = (link for batch in batches for link in batch if link.startswith("/r/"))
    for link, result in run_at_edge(edge, links):
        assert result == outcome(link), link
        statuses[result.status] += 1
    assert min(statuses.values()) > count // 30
    record_figure(
        "links on which edge and function agree", **{str(k): v for k, v in statuses.items()}
    )


SYNTAX = ("&", "=", "%", "&amp;", "&code=", "&_sig=", "&_v=2", "&_w=9", "?", "/", "&a=2", "\n")


def random_text(random: Random) -> str:
    """A value for a merge tag: random characters, and the syntax of URLs and links."""
    pieces = [*(chr(random.randrange(32, 0x2FFF)) for _ in range(3)), *LETTERS, *SYNTAX]
    return "".join(random.choices(pieces, k=random.randrange(25)))


def test_a_text_in_a_merge_link_changes_its_own_value_alone(
    edge: NjsEngine,
) -> None:
    random, head = Random(3), VECTORS["merge"]["head"]
    count = scaled(3_000, 400_000)
    signed_parameters = parse_link(*head.partition("?")[::2]).signed_parameters
    links = (f"{head}&first_name={random_text(random)}&last_name=Doe" for _ in range(count))
    for link, result in run_at_edge(edge, links):
        assert result == outcome(link), link
        assert result.status == 200, link
        parsed = parse_link(*link.partition("?")[::2])
        assert parsed.signed_parameters == signed_parameters
        assert parsed.fields["code"] == "SAVE25"
        assert set(parsed.fields) <= {"code", "first_name", "last_name"}
        assert parsed.fields["last_name"] == "Doe"
    record_figure("random texts in merge links", links=count, other_values_changed=0)


def test_every_text_in_a_merge_link_results_in_a_picture(
    edge: NjsEngine, service: InMemoryService
) -> None:
    random, head = Random(4), sign_link({"code": "SAVE25"}, open=("first_name",))
    count = scaled(300, 100_000)
    links = (f"{head}&first_name={random_text(random)}" for _ in range(count))
    for link, result in run_at_edge(edge, links):
        response = service.get_picture(result.address, result.canonical)
        assert response.status == 200, link
        assert "x-postcard-fallback" not in response.headers, link
        assert response.size == (120, 60)
        service.pictures.delete([result.address.removeprefix("/")])
    record_figure("merge links with random texts drawn", links=count, without_picture=0)


def test_different_links_have_different_signed_messages() -> None:
    """The map from a link's meaning to its signed message is injective."""
    random = Random(5)
    names = ["a", "b", "ab", "a.b", "title", "title.color", "first_name"]
    pieces = ["", "1", "b=2", "&b=2", "%26", "%", "=", "\n", "a=1\nb=2", " ", "+", "ë", "e\u0308"]
    seen: dict[str, tuple[Any, ...]] = {}
    count = scaled(10_000, 1_000_000)
    for _ in range(count):
        chosen = random.sample(names, random.randrange(1, 4))
        fields = {name: "".join(random.choices(pieces, k=2)) for name in chosen}
        template, width = random.choice(["welcome", "welcom", "a"]), random.choice([None, 60, 601])
        link = sign_link(fields, template=template, width=width)
        meaning = (template, width, *sorted(fields.items()))
        message = link.partition("&_sig=")[0]
        assert seen.setdefault(message, meaning) == meaning, link
        assert seen.setdefault(link[-43:], meaning) == meaning, link
    record_figure(
        "pairs of meaning and message", links=count, different=len(seen) // 2, collisions=0
    )


def rotations() -> Iterator[tuple[str, dict[str, str], bool]]:
    """Key sets after rotations and revocations, and whether a link signed by k1 verifies."""
    k1, k2, k3 = (VECTORS["signing_keys_hex"]["k1"], "2" * 64, "3" * 64)
    yield "k1 is the active key", {"k1": k1}, True
    yield "k2 is pending", {"k1": k1, "k2": k2}, True
    yield "two newer keys", {"k1": k1, "k2": k2, "k3": k3}, True
    yield "k1 was revoked", {"k2": k2}, False
    yield "another key has the id k1", {"k1": k2}, False
    yield "the key has another id", {"k2": k1}, False
    yield "no key is left", {}, False


DAY = 86_400
MOMENTS = (-400 * DAY, -DAY, -1, 0, 1, DAY, 400 * DAY)


@pytest.mark.parametrize(("name", "keys", "verifies"), list(rotations()), ids=lambda x: str(x)[:30])
@pytest.mark.parametrize("past", MOMENTS)
@pytest.mark.parametrize("expires", [None, 1_790_000_000])
def test_a_link_verifies_as_long_as_its_key_exists_at_any_time(
    name: str, keys: dict[str, str], verifies: bool, past: int, expires: int | None
) -> None:
    """Also 400 days later, and with a clock that is off by a day; `expires` changes the picture."""
    link = sign_link({"a": "1"}, expires=expires)
    now = 1_790_000_000 + past
    link_keys = LinkKeys(
        7, keys, "k1", KEYS.cache_path_key, KEYS.image_id_checksum_key, KEYS.image_id_key
    )
    parsed = parse_link(*link.partition("?")[::2])
    if not verifies:
        with pytest.raises(Problem) as caught:
            verify_signature(link_keys, parsed)
        assert caught.value.status == 403
        return
    verify_signature(link_keys, parsed)
    kind = cache_path(link_keys, parsed, now=float(now)).split("/")[4]
    assert kind == ("ended" if expires is not None and past >= 0 else "1")


def test_one_link_has_more_than_450_mutations() -> None:
    link = random_link(Random(6))
    mutated = (
        mutations(link, link[-43:]) for mutations in (*REFUSED.values(), *SAME_PICTURE.values())
    )
    assert len(set(itertools.chain.from_iterable(mutated))) > 450
