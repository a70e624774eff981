"""Parsing links: syntax, limits and open fields."""

import pytest

from postcard.errors import BadRequest
from postcard.identifiers import TRACKING_PARAMETERS
from postcard.links.parse import parse_link
from tests.links.link_cases import VECTORS, outcome, sign_link, split

FAR = 1_900_000_000


def test_a_parsed_link_has_all_parameters() -> None:
    link = parse_link(
        *split(
            sign_link(
                {"name": "Zoë", "title.color": "#ff0044"},
                template="sale",
                format="jpg",
                version=12,
                width=600,
                dpr=1.5,
                quality=70,
                expires=FAR,
                campaign="spring-26",
            )
        )
    )
    assert (link.template, link.format) == ("sale", "jpg")
    assert link.path == "/c/spring-26/sale.jpg"
    assert link.fields == {"name": "Zoë", "title.color": "#ff0044"}
    assert (link.version, link.width, link.dpr, link.quality) == (12, 600, 1.5, 70)
    assert (link.expires, link.campaign, link.open_fields, link.kid) == (FAR, "spring-26", (), "k1")


def test_parameters_that_are_left_out_are_none_and_dpr_is_1() -> None:
    link = parse_link(*split(sign_link({}, version=None)))
    assert (link.version, link.width, link.dpr, link.quality) == (None, None, 1, None)
    assert (link.expires, link.campaign, dict(link.fields)) == (None, None, {})


@pytest.mark.parametrize(
    "path",
    [
        "/r/",
        "/r/a",
        "/r/.png",
        "/r/a.PNG",
        "/r/a.jpeg",
        "/r/A.png",
        "/r/_a.png",
        "/r/a/b.png",
        "/r/%61.png",
        "/r/" + "a" * 65 + ".png",
        "/r/a.png/",
        "/r/a.png\n",
        "/x/a.png",
        "",
        "/r/é.png",
    ],
)
def test_a_path_of_another_form_is_a_400(path: str) -> None:
    with pytest.raises(BadRequest):
        parse_link(path, split(sign_link({}))[1])


def test_a_malformed_link_is_a_400_even_if_its_signature_is_wrong() -> None:
    assert outcome("/r/welcome.png?a=1&_kid=nobody&_v=0").status == 400
    assert outcome("/r/welcome.png?a=1&_kid=nobody&_v=1").status == 403


def test_an_open_list_without_a_signature_behind_it_is_a_400() -> None:
    assert outcome("/r/welcome.png?_kid=k1&_open=a&a=1").status == 400


def test_a_link_has_at_most_32_parameters() -> None:
    link = sign_link({f"f{i}": "x" for i in range(28)}, version=None)
    assert outcome(f"{link}&utm_a=1&utm_b=2").status == 200
    assert outcome(f"{link}&utm_a=1&utm_b=2&utm_c=3").status == 400


def test_a_query_has_at_most_3000_bytes() -> None:
    link = sign_link({"a": "x"})
    filler = f"&utm_x={'y' * (3000 - len(split(link)[1]) - 7)}"
    assert outcome(link + filler).status == 200
    assert outcome(link + filler + "y").status == 400
    assert outcome(link + filler[:-1] + "é").status == 400


def test_lone_surrogates_are_a_400() -> None:
    assert outcome(sign_link({"a": "x"}) + "&utm_x=\ud800").status == 400
    assert outcome(VECTORS["merge"]["head"] + "&first_name=\udce9").status == 400


@pytest.mark.parametrize(
    ("inserted", "first", "last"),
    [
        ("&last_name=B&first_name=A", "A", "B"),
        ("&junk&first_name=A", "A", None),
        ("&first_name", None, None),
        ("&first_name=A&&", "A", None),
        ("&first_name=A&amp;", "A", None),
        ("&amp;amp;first_name=A&amp;last_name=B", "A", "B"),
        ("&first_name=A&B&utm_x=1&C", "A&B&C", None),
        ("&first_name=A&_ga&last_name=", "A", None),
        ("&first_name=A&first_name.color=red", "A&first_name.color=red", None),
        ("&first_name=A&last_name.color=red", "A&last_name.color=red", None),
        ("&first_name=%C3%AB%EB", "ë%EB", None),
        ("&first_name=ë%EB", "ë%EB", None),
        ("&first_name=%ZZ%4", "%ZZ%4", None),
        ("&first_name=%%A%%&last_name=%%B%", "%%A%%", "%%B%"),
        (f"&first_name=%{'A' * 64}%", f"%{'A' * 64}%", None),
        (f"&first_name=%AA{'A' * 63}%", f"ª{'A' * 63}%", None),
        ("&first_name=%_A%", "%_A%", None),
        ("&first_name=+", " ", None),
    ],
)
def test_open_fields_are_parsed_as_the_contract_says(
    inserted: str, first: str | None, last: str | None
) -> None:
    link = VECTORS["merge"]["head"] + inserted
    read = parse_link(*split(link))
    assert (read.fields.get("first_name"), read.fields.get("last_name")) == (first, last)
    assert outcome(link).status == 200
    assert outcome(read.canonical_url) == outcome(link)


def test_an_open_field_may_come_before_the_signature() -> None:
    head = VECTORS["merge"]["head"]
    before = head.replace("&_sig=", "&first_name=Alex&_sig=")
    assert outcome(before) == outcome(f"{head}&first_name=Alex")
    assert parse_link(*split(f"{before}&first_name=B")).fields["first_name"] == "Alex"
    assert outcome(head.replace("&_sig=", "&first_name=%ff&_sig=")).status == 400


def test_an_open_fields_value_is_unsigned_and_its_properties_are_signed() -> None:
    link = parse_link(*split(sign_link({"a.color": "red", "b": "1"}, open=("a",)) + "&a=x"))
    assert link.signed_parameters == ["_kid=k1", "_open=a", "_v=1", "a.color=red", "b=1"]


@pytest.mark.parametrize("name", ["utm_x", "utm_", *sorted(TRACKING_PARAMETERS)])
@pytest.mark.parametrize("value", ["%", "50%", "%zz", "%4", "%ff", "%%%", "a%2"])
def test_a_dropped_parameter_may_hold_any_escape(name: str, value: str) -> None:
    link = sign_link({"a": "x"})
    right = outcome(link)
    assert outcome(f"{link}&{name}={value}") == right
    assert outcome(link.replace("?", f"?{name}={value}&")) == right


@pytest.mark.parametrize("part", ["utm_%=1", "utm_%zz", "%75tm_x=%", "utm%5Fx=50%", "f%62clid=%f"])
def test_the_name_of_a_dropped_parameter_counts_as_sent_or_decoded(part: str) -> None:
    link = sign_link({"a": "x"})
    assert outcome(f"{link}&{part}") == outcome(link)


@pytest.mark.parametrize("part", ["b=%", "b=50%", "%=1", "utm%=1", "utm=%", "Utm_x=%", "%ztm_x=1"])
def test_a_raw_percent_sign_elsewhere_is_a_400_before_the_signature(part: str) -> None:
    link = sign_link({"a": "x"})
    assert outcome(link.replace("?", f"?{part}&")).status == 400
    assert outcome(f"{link}&{part}") == outcome(link)
