"""Names as mail platforms insert them come out of the link as they went in."""

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from postcard.links.parse import parse_link
from tests.links.link_cases import outcome, sign_link, split

Writer = Callable[[str], str]
WORDS = [
    "&",
    "%",
    "+",
    "=",
    ";",
    "'",
    " ",
    "C++",
    "AT&T",
    "100%",
    "50% ",
    "Zoë",
    "é",
    "王",
    "👩‍🚀",
    "amp",
    "_end",
]
NAMES = st.lists(
    st.sampled_from(WORDS) | st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=4),
    max_size=8,
).map("".join)


def lower_case_hex(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quote_plus(text))


def browser(text: str) -> str:
    """What a browser makes of raw text in an address."""
    return quote(text, safe="!$%&'()*+,-./:;=?@[\\]^_`{|}~")


URL_ENCODERS: list[Writer] = [
    quote_plus,
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="!'()*-._~"),
    lower_case_hex,
]
RAW_WRITERS: list[Writer] = [browser, lambda text: browser(html.unescape(html.escape(text)))]


def rewritten(query: str) -> str:
    """As software writes a query that it has parsed."""
    return urlencode(parse_qsl(query, keep_blank_values=True))


def filled(mode: str, first: str, last: str, *, tail: str = "") -> str:
    head = sign_link({}, open=("first_name", "last_name"), encoding=mode)
    return f"{head}&first_name={first}&last_name={last}&_end=({tail}"


def read(link: str) -> tuple[str, str]:
    assert outcome(link).status == 200
    fields = parse_link(*split(link)).fields
    return fields.get("first_name", ""), fields.get("last_name", "")


def is_raw_text_clear(name: str) -> bool:
    """Whether the raw text has one reading: no escape, field, end or cut in it."""
    return not re.search(r"%[0-9a-f]{2}|[#\"]|&amp|&(first|last)_name=|&_end", name, re.IGNORECASE)


@pytest.mark.parametrize("write", URL_ENCODERS)
@settings(max_examples=40, deadline=None)
@given(first=NAMES, last=NAMES)
def test_url_encoded_names_are_read_as_they_are(write: Writer, first: str, last: str) -> None:
    link = filled("u", write(first), write(last))
    assert read(link) == (first, last)
    path, query = split(link)
    assert read(f"{path}?{rewritten(query)}") == (first, last)
    assert read(link.replace("&", "&amp%3B")) == (first, last)


@pytest.mark.parametrize("write", RAW_WRITERS)
@settings(max_examples=40, deadline=None)
@given(first=NAMES, last=NAMES)
def test_raw_names_are_read_as_they_are(write: Writer, first: str, last: str) -> None:
    assume(is_raw_text_clear(first) and is_raw_text_clear(last))
    assert read(filled("r", write(first), write(last))) == (first, last)


@settings(max_examples=40, deadline=None)
@given(first=NAMES, last=NAMES)
def test_raw_names_survive_software_that_rewrites_the_query(first: str, last: str) -> None:
    assume(is_raw_text_clear(first) and is_raw_text_clear(last))
    assume(not {"+", "&"} & {*first, *last})  # which such software has lost
    path, query = split(filled("r", browser(first), browser(last)))
    assert read(f"{path}?{rewritten(query)}") == (first, last)


@settings(max_examples=40, deadline=None)
@given(first=NAMES, last=NAMES, write=st.sampled_from([*URL_ENCODERS, *RAW_WRITERS]))
def test_names_of_an_unknown_platform_are_read_as_they_are(
    first: str, last: str, write: Writer
) -> None:
    assume(is_raw_text_clear(first) and is_raw_text_clear(last))
    assume(write not in RAW_WRITERS or "+" not in first + last)
    assume("+" not in first + last or " " not in first + last)
    assert read(filled("a", write(first), write(last))) == (first, last)


@settings(max_examples=40, deadline=None)
@given(first=NAMES, last=NAMES, cut=st.integers(0, 60), mode=st.sampled_from("ura"))
def test_a_cut_link_shows_whole_names_or_defaults(
    first: str, last: str, cut: int, mode: str
) -> None:
    link = filled(mode, quote(first, safe=""), quote(last, safe=""))
    tail = link.partition("&first_name=")[2]
    found = read(link[: len(link) - min(cut, len(tail))])
    assert found[0] in (first, "")
    assert found[1] in (last, "")


@settings(max_examples=40, deadline=None)
@given(first=NAMES, tail=st.text(max_size=40), mode=st.sampled_from("ura"))
def test_what_is_appended_to_a_merge_link_changes_nothing(first: str, tail: str, mode: str) -> None:
    link = filled(mode, quote(first, safe=""), "X")
    assert outcome(f"{link}{tail}&first_name=Eve&_w=5000") == outcome(link)
