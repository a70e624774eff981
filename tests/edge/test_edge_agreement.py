"""Python and the edge agree on every link: its status, its address, its canonical spelling."""

import string
from collections import Counter
from random import Random
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.engines import Engine, NodeEngine, ViewerRequest, outcome_of
from tests.links.link_cases import VECTORS, outcome, sign_link, valid_spellings
from tests.links.link_mutations import REFUSED, SAME_PICTURE
from tests.trust.run_scale import scaled

MUTATION_BASE = sign_link({"a": "1", "first_name": "Zoë B"}, expires=1_790_000_000)
VALUES = [
    "",
    "Alex",
    "AT&T",
    "50% Club",
    "Zoë",
    "👩‍👩‍👧",
    "a=b",
    "%DATE%",
    "O’Neil",
    "x\ny",
    "{{ a }}",
    "C++",
]
SNIPPETS = (
    *(
        "&",
        "=",
        "%",
        "+",
        "amp;",
        "&amp;",
        "%26",
        "%3D",
        "%25",
        "%zz",
        "%C3%AB",
        "%ff",
        "%80",
        "%00",
    ),
    *(
        "ë",
        "\n",
        "%0A",
        "_v=1",
        "_w=600",
        "&_w=5001",
        "_d=1.5",
        "_q=100",
        "&_c=a",
        "&_exp=1500000000",
    ),
    *("&_open=a", "&_open=a,b", "&_open=", "&_sig=", "&_sig=x", "&_kid=k1", "&utm_x=1", "&_ga=2"),
    *("&utm_x=50%", "&utm_%=1", "&%75tm_x=%f", "&fbclid=%ff"),
    *("&gclid", "&a=1", "&a", "&a.color=red", "&b=2", "&title=x", "&constructor=1", "&__proto__=1"),
    *(
        "%A%",
        "%%A%%",
        "%_",
        "&A=1",
        "?",
        "#",
        "/",
        ";",
        "\x7f",
        "\u2028",
        "utm_\n",
        " ",
        "１",
        "\ufeff",
    ),
)


# Inserted values, ends and parameters of merge links.
INSERTED_SNIPPETS = (
    *("&", "&&", "_end", "_end=(", "_end=%28", "&_end=%28", "&_end=(", "amp;", "amp%3B", "AMP%3b"),
    *("%", "%41", "%e9", "%E9", "%eC", "%C3%A9", "%ED%A0%80", "%C0%80", "%F4%90%80%80", "%25"),
    *("%0A", "+", " ", "%20", "=", "&first_name=", "&_m=u", "_m=r&", "é", "%%A B%%", "%%AC%20X%%"),
    *("%DATE%", "#", "1%BA", "%9d", "&utm_x=1", "%F0%9F%91%A9", "\x7f", "'", "(", "%28", "=\n"),
    *("&_sig=", "&_open=a", "&_w=600", "&_zz=1", "&foo=50%", "&foo=1&foo=2", "/c/a/", "/r/"),
)
MARKED_HEADS = sorted({case["link"].partition("&first_name")[0] for case in VECTORS["marked"]})
CONTRACT_LINKS: list[str] = [
    *(link for _, link, _ in valid_spellings()),
    *(case["link"] for case in (*VECTORS["marked"], *VECTORS["merge"]["cases"])),
]


