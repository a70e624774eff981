"""Merge links: each platform's tags, and the image tag around them."""

import pytest

from postcard.errors import BadRequest, UriTooLong
from postcard.links.merge_tags import (
    MergeLink,
    image_tag,
    link_encoding,
    merge_link,
    platform_faults,
)
from postcard.links.parse import parse_link
from tests.links.link_cases import outcome, sign_link, split
from tests.merge_tags.html_parsers import only_image


def tag(esp: str, attribute: str) -> str:
    head = sign_link({"code": "X"}, open=("name",), encoding="a")
    link = merge_link(head, esp=esp, open={"name": attribute})
    return str(link).removeprefix(f"{head}&name=").removesuffix("&_end=(")


@pytest.mark.parametrize(
    ("esp", "attribute", "written"),
    [
        ("klaviyo", "first_name", "{{ first_name|urlencode }}"),
        ("klaviyo", "person.city", "{{ person.city|urlencode }}"),
        ("klaviyo", "person|lookup:'Points'", "{{ person|lookup:'Points'|urlencode }}"),
        ("klaviyo", "Favorite Color", "{{ person|lookup:'Favorite Color'|urlencode }}"),
        ("klaviyo", "$city", "{{ person|lookup:'$city'|urlencode }}"),
        ("mailchimp", "FNAME", "*|URL:FNAME|*"),
        ("instantly", "firstName", "{{firstName}}"),
        ("custom", "[[firstname]]", "[[firstname]]"),
        ("custom", "%%=URLEncode(First, 1, 1)=%%", "%%=URLEncode(First, 1, 1)=%%"),
    ],
)
def test_each_platform_writes_its_own_tag(esp: str, attribute: str, written: str) -> None:
    assert tag(esp, attribute) == written


@pytest.mark.parametrize(
    ("esp", "encoding", "mark"),
    [
        ("klaviyo", None, "u"),
        ("mailchimp", None, "u"),
        ("instantly", None, "r"),
        ("custom", None, "a"),
        ("custom", "url", "u"),
        ("custom", "raw", "r"),
    ],
)
def test_a_link_says_how_its_platform_writes_values(
    esp: str, encoding: str | None, mark: str
) -> None:
    assert platform_faults(esp, {}, encoding) == []
    assert link_encoding(esp, encoding) == mark


@pytest.mark.parametrize(
    ("esp", "encoding"), [("klaviyo", "url"), ("instantly", "raw"), ("custom", "html")]
)
def test_only_the_encoding_of_custom_tags_can_be_said(esp: str, encoding: str) -> None:
    assert [fault.pointer for fault in platform_faults(esp, {}, encoding)] == ["/encoding"]


@pytest.mark.parametrize(
    ("esp", "attribute"),
    [
        ("klaviyo", "{{ first_name }}"),
        ("klaviyo", ""),
        ("klaviyo", "O'x"),
        ("klaviyo", 'person|lookup:"Points"'),
        ("mailchimp", "*|FNAME|*"),
        ("mailchimp", "first name"),
        ("instantly", "{{firstName}}"),
        ("custom", ""),
        ("custom", "a\nb"),
    ],
)
def test_an_invalid_attribute_is_a_400_with_its_pointer(esp: str, attribute: str) -> None:
    with pytest.raises(BadRequest) as refused:
        tag(esp, attribute)
    assert [fault.pointer for fault in refused.value.errors] == ["/open/name"]


def test_an_unknown_platform_is_a_400_that_names_the_known_ones() -> None:
    with pytest.raises(BadRequest) as refused:
        tag("pigeon", "x")
    assert refused.value.errors[0].pointer == "/esp"
    assert "klaviyo" in refused.value.errors[0].detail
    assert platform_faults("Mailchip", {})[0].detail.startswith("Did you mean mailchimp?")


