"""Links by the hundred thousand, through the edge and the image function: what is refused costs
nothing, what is accepted has one address, and both ends always say the same."""

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
    """Node takes thousands of links at once; tests/edge hold njs and V8 to the same."""
    return NjsEngine(tmp_path_factory.mktemp("edge"), "node")


@pytest.fixture(scope="module")
def world() -> InMemoryService:
    """A service whose keys are the vectors', with one small template."""
    world = InMemoryService()
    world.link_keys = KEYS
    names = ("first_name", "last_name", "code", "a")
    fields = {name: {"default": "", "max_length": 200, "open": name != "code"} for name in names}
    world.publish(document(fields=fields))
    world.now = 1_789_999_999.0
    return world


def spent(world: InMemoryService) -> tuple[int, ...]:
    """All that a link can cost: drawings, fetches, reads and writes of S3 and DynamoDB."""
    return (
        world.renderer.renders,
        len(world.web.fetched),
        world.pictures.gets + world.pictures.puts + world.store.gets + world.store.puts,
        world.templates.reads,
        world.counters.added,
    )


def signed(random: Random) -> str:
    """A link of the form that the mutations know, with other values every time."""
    while True:
        value = "".join(random.choices(LETTERS, k=random.randrange(1, 30)))
        fields = {"a": "1", "first_name": "Zoë B", "last_name": value}
        link = sign_link(fields, expires=1_790_000_000, width=random.randrange(40, 200))
        signature = link[-43:]
        if set(signature) & set("-_") and "a=1" not in quote(value):
            return link


def at_the_edge(edge: NjsEngine, links: Iterable[str]) -> Iterator[tuple[str, Outcome]]:
    """Each link with what the edge makes of it."""
    rest = iter(links)
    while lot := list(itertools.islice(rest, 4_000)):
        answers = edge.run([ViewerRequest.from_link(link) for link in lot])
        yield from zip(lot, map(outcome_of, answers), strict=True)


def spoilt(random: Random, most: int) -> Iterator[str]:
    for _ in range(0, most, 400):
        link = signed(random)
        for mutations in REFUSED.values():
            yield from mutations(link, link[-43:])


def test_no_spoilt_link_is_accepted_or_costs_anything(
    edge: NjsEngine, world: InMemoryService
) -> None:
    before, count = spent(world), 0
    address = outcome(sign_link({"a": "1"})).address
    for link, answered in at_the_edge(edge, spoilt(Random(1), scaled(6_000, 1_000_000))):
        count += 1
        assert answered.status in (400, 403, 404), link
        behind = world.get_picture(address, link)
        assert behind.status in (400, 403), link
        assert behind.headers["cache-control"] == "no-store"
    assert spent(world) == before
    record_figure(
        "spoilt links refused by edge and function", links=count, kinds=len(REFUSED), accepted=0
    )


def test_other_spellings_find_the_one_address(edge: NjsEngine) -> None:
    random, right, links = Random(2), {}, []
    for _ in range(scaled(60, 4_000)):
        link = signed(random)
        for mutations in SAME_PICTURE.values():
            for spelling in mutations(link, link[-43:]):
                right[spelling] = outcome(link).address
                links.append(spelling)
    for spelling, found in at_the_edge(edge, links):
        assert (found.status, found.address) == (200, right[spelling]), spelling
    record_figure(
        "other spellings of good links",
        links=len(links),
        kinds=len(SAME_PICTURE),
        second_addresses=0,
    )


