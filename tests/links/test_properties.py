"""Property tests: round trips, one canonical spelling, different links stay different."""

from random import Random
from urllib.parse import quote, quote_plus, unquote

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from postcard.errors import BadRequest, UriTooLong
from postcard.identifiers import is_tracking_parameter
from postcard.links.parse import parse_link
from tests.links.link_cases import VECTORS, Outcome, outcome, sign_link, split
from tests.trust.run_scale import scaled

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z]{1,6})?", fullmatch=True).filter(
    lambda name: not is_tracking_parameter(name)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FIELDS = st.dictionaries(NAMES, TEXTS, max_size=6)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.none() | st.integers(1, 999_999),
        "width": st.integers(1, 5000),
        "dpr": st.sampled_from([1, 1.5, 2, 3]),
        "quality": st.integers(1, 100),
        "expires": st.integers(1_000_000_000, 9_999_999_999),
        "campaign": st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
        "format": st.sampled_from(["png", "jpg", "webp", "avif", "gif"]),
    },
)


@settings(max_examples=scaled(50, 500), deadline=None)
@given(FIELDS, PARAMETERS)
def test_signed_links_are_parsed_back(
    fields: dict[str, str], parameters: dict[str, object]
) -> None:
    link = sign_link(fields, **parameters)
    read = parse_link(*split(link))
    assert read.fields == fields
    assert read.canonical_url == link
    assert outcome(link).status == 200


def respelled(text: str, random: Random) -> str:
    """The text with each character encoded, in either case of hex, or as it is."""
    return "".join(
        random.choice(
            [
                "".join(f"%{byte:{random.choice(['02x', '02X'])}}" for byte in character.encode()),
                quote_plus(character),
                quote(character, safe="") if character in "&+%=" else character,
            ]
        )
        for character in text
    )


@settings(max_examples=scaled(50, 500), deadline=None)
@given(FIELDS, PARAMETERS, st.randoms(use_true_random=False))
def test_every_spelling_is_the_same_link(
    fields: dict[str, str], parameters: dict[str, object], random: Random
) -> None:
    link = sign_link(fields, **parameters)
    path, query = split(link)
    parts = ["utm_source=x"]
    for name, _, value in (part.partition("=") for part in query.split("&")):
        spelled = f"{respelled(name, random)}={respelled(unquote(value), random)}"
        parts.append("amp;" * random.randrange(3) + spelled)
    random.shuffle(parts)
    respelled_link = f"{path}?{'&'.join(parts)}"
    assume(len(split(respelled_link)[1].encode()) <= 3000)
    assert outcome(respelled_link) == outcome(link)


@settings(max_examples=scaled(100, 1000), deadline=None)
@given(FIELDS, FIELDS, PARAMETERS, PARAMETERS)
def test_different_links_have_different_canonical_forms(
    one: dict[str, str],
    other: dict[str, str],
    parameters: dict[str, object],
    also: dict[str, object],
) -> None:
    same = (one, {"dpr": 1, "version": 1, "format": "png"} | parameters) == (
        other,
        {"dpr": 1, "version": 1, "format": "png"} | also,
    )
    assert (sign_link(one, **parameters) == sign_link(other, **also)) == same


@settings(max_examples=scaled(100, 1000), deadline=None)
@given(TEXTS, TEXTS)
def test_an_open_field_accepts_any_text(first: str, last: str) -> None:
    link = VECTORS["merge"]["head"] + f"&first_name={first}&last_name={last}"
    assume(len(split(link)[1].encode()) <= 3000 and link.count("&") < 32)
    found = outcome(link)
    assert found.status == 200
    assert outcome(found.canonical) == found


@settings(max_examples=scaled(50, 500), deadline=None)
@given(TEXTS, TEXTS)
def test_an_encoded_open_value_is_decoded_unchanged(first: str, last: str) -> None:
    link = f"{VECTORS['merge']['head']}&first_name={quote(first)}&last_name={quote_plus(last)}"
    fields = parse_link(*split(link)).fields
    assert (fields.get("first_name", ""), fields.get("last_name", "")) == (first, last)


@settings(max_examples=scaled(100, 1000), deadline=None)
@given(st.text(max_size=60), st.text(max_size=120))
def test_any_text_is_a_link_or_a_400(path: str, query: str) -> None:
    for given_path in (path, "/r/welcome.png"):
        for given_query in (query, f"{query}&_kid=k1", f"_kid=k1&_open=a&_sig={query}"):
            try:
                read = parse_link(given_path, given_query)
            except BadRequest:
                continue
            assert parse_link(*split(read.canonical_url)) == read


@settings(max_examples=scaled(50, 500), deadline=None)
@given(FIELDS, st.sets(NAMES.filter(lambda name: "." not in name), max_size=4))
def test_only_the_values_of_open_fields_can_be_changed(
    fields: dict[str, str], names: set[str]
) -> None:
    closed = {name: value for name, value in fields.items() if name not in names}
    try:
        head = sign_link(closed, open=tuple(names))
    except UriTooLong:
        return
    filled = head + "".join(f"&{name}=x" for name in names)
    assert outcome(filled).status == 200
    for name in closed:
        assert outcome(filled.replace(f"{name}=", f"{name}=x", 1)) != Outcome(
            200, outcome(filled).address, outcome(filled).canonical
        )