def test_open_fields_come_last_and_the_filled_link_is_valid() -> None:
    head = sign_link({"code": "X"}, open=("last", "first"), encoding="u")
    link = merge_link(head, esp="mailchimp", open={"last": "LNAME", "first": "FNAME"})
    assert str(link) == f"{head}&first=*|URL:FNAME|*&last=*|URL:LNAME|*&_end=("
    filled = str(link).replace("*|URL:FNAME|*", "Zo%C3%AB").replace("*|URL:LNAME|*", "AT%26T")
    assert outcome(filled).status == 200
    assert parse_link(*split(filled)).fields == {"code": "X", "first": "Zoë", "last": "AT&T"}
    assert outcome(f"{filled}&ck_subscriber_id=1&last=Eve") == outcome(filled)


def test_texts_come_behind_other_fields_since_they_may_cut_the_link() -> None:
    head = sign_link({}, open=("a", "b", "c"), encoding="u")
    tags = {name: name.upper() for name in "abc"}
    link = str(merge_link(head, esp="mailchimp", open=tags, text_fields=("a", "c")))
    assert link.removeprefix(head) == "&b=*|URL:B|*&a=*|URL:A|*&c=*|URL:C|*&_end=("


def test_a_signed_prefix_is_spelled_as_platforms_leave_it_alone() -> None:
    plain = sign_link({"c": "~1,2"}, open=("a", "b"))
    spelled = sign_link({"c": "~1,2"}, open=("a", "b"), encoding="u")
    assert "&_open=a%2Cb&" in plain and "&c=~1%2C2&" in plain
    assert "&_open=a,b&" in spelled and "&c=%7E1%2C2&" in spelled
    assert parse_link(*split(spelled)).fields == {"c": "~1,2"}
    assert outcome(spelled).status == 200


def test_an_unfilled_tag_is_not_an_error() -> None:
    for esp, attribute in [("klaviyo", "a"), ("mailchimp", "A"), ("instantly", "a")]:
        head = sign_link({}, open=("a",), encoding="u")
        assert outcome(str(merge_link(head, esp=esp, open={"a": attribute}))).status == 200


def test_a_prefix_too_long_for_its_open_fields_is_refused() -> None:
    bare = sign_link({"a": ""}, open=("b",), encoding="a")
    room = 3000 - len(split(bare)[1]) - len("&b=&_end=(")
    for size in (room, room + 1):
        head = sign_link({"a": "x" * size}, open=("b",), encoding="a")
        if size == room:
            assert outcome(str(merge_link(head, esp="custom", open={"b": "x"}))).status == 200
            continue
        with pytest.raises(UriTooLong):
            merge_link(head, esp="custom", open={"b": "x"})


def test_the_image_tag_of_a_link_is_escaped_html() -> None:
    link = sign_link({"a": "1", "b": "2"})
    html = image_tag(
        "https://cdn.example.com/", link, alt='Hi "Zoë" & <Bob>', width=600, height=315
    )
    assert "&_v" not in html
    assert only_image(html) == {
        "src": f"https://cdn.example.com{link}",
        "width": "600",
        "height": "315",
        "alt": 'Hi "Zoë" & <Bob>',
        "style": "display:block;width:100%;max-width:600px;height:auto;border:0",
    }


@pytest.mark.parametrize(
    "written",
    ["{{ a|default:'x'|urlencode }}", "*|URL:A|*", "<%= a %>", "[[a]]"],
)
def test_merge_tags_are_not_escaped_in_the_image_tag(written: str) -> None:
    link = MergeLink(sign_link({}, open=("a",)), (("a", written),))
    html = image_tag("https://cdn.example.com", link, alt="", width=1, height=1)
    assert f"&amp;a={written}" in html
    assert only_image(html)["src"] == f"https://cdn.example.com{link}"
    filled = only_image(html.replace(written, "Zo%C3%AB"))["src"]
    assert filled == f"https://cdn.example.com{link.signed_prefix}&a=Zo%C3%AB&_end=("


def test_a_merge_tag_with_both_quotes_cannot_end_the_attribute() -> None:
    link = MergeLink(sign_link({}, open=("a",)), (("a", "{{ 'x' \"y\" }}"),))
    html = image_tag("https://cdn.example.com", link, alt="", width=1, height=1)
    assert only_image(html)["src"] == f"https://cdn.example.com{link}"