def test_edge_and_function_agree_on_every_link(edge: NjsEngine) -> None:
    most = scaled(6_000, 1_000_000)
    answers = {200: 0, 400: 0, 403: 0}
    made = (corpus(seed=seed + 100, size=1000) for seed in range(most // 1000))
    links = (link for lot in made for link in lot if link.startswith("/r/"))
    for link, said in at_the_edge(edge, links):
        assert said == outcome(link), link
        answers[said.status] += 1
    assert min(answers.values()) > most // 30
    record_figure(
        "links on which edge and function agree", **{str(k): v for k, v in answers.items()}
    )


PASTED = ("&", "=", "%", "&amp;", "&code=", "&_sig=", "&_v=2", "&_w=9", "?", "/", "&a=2", "\n")


def pasted(random: Random) -> str:
    """What may come into a merge tag: words, and all that has a meaning in an address."""
    pieces = [*(chr(random.randrange(32, 0x2FFF)) for _ in range(3)), *LETTERS, *PASTED]
    return "".join(random.choices(pieces, k=random.randrange(25)))


def test_whatever_is_pasted_into_a_merge_link_changes_its_own_value_alone(
    edge: NjsEngine,
) -> None:
    random, head = Random(3), VECTORS["merge"]["head"]
    most = scaled(6_000, 400_000)
    signed_lines = parse_link(*head.partition("?")[::2]).signed_parameters
    made = (f"{head}&first_name={pasted(random)}&last_name=Doe" for _ in range(most))
    for link, found in at_the_edge(edge, made):
        assert found == outcome(link), link
        assert found.status == 200, link
        read = parse_link(*link.partition("?")[::2])
        assert read.signed_parameters == signed_lines
        assert read.fields["code"] == "SAVE25"
        assert set(read.fields) <= {"code", "first_name", "last_name"}
        assert read.fields["last_name"] == "Doe"
    record_figure("random texts pasted into merge links", links=most, other_values_changed=0)


def test_whatever_is_pasted_is_a_picture(edge: NjsEngine, world: InMemoryService) -> None:
    random, head = Random(4), sign_link({"code": "SAVE25"}, open=("first_name",))
    most = scaled(300, 100_000)
    made = (f"{head}&first_name={pasted(random)}" for _ in range(most))
    for link, found in at_the_edge(edge, made):
        reply = world.get_picture(found.address, found.canonical)
        assert reply.status == 200, link
        assert "x-postcard-fallback" not in reply.headers, link
        assert reply.size == (120, 60)
        world.pictures.delete([found.address.removeprefix("/")])
    record_figure("merge links with random texts drawn", links=most, without_picture=0)


def test_the_message_that_is_signed_stands_for_one_link_alone() -> None:
    """Injective: what differs in meaning differs in its message."""
    random = Random(5)
    names = ["a", "b", "ab", "a.b", "title", "title.color", "first_name"]
    pieces = ["", "1", "b=2", "&b=2", "%26", "%", "=", "\n", "a=1\nb=2", " ", "+", "ë", "e\u0308"]
    seen: dict[str, tuple[Any, ...]] = {}
    most = scaled(20_000, 1_000_000)
    for _ in range(most):
        chosen = random.sample(names, random.randrange(1, 4))
        fields = {name: "".join(random.choices(pieces, k=2)) for name in chosen}
        template, width = random.choice(["welcome", "welcom", "a"]), random.choice([None, 60, 601])
        link = sign_link(fields, template=template, width=width)
        meaning = (template, width, *sorted(fields.items()))
        message = link.partition("&_sig=")[0]
        assert seen.setdefault(message, meaning) == meaning, link
        assert seen.setdefault(link[-43:], meaning) == meaning, link
    record_figure(
        "pairs of meaning and message", links=most, different=len(seen) // 2, collisions=0
    )


def rotations() -> Iterator[tuple[str, dict[str, str], bool]]:
    """What a rotation, a retirement, a revocation leave in the key set; who still verifies."""
    k1, k2, k3 = (VECTORS["signing_keys_hex"]["k1"], "2" * 64, "3" * 64)
    yield "the key mints", {"k1": k1}, True
    yield "a newer key is pending", {"k1": k1, "k2": k2}, True
    yield "two newer keys", {"k1": k1, "k2": k2, "k3": k3}, True
    yield "it was revoked", {"k2": k2}, False
    yield "its name is another key's now", {"k1": k2}, False
    yield "its bytes have another name", {"k2": k1}, False
    yield "no key is left", {}, False


DAY = 86_400
MOMENTS = (-400 * DAY, -DAY, -1, 0, 1, DAY, 400 * DAY)


@pytest.mark.parametrize(("name", "keys", "verifies"), list(rotations()), ids=lambda x: str(x)[:30])
@pytest.mark.parametrize("past", MOMENTS)
@pytest.mark.parametrize("expires", [None, 1_790_000_000])
def test_keys_and_clocks_in_every_combination(
    name: str, keys: dict[str, str], verifies: bool, past: int, expires: int | None
) -> None:
    """A link lives as long as its key: 400 days on, and with a clock that is off by a day."""
    link = sign_link({"a": "1"}, expires=expires)
    now = 1_790_000_000 + past
    known = LinkKeys(
        7, keys, "k1", KEYS.cache_path_key, KEYS.image_id_checksum_key, KEYS.image_id_key
    )
    read = parse_link(*link.partition("?")[::2])
    if not verifies:
        with pytest.raises(Problem) as refusal:
            verify_signature(known, read)
        assert refusal.value.status == 403
        return
    verify_signature(known, read)
    kind = cache_path(known, read, now=float(now)).split("/")[4]
    assert kind == ("ended" if expires is not None and past >= 0 else "1")


def test_the_mutations_are_many_for_one_link() -> None:
    link = signed(Random(6))
    each = (
        mutations(link, link[-43:]) for mutations in (*REFUSED.values(), *SAME_PICTURE.values())
    )
    assert len(set(itertools.chain.from_iterable(each))) > 450