def mutated_contract_link(random: Random) -> str:
    """A link of the contract with snippets inserted; one in twenty is over the limits."""
    link = random.choice(CONTRACT_LINKS)
    for _ in range(random.randint(1, 3)):
        first = random.choice((3, link.find("_sig="), len(link) * 3 // 4))
        at, cut = random.randint(first, len(link)), random.choice((0, 0, 0, 1, 3))
        link = link[:at] + random.choice(INSERTED_SNIPPETS) + link[at + cut :]
    if random.random() > 0.05:
        return link
    return link + "&x" * 40 + random.choice(("%41", "'")) * random.choice((1, 900))


def corrupt(link: str, random: Random) -> str:
    """Insert, delete or repeat text, reorder parameters, or change a character."""
    at, to = sorted((random.randrange(len(link) + 1), random.randrange(len(link) + 1)))
    match random.randrange(6):
        case 0:
            return link[:at] + random.choice(SNIPPETS) + link[at:]
        case 1:
            return link[:at] + link[min(to, at + 9) :]
        case 2:
            return link[:at] + link[at : at + 20] + link[at:]
        case 3:
            path, _, query = link.partition("?")
            parts = query.split("&")
            random.shuffle(parts)
            return f"{path}?{'&'.join(parts)}"
        case 4:
            return link[:at] + random.choice(string.printable + "é") + link[at + 1 :]
        case _:
            return link[:at] + quote(link[at : at + 2], safe="") + link[at + 2 :]


def random_link(random: Random) -> str:
    names = random.sample(["a", "b", "title", "a.color", "constructor", "first_name"], 3)
    fields = {name: random.choice(VALUES) for name in names}
    parameters: dict[str, Any] = random.choice(
        [
            {},
            {"version": None},
            {"width": 600, "dpr": 2},
            {"expires": 1_600_000_000},
            {"quality": 5},
        ]
    )
    if random.random() < 0.5:
        return sign_link(fields, **parameters)
    open_fields = [name for name in names if "." not in name]
    link = sign_link(
        {n: v for n, v in fields.items() if n not in open_fields}, open=open_fields, **parameters
    )
    return link + "".join(f"&{name}={random.choice([*VALUES, *SNIPPETS])}" for name in open_fields)


def corpus(seed: int, size: int) -> list[str]:
    random = Random(seed)
    links: list[str] = []
    while len(links) < size:
        link = random_link(random)
        links.append(link)
        for _ in range(random.randrange(4)):
            link = corrupt(link, random)
        links.append(link)
    return links


def disagreements(engine: Engine, links: list[str]) -> list[str]:
    results = engine.run([ViewerRequest.from_link(link) for link in links])
    return [
        link
        for link, result in zip(links, results, strict=True)
        if link.startswith(("/r/", "/c/")) and outcome_of(result) != outcome(link)
    ]


def test_every_engine_agrees_with_python_on_corrupted_links(engine: Engine) -> None:
    links = corpus(seed=1, size=600)
    assert disagreements(engine, links) == []
    statuses = [outcome(link).status for link in links]
    assert min(statuses.count(status) for status in (200, 400, 403)) >= 25


def test_every_engine_agrees_with_python_at_the_limits(engine: Engine) -> None:
    link = sign_link({"a": "1"})
    free_bytes = 3000 - len(link.partition("?")[2])
    links = [
        link + "&" + "amp;" * (free_bytes // 4 - 3) + "utm_x",
        *(f"{link}&utm_x={'y' * (free_bytes - 7 + more)}" for more in (0, 1)),
        *(f"{link}&utm_x={'é' * ((free_bytes - 7) // 2 + more)}" for more in (0, 1)),
        *(f"{link}{'&' * more}" for more in (28, 29)),
        *(f"{link}{'&amp;' * more}" for more in (28, 29)),
        *(link.replace("a=1", f"a={'%20' * more}") for more in (970, 975, 990)),
        *(f"/r/welcome.png?_kid=k1&a={'李' * more}" for more in (440, 447, 448, 449, 460)),
        *(f"{link}&b={'李' * more}" for more in (300, 440, 449, 460)),
        *(f"{link}&b={'|' * more}" for more in (1300, 1310, 1320)),
        *(
            f"{head}&first_name={character * more}&last_name=B{rest}&_end=("
            for head in MARKED_HEADS
            for character in ("'", "%27", "李", "👩", "%F0%9F%91%A9")
            for more in (300, 1290, 1330, 2850, 2900)
            for rest in ("", "&a" * 40)
        ),
    ]
    assert disagreements(engine, links) == []


def test_every_engine_agrees_with_python_on_the_corpus_of_mutations(engine: Engine) -> None:
    links = [
        link
        for mutations in (*REFUSED.values(), *SAME_PICTURE.values())
        for link in mutations(MUTATION_BASE, MUTATION_BASE[-43:])
    ]
    assert disagreements(engine, links) == []


def test_every_engine_agrees_with_python_on_mutations_of_the_contract(engine: Engine) -> None:
    random = Random(11)
    links = [mutated_contract_link(random) for _ in range(600)]
    assert disagreements(engine, links) == []
    assert min(Counter(outcome(link).status for link in links).values()) >= 25


def test_the_canonical_link_is_parsed_as_itself() -> None:
    random = Random(12)
    for link in (mutated_contract_link(random) for _ in range(600)):
        found = outcome(link)
        if found.status == 200:
            assert outcome(found.canonical) == found, link


@settings(
    max_examples=scaled(75, 750),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**64))
def test_node_agrees_with_python_on_any_corrupted_link(node: NodeEngine, seed: int) -> None:
    assert disagreements(node, corpus(seed, size=12)) == []


@settings(
    max_examples=scaled(100, 1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=40), st.text(max_size=40))
def test_node_agrees_with_python_on_any_text(node: NodeEngine, query: str, inserted: str) -> None:
    links = [
        f"/r/welcome.png?{query}&_kid=k1",
        f"{sign_link({'a': '1'})}&{query}",
        f"{VECTORS['merge']['head']}&first_name={inserted}&last_name={query}",
    ]
    assert disagreements(node, links) == []
