"""Merge links: each platform's tags, and the image tag around them."""

from collections.abc import Mapping
from html.parser import HTMLParser

import pytest

from postcard.errors import BadRequest, UriTooLong
from postcard.links.merge_tags import MergeLink, image_tag, merge_link
from postcard.links.parse import parse_link
from tests.links.link_cases import outcome, sign_link, split


def tag(esp: str, attribute: str, default: str | None = None) -> str:
    head = sign_link({"code": "X"}, open=("name",))
    link = merge_link(head, esp=esp, open={"name": attribute}, defaults={"name": default})
    return str(link).removeprefix(f"{head}&name=")


def source(html: str) -> Mapping[str, str | None]:
    """The attributes that a mail program finds in an `<img>`."""
    found: list[dict[str, str | None]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(dict(attrs))

    Reader().feed(html)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("esp", "attribute", "default", "written"),
    [
        ("klaviyo", "first_name", "there", "{{ first_name|default:'there'|urlencode }}"),
        ("klaviyo", "person.city", None, "{{ person.city|default:''|urlencode }}"),
        (
            "klaviyo",
            "person|lookup:'Points'",
            "0",
            "{{ person|lookup:'Points'|default:'0'|urlencode }}",
        ),
        (
            "klaviyo",
            "Favorite Color",
            None,
            "{{ person|lookup:'Favorite Color'|default:''|urlencode }}",
        ),
        ("klaviyo", "$city", None, "{{ person|lookup:'$city'|default:''|urlencode }}"),
        ("mailchimp", "FNAME", "there", "*|URL:FNAME|*"),
        ("instantly", "firstName", "dear friend", "{{firstName|dear%20friend}}"),
        ("instantly", "firstName", None, "{{firstName}}"),
        ("custom", "[[firstname]]", "there", "[[firstname]]"),
        ("custom", "%%=URLEncode(First, 1, 1)=%%", None, "%%=URLEncode(First, 1, 1)=%%"),
    ],
)
def test_each_platform_writes_its_own_tag(
    esp: str, attribute: str, default: str | None, written: str
) -> None:
    assert tag(esp, attribute, default) == written


@pytest.mark.parametrize(
    "default", ["O'Neil", 'a"b', "a|b", "}}", "50%", "<b>", "a&b", "#1", "a\nb"]
)
def test_a_default_that_would_break_the_tag_is_left_out(default: str) -> None:
    assert tag("klaviyo", "first_name", default) == "{{ first_name|default:''|urlencode }}"
    assert tag("instantly", "firstName", default) == "{{firstName}}"


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


def test_open_fields_come_last_and_the_filled_link_is_valid() -> None:
    head = sign_link({"code": "X"}, open=("last", "first"))
    link = merge_link(head, esp="mailchimp", open={"last": "LNAME", "first": "FNAME"}, defaults={})
    assert str(link) == f"{head}&first=*|URL:FNAME|*&last=*|URL:LNAME|*"
    filled = str(link).replace("*|URL:FNAME|*", "Zo%C3%AB").replace("*|URL:LNAME|*", "AT&T")
    assert outcome(filled).status == 200
    assert parse_link(*split(filled)).fields == {"code": "X", "first": "Zoë", "last": "AT&T"}


def test_an_unfilled_tag_is_not_an_error() -> None:
    for esp, attribute in [("klaviyo", "a"), ("mailchimp", "A"), ("instantly", "a")]:
        head = sign_link({}, open=("a",))
        assert (
            outcome(str(merge_link(head, esp=esp, open={"a": attribute}, defaults={}))).status
            == 200
        )


def test_a_prefix_too_long_for_its_open_fields_is_refused() -> None:
    bare = sign_link({"a": ""}, open=("b",))
    full = sign_link({"a": "x" * (3000 - len(split(bare)[1]))}, open=("b",))
    with pytest.raises(UriTooLong):
        merge_link(full, esp="custom", open={"b": "x"}, defaults={})


def test_the_image_tag_of_a_link_is_escaped_html() -> None:
    link = sign_link({"a": "1", "b": "2"})
    html = image_tag(
        "https://cdn.example.com/", link, alt='Hi "Zoë" & <Bob>', width=600, height=315
    )
    assert "&_v" not in html
    assert source(html) == {
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
    assert source(html)["src"] == f"https://cdn.example.com{link}"
    filled = source(html.replace(written, "Zo%C3%AB"))["src"]
    assert filled == f"https://cdn.example.com{link.signed_prefix}&a=Zo%C3%AB"


def test_a_merge_tag_with_both_quotes_cannot_end_the_attribute() -> None:
    link = MergeLink(sign_link({}, open=("a",)), (("a", "{{ 'x' \"y\" }}"),))
    html = image_tag("https://cdn.example.com", link, alt="", width=1, height=1)
    assert source(html)["src"] == f"https://cdn.example.com{link}"
